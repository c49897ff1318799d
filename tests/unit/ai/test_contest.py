"""Challenger against champion: verdicts by the interval, on rows that taught neither."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.ai.comparison import diebold_mariano
from bot_core.ai.contest import Contestant, contest, interval, judged
from bot_core.config.schedule import Proposal
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset

if TYPE_CHECKING:
    from bot_core.documents.contest import ContestReport

RULES = Proposal(margin=0.02, confidence=0.95, least_rows=50)
ROWS = 600
START = np.datetime64("2024-01-01T00:00:00", "us")
VERSION = "20240101T000000Z-0123abcd"
DIGEST = f"sha256:{'0' * 64}"


def dataset(seed: int = 7, rows: int = ROWS) -> FeatureDataset:
    random = np.random.default_rng(seed)
    times = START + np.arange(rows) * np.timedelta64(1, "h")
    targets = random.normal(size=rows)
    values = (targets + random.normal(size=rows)).reshape(-1, 1)
    return FeatureDataset(("x",), times, times + np.timedelta64(1, "h"), targets, values)


def contestant(rows: FeatureDataset, weight: float, unseen: int = 300, judged_to: int = 400, name: str = DIGEST) -> Contestant:
    return Contestant(name, lambda values: values[:, 0] * weight, rows, rows.times[unseen], rows.times[judged_to])


def held(champion: float, challenger: float, rules: Proposal = RULES, unseen: int = 300) -> ContestReport:
    rows = dataset()
    return contest("m", contestant(rows, champion, name=VERSION), contestant(rows, challenger, unseen), "squared", rules)


@pytest.mark.parametrize(
    ("champion", "challenger", "verdict"),
    [(0.0, 0.5, "better"), (0.5, 0.0, "worse"), (0.5, 0.5, "not_worse"), (0.5, 0.502, "not_worse"), (0.42, 0.58, "unproven")],
)
def test_the_verdict_follows_the_interval(champion: float, challenger: float, verdict: str) -> None:
    found = held(champion, challenger)
    assert found.verdict == verdict
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.difference <= found.high
    assert found.difference == pytest.approx(found.champion_loss - found.challenger_loss)


def test_only_what_was_required_is_proposable() -> None:
    same = held(0.5, 0.5)
    assert same.proposable
    assert not msgspec.structs.replace(same, require="better").proposable
    assert held(0.0, 0.5, msgspec.structs.replace(RULES, require="better")).proposable
    assert not held(0.5, 0.0).proposable


def test_rows_that_taught_either_do_not_count() -> None:
    early, late = held(0.0, 0.5, unseen=100), held(0.0, 0.5, unseen=450)
    assert (early.rows, late.rows) == (300, 150)
    assert late.windows[0].first == "2024-01-19T18:00:00Z"
    assert sum(window.rows for window in late.windows) == 150


def test_what_neither_may_see_changes_nothing() -> None:
    rows = dataset()
    spoiled = replace(rows, targets=rows.targets.copy(), values=rows.values.copy())
    spoiled.targets[:300] = 99.0
    spoiled.values[:300] = -99.0
    reports = [contest("m", contestant(r, 0.3, name=VERSION), contestant(r, 0.5), "absolute", RULES) for r in (rows, spoiled)]
    assert reports[0] == reports[1]


def test_too_few_rows_prove_nothing() -> None:
    found = held(0.0, 0.5, msgspec.structs.replace(RULES, least_rows=301))
    assert (found.verdict, found.low, found.high) == ("unproven", None, None)
    assert found.reason == "300 rows that taught neither, of 301 that are needed"


def test_too_few_of_them_are_new() -> None:
    assert held(0.0, 0.5, msgspec.structs.replace(RULES, share_new=0.66)).verdict == "better"
    found = held(0.0, 0.5, msgspec.structs.replace(RULES, share_new=0.67))
    assert (found.verdict, found.reason) == ("unproven", "66.3% of the rows are newer than the champion's, of 67.0%")


def test_no_common_row_is_unproven() -> None:
    old, new = dataset(rows=400), dataset(rows=400)
    later = replace(new, times=new.times + np.timedelta64(365, "D"), label_ends=new.label_ends + np.timedelta64(365, "D"))
    found = contest("m", contestant(old, 0.5, 300, 399, name=VERSION), contestant(later, 0.5, 300, 399), "absolute", RULES)
    assert (found.verdict, found.rows, found.windows) == ("unproven", 0, [])


def test_models_that_see_other_rows_are_compared_where_both_see() -> None:
    rows = dataset()
    some = rows.rows(np.flatnonzero(np.arange(ROWS) % 3 != 0))
    one = Contestant(VERSION, lambda values: values[:, 0] * 0.3, some, rows.times[300], rows.times[400])
    found = contest("m", one, contestant(rows, 0.5), "absolute", RULES)
    assert found.rows == 200


def test_another_target_is_another_question() -> None:
    rows = dataset()
    other = replace(rows, targets=rows.targets * 2)
    with pytest.raises(DatasetError, match="expected one target for both models"):
        contest("m", contestant(other, 0.3, name=VERSION), contestant(rows, 0.5), "absolute", RULES)


@pytest.mark.parametrize(
    ("span", "verdict"),
    [
        ((1e-9, 0.1), "better"),
        ((0.0, 0.1), "not_worse"),
        ((-0.02, 0.1), "not_worse"),
        ((-0.020001, 0.1), "unproven"),
        ((-0.01, -1e-9), "worse"),
        ((-0.01, 0.0), "not_worse"),
    ],
)
def test_each_limit_of_a_verdict(span: tuple[float, float], verdict: str) -> None:
    assert judged(span, 1.0, RULES)[0] == verdict


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.floats(0.5, 0.999))
def test_the_interval_and_the_test_of_the_walk_forward_agree(seed: int, overlap: int, confidence: float) -> None:
    gain = np.random.default_rng(seed).normal(0.1, 1.0, 120)
    low, high = interval(gain, overlap, confidence)
    _, p_value = diebold_mariano(gain, overlap)
    assert low < float(gain.mean()) < high
    assert (low > 0) == (p_value < (1 - confidence) / 2)


def test_the_interval_covers_what_it_promises() -> None:
    random = np.random.default_rng(3)
    spans = [interval(random.normal(0.2, 1.0, 200), 1, 0.9) for _ in range(400)]
    covered = np.mean([low <= 0.2 <= high for low, high in spans])
    assert 0.83 <= covered <= 0.94
