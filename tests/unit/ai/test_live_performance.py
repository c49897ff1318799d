"""Labels bar by bar against those of training, rows against the walk-forward's own, and what is not seen ahead."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from bot_core.ai import baselines
from bot_core.ai.degradation import Losses
from bot_core.ai.live_performance import RECENT, Labels, LivePerformance, Row
from bot_core.config.models import Direction, ForwardReturn, LabelColumn, NextRange, TripleBarrier
from bot_core.documents.degradation import Expected
from bot_core.errors import ConfigError
from bot_core.features.targets import compute_target
from tests.compact import DIGEST
from tests.machine import bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.features.indicators.indicator import Bar
    from bot_core.features.targets import BarTarget

TARGETS = (
    ForwardReturn(horizon=1),
    ForwardReturn(horizon=4),
    Direction(horizon=5),
    NextRange(horizon=1),
    NextRange(horizon=3),
    TripleBarrier(horizon=10, volatility_window=20),
    TripleBarrier(horizon=3, volatility_window=5, upper=0.5, lower=2.0),
)
BARS = bars()[:1500]


def expected(baseline: str = "last_value", loss: str = "absolute") -> Expected:
    return Expected(report=DIGEST, loss=loss, unit="bps", baseline=baseline, ratio=0.8, worst_window=0.9, windows=12)  # type: ignore[arg-type]


def live(baseline: str = "last_value", target: BarTarget = NextRange()) -> LivePerformance:  # noqa: B008  # frozen
    """Let a model predict what its only feature says."""
    return LivePerformance(target, "regression", expected(baseline), predict=lambda row: row[0], names=["said"])


def rows(given: Sequence[Bar], performance: LivePerformance) -> list[Row]:
    """Decide on every bar: predict the bar's own range."""
    found = []
    for bar in given:
        found += performance.bar(bar)
        performance.decided(bar.time, {"said": math.log(bar.high / bar.low) * 1e4})
    return found


def frame(given: Sequence[Bar]) -> pd.DataFrame:
    return pd.DataFrame([bar._asdict() for bar in given])


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_labels_are_those_of_training_in_the_order_in_which_they_become_known(target: BarTarget) -> None:
    labels, whole = Labels(target), compute_target(frame(BARS), target)
    known = [(position, one) for position, bar in enumerate(BARS) for one in labels.take(bar)]
    places = {bar.time: position for position, bar in enumerate(BARS)}
    assert [places[one.time] for _, one in known] == sorted(np.flatnonzero(whole.ends >= 0), key=lambda row: (whole.ends[row], row))
    for position, one in known:
        assert whole.ends[places[one.time]] == position
        assert one.label == pytest.approx(whole.labels[places[one.time]], rel=1e-12)


def test_a_label_that_is_no_matter_of_bars_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected one that is made of bars, got a late flight"):
        Labels(LabelColumn(task="classification", unit="probability", description="a late flight"))


def test_a_row_counts_once_its_label_is_known_beside_what_was_known_at_its_own_bar() -> None:
    found = rows(BARS[:5], live())
    ranges = [math.log(bar.high / bar.low) * 1e4 for bar in BARS[:5]]
    # the first bar's decision knew no label, so the second bar's is the first that counts: it knew the range of its own bar
    assert found == [Row(BARS[i].time, Losses(abs(ranges[i + 1] - ranges[i]), abs(ranges[i + 1] - ranges[i]))) for i in (1, 2, 3)]


def test_naive_predictions_are_those_of_the_walk_forward() -> None:
    class Rows:
        """The columns that `known_labels` reads."""

        whole = compute_target(frame(BARS), ForwardReturn(horizon=4))
        labelled = np.flatnonzero(whole.ends >= 0)
        times, targets, label_ends = labelled, whole.labels[labelled], whole.ends[labelled]

    known = baselines.known_labels(Rows())  # type: ignore[arg-type]  # its columns are all that is read
    for name, column in (("last_value", known.last), ("mean_20", known.recent_mean)):
        performance = live(name, ForwardReturn(horizon=4))
        found = [row for bar in BARS for row in (*performance.bar(bar), performance.decided(bar.time, {"said": 0.0}))]
        real = [row for row in found if isinstance(row, Row)]
        wanted = np.abs(Rows.targets - column)[~np.isnan(column)]
        assert [row.losses.baseline for row in real] == pytest.approx(wanted.tolist(), rel=1e-9)
        assert [row.losses.model for row in real] == pytest.approx(np.abs(Rows.targets)[~np.isnan(column)].tolist())


def test_the_mean_is_as_long_as_the_walk_forward_s() -> None:
    assert RECENT == baselines.RECENT


@pytest.mark.parametrize("seed", range(3))
def test_bars_that_are_still_to_come_change_nothing_before(seed: int) -> None:
    later = [*BARS[700:]]
    random.Random(seed).shuffle(later)  # noqa: S311  # another world
    other = [bar._replace(time=mine.time) for bar, mine in zip(later, BARS[700:], strict=True)]
    first, second = rows(BARS, live("mean_20")), rows([*BARS[:700], *other], live("mean_20"))
    known = [row for row in first if row.time < BARS[699].time]
    assert second[: len(known)] == known
    assert second != first


@pytest.mark.parametrize(
    ("features", "why"),
    [({}, "a feature is missing"), ({"said": None}, "the prediction is no number"), ({"other": 1.0}, "of another model")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_predicted_does_not_count(features: dict[str, float | None], why: str) -> None:
    performance = live("zero")
    performance.bar(BARS[0])
    assert not performance.decided(BARS[0].time, features), why
    assert performance.bar(BARS[1]) == []


def test_a_decision_on_another_bar_than_the_newest_does_not_count() -> None:
    performance = live("zero")
    performance.bar(BARS[0])
    performance.bar(BARS[1])
    assert not performance.decided(BARS[0].time, {"said": 1.0})
    assert performance.decided(BARS[1].time, {"said": 1.0})


def test_of_probabilities_the_neutral_prediction_is_a_half() -> None:
    direction = LivePerformance(
        Direction(horizon=1), "classification", expected("zero", "squared"), predict=lambda row: row[0], names=["said"]
    )
    direction.bar(BARS[0])
    assert direction.decided(BARS[0].time, {"said": 0.8})
    (row,) = direction.bar(BARS[1])
    assert row.losses.baseline == 0.25
    assert row.losses.model == pytest.approx(0.04 if BARS[1].close > BARS[0].close else 0.64)
