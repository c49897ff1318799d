"""The bounds, and the test that may be read at any time: its figures, its false alarms, how soon it sees a drop."""

from __future__ import annotations

import math
import random
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy.integrate import quad

from bot_core._parse import decode_json
from bot_core.ai.comparison import losses
from bot_core.ai.degradation import CAP, SCALE, SequentialTest, block_value, bound, expectation, log_bet, loss_of
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import ReleaseError
from tests.compact import DIGEST, built


@cache
def report() -> WalkForwardReport:
    """Return a real report, of a compact model."""
    return decode_json(built("decision_engine", 7).reports["walk_forward"], WalkForwardReport, "report")


# --- what is expected ---------------------------------------------------------------------------------------------------------------


def test_what_is_expected_are_the_report_s_own_figures() -> None:
    found = expectation(replace(report(), comparison=replace(report().comparison, baseline="last_value")), DIGEST)
    assert (found.baseline, found.loss, found.windows, found.report) == ("last_value", "absolute", 12, DIGEST)
    assert found.ratio == report().pooled.mae / report().baselines["last_value"].mae
    assert found.worst_window == max(one.model.mae / one.baselines["last_value"].mae for one in report().windows)


def test_a_squared_loss_is_the_square_of_what_the_report_has_the_root_of() -> None:
    squared = replace(report(), comparison=replace(report().comparison, loss="squared", baseline="zero"))
    assert expectation(squared, DIGEST).ratio == pytest.approx((report().pooled.rmse / report().baselines["zero"].rmse) ** 2)


def test_where_the_named_baseline_cannot_be_made_live_it_is_the_best_of_those_that_can() -> None:
    named = replace(report(), comparison=replace(report().comparison, baseline="training_mean"))
    best = min(("zero", "last_value", "mean_20"), key=lambda name: report().baselines[name].mae)
    assert expectation(named, DIGEST).baseline == best
    left = {name: scores for name, scores in report().baselines.items() if name in {"training_mean", "mean_20"}}
    assert expectation(replace(named, baselines=left), DIGEST).baseline == "mean_20"


def test_a_report_without_such_a_baseline_is_refused() -> None:
    left = {"training_mean": report().baselines["training_mean"]}
    with pytest.raises(
        ReleaseError, match="expected a naive prediction among zero, last_value, mean_20 that errs, got training_mean"
    ):
        expectation(replace(report(), baselines=left), DIGEST)


def test_a_bound_begins_above_what_is_expected_but_never_below_the_worst_window() -> None:
    found = replace(expectation(report(), DIGEST), ratio=0.8, worst_window=0.9)
    assert bound(found, 0.25) == pytest.approx(1.0)
    assert bound(found, 0.1) == 0.9


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=20),
    st.sampled_from(["absolute", "squared"]),
)
def test_a_loss_is_that_of_the_validation(rows: list[tuple[float, float]], kind: str) -> None:
    targets, predictions = (np.array(column) for column in zip(*rows, strict=True))
    assert [loss_of(*row, kind) for row in rows] == losses(targets, predictions, kind).tolist()  # type: ignore[arg-type]


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e9), st.floats(0.01, 10.0))
def test_a_block_says_at_most_that_it_was_e_times_worse_and_more_loss_never_says_less(
    model: float, baseline: float, limit: float
) -> None:
    found = block_value(model, baseline, limit)
    assert -CAP <= found <= CAP
    assert block_value(model * 1.1, baseline, limit) >= found
    assert block_value(model, baseline, limit * 1.1) <= found


# --- the test -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [(), (0.1,), (0.3, 0.2, -0.1), (-0.4,) * 9, (0.7,) * 30, (-1.0,) * 200])
def test_a_bet_is_the_mixture_integrated(values: tuple[float, ...]) -> None:
    total, squares = math.fsum(values), math.fsum(value * value for value in values)

    def mixed(size: float) -> float:
        density = 2.0 / (SCALE * math.sqrt(2.0 * math.pi)) * math.exp(-size * size / (2.0 * SCALE * SCALE))
        return density * math.exp(size * total - size * size * squares / 2.0)

    area, _ = quad(mixed, 0.0, 12.0 * SCALE, points=[0.01, 0.1, 0.5, 1.0, 2.0], limit=500)
    assert log_bet(total, squares) == pytest.approx(math.log(area), abs=0.02 if total < -8 else 1e-6)


def test_robbins_boundary_is_crossed_where_the_book_has_it() -> None:
    """S = sqrt((V + r) ln((V + r) / (r a²))) is the two-sided normal mixture's boundary, r = 1 / SCALE²; one-sided it is at a = 2 alpha."""
    r, alpha = 1.0 / SCALE**2, 0.005
    for squares in (0.5, 1.0, 4.0):
        total = math.sqrt((squares + r) * math.log((squares + r) / (r * (2.0 * alpha) ** 2)))
        assert log_bet(total, squares) == pytest.approx(math.log(1.0 / alpha), abs=2e-3)


@given(st.floats(-3.0, 0.0), st.floats(0.0, 5.0), st.floats(0.0, 20.0))
def test_no_bet_wins_on_blocks_that_are_as_likely_this_much_above_as_below_what_is_no_worse(
    centre: float, noise: float, size: float
) -> None:
    worth = [math.exp(size * value - size * size * value * value / 2.0) for value in (centre + noise, centre - noise)]
    assert math.fsum(worth) / 2.0 <= 1.0 + 1e-12


NOISES = {
    "normal": lambda source: source.gauss(0.0, 0.15),
    "heavy tails": lambda source: 0.1 * source.gauss(0.0, 1.0) / max(abs(source.gauss(0.0, 1.0)), 0.05),
    "two values": lambda source: source.choice((-0.2, 0.2)),
    "wild and calm weeks": lambda source: source.gauss(0.0, source.choice((0.02, 0.4))),
}


@pytest.mark.parametrize("noise", NOISES)
def test_over_whole_periods_at_the_bound_itself_hardly_any_alarm_is_false(noise: str) -> None:
    """40 periods of 250 blocks, a look after each block; at a rate of 0.05 two alarms are to be expected at most, on average."""
    source, false = random.Random(3), 0  # noqa: S311  # a simulation
    for _ in range(40):
        test = SequentialTest(period=250, false_alarm_rate=0.05)
        for _ in range(250):
            test.update(max(-CAP, min(CAP, NOISES[noise](source))))
        false += test.alarmed
    assert false <= 2


@pytest.mark.parametrize(("drop", "within"), [(0.2, 60), (0.4, 35)])
def test_a_drop_after_a_good_year_is_seen_within_weeks(drop: float, within: int) -> None:
    """200 blocks a tenth below the bound, then so much above it; the noise is that of real blocks, 0.16."""
    source = random.Random(5)  # noqa: S311  # a simulation
    for _ in range(10):
        test = SequentialTest(period=250, false_alarm_rate=0.01)
        assert min(test.update(source.gauss(-0.1, 0.16)) for _ in range(200)) > 0.01
        for _ in range(within):
            test.update(source.gauss(drop, 0.16))
        assert test.alarmed


@given(st.lists(st.floats(-1.0, 1.0), max_size=60))
def test_what_was_said_stays_said_and_the_figure_is_a_chance(values: list[float]) -> None:
    test = SequentialTest(period=50, false_alarm_rate=0.05)
    seen = [test.update(value) for value in values]
    assert all(0.0 <= value <= 1.0 for value in seen)
    assert seen == sorted(seen, reverse=True)
    assert test.alarmed == (test.p_value <= 0.05)
