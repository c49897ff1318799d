from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot_core.errors import ConfigError, LeakError
from bot_core.metalabel.leak_check import choose_features, refuse_leaks
from tests.unit.metalabel.tables import events, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray


def noise(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Draw what says nothing, the same in whatever order tests run."""
    return np.random.default_rng(5).normal(size=len(frame))


def test_an_honest_table_passes(tmp_path: Path) -> None:
    found = table(tmp_path, events(480, signal=0.3))
    assert choose_features(found, None, []) == ["side", "a", "b", "c"]
    refuse_leaks(found, choose_features(found, None, ["c"]), 0.7)


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("x", lambda f: f["payoff"] + noise(f), "a correlation of 0.... with the label"),
        ("x", lambda f: np.exp(f["payoff"]), "a correlation of 0.... with the"),
        ("x", lambda f: f["payoff"] * f["side"], "a correlation of 1.000 with the payoff times the side"),
        ("x", lambda f: -f["meta_label"], "a correlation of 1.000 with the label"),
        ("x", lambda f: (f["event_end"] - f["time"]).dt.total_seconds(), "a correlation of 1.000 with the length of the label"),
        ("x", lambda f: f["time"].astype("int64"), "a correlation of 1.000 with the events' times"),
        ("x", lambda f: f["event_end"].astype("int64"), "a correlation of 1.000 with the"),
        ("x", lambda f: f["meta_label"] + 1.15 * noise(f), "an area under the ROC curve of 0.7.. by itself"),
        ("realised_return", noise, "the word realised in its name"),
        ("return_after_4", noise, "the word after in its name"),
        ("fwd_ret", noise, "the word fwd in its name"),
        ("Next.Close", noise, "the word next in its name"),
        ("label_end", noise, "the word end in its name"),
        ("exit_price", noise, "the word exit in its name"),
        ("t1", noise, "the name of a time"),
        ("close_time", noise, "the name of a time"),
    ],
)
def test_what_gives_the_label_away_is_refused_by_name(
    tmp_path: Path, name: str, values: Callable[[pd.DataFrame], pd.Series[float]], reason: str
) -> None:
    frame = events(480, signal=0.3)
    frame[name] = values(frame)
    found = table(tmp_path, frame)
    with pytest.raises(
        LeakError, match=f"events.parquet: {name}: expected a feature known at the event's time, got {reason}"
    ) as refused:
        refuse_leaks(found, choose_features(found, None, []), 0.7)
    assert refused.value.exit_code == 20
    assert f"--drop-cols {name}" in refused.value.hint
    refuse_leaks(found, choose_features(found, None, [name]), 0.7)


@pytest.mark.parametrize("name", ["meta_label", "event_end", "time", "payoff"])
def test_the_table_s_own_columns_are_refused_when_they_are_asked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(LeakError, match=f"{name}: expected a feature .*, got a column of the table's own"):
        choose_features(table(tmp_path, events(60)), ["a", name], [])


def test_of_few_events_chance_alone_is_no_leak(tmp_path: Path) -> None:
    frame = events(40, signal=0.0)
    order = np.argsort(frame["meta_label"].to_numpy() + np.random.default_rng(2).normal(size=40) * 1.4)
    frame["x"] = np.empty(40)
    frame.loc[order, "x"] = np.random.default_rng(3).permutation(40).astype(float) * 0.01 + np.arange(40) * 0.004
    refuse_leaks(table(tmp_path, frame), ["b", "c"], 0.51)


def test_a_column_that_never_varies_says_nothing(tmp_path: Path) -> None:
    frame = events(60)
    frame["x"] = 1.0
    refuse_leaks(table(tmp_path, frame), ["x"], 0.7)


@pytest.mark.parametrize(
    ("asked", "dropped", "sentence"),
    [
        (["z"], [], "z: expected one of the columns of numbers side, a, b, c; got z"),
        (None, ["z"], "got z"),
        (["a", "a"], [], "expected features, each once, got a, a"),
        (["a"], ["a"], "expected features, each once, got none"),
    ],
)
def test_features_that_are_none_are_refused(tmp_path: Path, asked: list[str] | None, dropped: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        choose_features(table(tmp_path, events(60)), asked, dropped)
