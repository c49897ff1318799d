"""The alerting itself, tried on history: a change planted at a known place of real features must be found in time, and calm left calm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot_core.ai.drift import assess_drift
from bot_core.ai.drift_backtest import Plan, backtest
from bot_core.config.models import DriftConfig
from bot_core.features.dataset import FeatureDataset

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

TRAINED, CHANGED = 3600, 400  # rows of the reference; rows after it where a change is planted
NAMES = ("return", "range", "volatility_24", "volatility_100", "distance_24", "distance_100")


@pytest.fixture(scope="module")
def eurusd() -> FeatureDataset:
    """Return six features of real hourly bars: fast ones, and averages over a day and over a hundred hours."""
    bars = np.genfromtxt("data/eurusd_1h.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    close = bars["close"]
    moves = np.diff(np.log(close), prepend=np.log(close[0]))
    columns = [moves[99:], np.log(bars["high"] / bars["low"])[99:]]
    columns += [np.sqrt(mean(moves * moves, span)) for span in (24, 100)]
    columns += [close[99:] / mean(close, span) - 1.0 for span in (24, 100)]
    times = np.char.rstrip(bars["time"], "Z").astype("datetime64[us]")[99:]
    unknown = np.full(len(times), np.nan)
    return FeatureDataset(NAMES, times, np.full(len(times), np.datetime64("NaT", "us")), unknown, np.column_stack(columns))


def mean(series: Floats, span: int) -> Floats:
    """Return the means of `span` rows that end at row 99 and later."""
    means: Floats = np.lib.stride_tricks.sliding_window_view(series, span).mean(axis=1)[100 - span :]
    return means


def planted(rows: FeatureDataset, feature: str, *, shift: float = 0.0, scale: float = 1.0) -> FeatureDataset:
    """Return `rows` with one feature changed from a known row on; the shift in standard deviations of the reference."""
    values, i = rows.values.copy(), NAMES.index(feature)
    values[TRAINED + CHANGED :, i] = scale * values[TRAINED + CHANGED :, i] + shift * values[:TRAINED, i].std()
    return replace(rows, values=values)


def alarms(rows: FeatureDataset, last_rows: range) -> list[list[str]]:
    """Return the features called drifted in windows of 250 rows, by the windows' last rows after the reference."""
    config, reference = DriftConfig(replicates=200), rows.rows(slice(0, TRAINED))
    ends = [TRAINED + last for last in last_rows]
    reports = [assess_drift(reference, rows.rows(slice(end - config.window, end)), config, model="m") for end in ends]
    return [[f.feature for f in report.features if f.drifted] for report in reports]


@pytest.mark.parametrize(
    ("feature", "change", "delay"),
    [
        ("return", {"shift": 1.0}, 100),
        ("return", {"scale": 2.0}, 150),
        ("range", {"shift": 1.0}, 200),
        ("volatility_24", {"shift": 1.0}, 300),
        ("distance_24", {"shift": 1.0}, 250),
        ("distance_100", {"shift": 2.0}, 300),
    ],
)
def test_a_change_planted_in_real_features_is_found_within_a_stated_delay(
    eurusd: FeatureDataset, feature: str, change: dict[str, float], delay: int
) -> None:
    last_rows = range(CHANGED, CHANGED + delay + 1, 50)
    found = [feature in names for names in alarms(planted(eurusd, feature, **change), last_rows)]
    assert not found[0], "the window before the change"
    assert any(found)


def test_windows_of_real_bars_after_training_raise_few_alarms(eurusd: FeatureDataset) -> None:
    found = alarms(eurusd, range(250, len(eurusd) - TRAINED + 1, 250))
    assert len(found) == 10
    assert sum(bool(names) for names in found) <= 2


def with_the_hour(rows: FeatureDataset) -> FeatureDataset:
    """Add the hour of the day as a point on a circle."""
    angle = 2.0 * np.pi * (rows.times.astype("datetime64[h]").astype(np.int64) % 24) / 24.0
    values = np.column_stack([rows.values, np.sin(angle), np.cos(angle)])
    return replace(rows, feature_names=(*NAMES, "hour_sin", "hour_cos"), values=values)


def test_the_hour_drifts_in_the_training_rows_themselves_while_it_is_watched(eurusd: FeatureDataset) -> None:
    learned_from, later = (with_the_hour(eurusd).rows(part) for part in (slice(0, 4250), slice(4250, None)))
    plan = Plan(shifts=(), places=1, shuffles=1)
    watching, watched = (
        next(history for history in backtest(learned_from, later, config, plan).histories if history.history == "training")
        for config in (DriftConfig(replicates=200, not_watched=[]), DriftConfig(replicates=200))
    )
    assert watching.warning + watching.critical > watching.windows / 4
    assert watched.warning + watched.critical <= watched.windows / 10, "declared: one in ten"
    assert {"hour_sin", "hour_cos"} & watching.named.keys()
    assert not {"hour_sin", "hour_cos"} & watched.named.keys()
