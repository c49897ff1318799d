from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from bot_core._parse import convert, decode_json, encode_json
from bot_core.documents.tracking import Delivery, Told, TrackedRun, finite, run_id
from bot_core.errors import DocumentError
from tests.tracked import tracked


def test_a_run_is_read_as_it_was_written() -> None:
    run = tracked()
    assert decode_json(encode_json(run), TrackedRun, "run") == run


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"ended": "2026-11-20T08:29:59Z"},
            "run: ended: expected a time from 2026-11-20T08:30:00+00:00 on, got 2026-11-20T08:29:59+00:00",
        ),
        ({"metrics": {"a:b": 1.0}}, "run: "),
        ({"id": "x"}, "run: id: "),
        ({"origin": {"commit": None}}, "run: origin.clean: expected a value, got nothing"),
        ({"surprise": 1}, "run: surprise: expected"),
    ],
)
def test_what_no_tracker_could_hold_is_not_a_run(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        convert({**to_builtins(tracked()), **change}, TrackedRun, "run")
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_is_finite(figure: float) -> None:
    with pytest.raises(ValueError, match="metrics: mae: expected a finite number"):
        replace(tracked(), metrics={"mae": figure})
    assert finite({"mae": figure, "auc": None, "rows": 3, "well": True}) == {"rows": 3.0, "well": 1.0}


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), min_size=1),
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), min_size=1),
)
def test_two_runs_have_one_name_only_if_they_are_one(one: list[str], other: list[str]) -> None:
    assert (run_id(*one) == run_id(*other)) == (one == other)


@pytest.mark.parametrize(("state", "waits"), [("delivered", False), ("already", False), ("spooled", True), ("refused", True)])
def test_a_delivery_waits_while_a_tracker_does_not_have_the_run(state: str, waits: bool) -> None:  # noqa: FBT001  # a parameter
    told = convert({"run": "0" * 32, "tracker": "mlflow", "state": state}, Told, "told")
    assert Delivery(run="0" * 32, path="var/x.json", new=True, told=[told]).waits is waits


def test_times_have_a_zone() -> None:
    plain = {**to_builtins(tracked()), "started": dt.datetime(2026, 1, 1).isoformat()}  # noqa: DTZ001  # the point
    with pytest.raises(DocumentError, match="run: started: "):
        convert(plain, TrackedRun, "run")
