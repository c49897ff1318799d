"""The replay itself: what drifts by construction must be seen, what cannot must not, and no alarm is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core._parse import decode_json, encode_json
from bot_core.ai.drift import assess_drift, prepare_alarm
from bot_core.ai.drift_backtest import Plan, backtest, deal, delay_within, divide, long_enough
from bot_core.ai.drift_shifts import Shift, shifts
from bot_core.config.models import DriftConfig
from bot_core.documents.artifact import SplitWindow
from bot_core.documents.drift import DriftBacktest
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot_core.documents.drift import Planted
    from bot_core.features.dataset import FeatureDataset

    Dataset = Callable[..., FeatureDataset]

CONFIG = DriftConfig(window=100, replicates=200)
PLAN = Plan(shifts=shifts((1.0, 3.0)), places=4)


def halves(rows: FeatureDataset) -> tuple[FeatureDataset, FeatureDataset]:
    """Divide after row 800."""
    return rows.rows(slice(0, 800)), rows.rows(slice(800, None))


def alone(found: DriftBacktest) -> dict[tuple[str, float | None], Planted]:
    """Return the trials in one feature, by shift."""
    return {(part.shift, part.size): part for part in found.shifts if part.features == "one"}


@pytest.fixture(scope="module")
def calm(dataset: Dataset) -> DriftBacktest:
    return backtest(*halves(dataset(1500)), CONFIG, PLAN)


def test_it_is_the_same_to_the_last_bit_and_comes_back_from_its_file(dataset: Dataset, calm: DriftBacktest) -> None:
    written = encode_json(calm)
    assert encode_json(backtest(*halves(dataset(1500)), CONFIG, PLAN)) == written
    assert decode_json(written, DriftBacktest, "drift.json") == calm


def test_noise_that_drifts_nowhere_raises_few_alarms_in_any_history(calm: DriftBacktest) -> None:
    assert [(h.history, h.rows, h.windows, h.apart) for h in calm.histories] == [
        ("later", 700, 25, 7),
        ("training", 800, 29, 8),
        ("shuffled", 1400, 50, 14),
    ]
    assert sum(h.warning + h.critical for h in calm.histories) <= 15
    assert calm.declared == CONFIG.false_discovery_rate


def test_large_shifts_are_seen_sooner_than_small_ones_and_all_features_sooner_than_one(calm: DriftBacktest) -> None:
    one = alone(calm)
    assert (calm.step, calm.horizon, calm.places) == (25, 200, 4)
    assert all(part.trials == 16 and part.already == 0 for part in one.values())
    assert one["mean", 3.0].detected == 16
    assert one["unit", 100.0].median == 25
    assert one["mean", 3.0].p90 is not None
    assert one["mean", 1.0].median is not None
    assert one["mean", 1.0].median > one["mean", 3.0].p90
    together = [part for part in calm.shifts if part.features == "all" and (part.shift, part.size) == ("mean", 1.0)]
    assert [part.alert for part in together] == ["any", "critical"]
    assert all(part.trials == part.detected == 4 for part in together)


def test_a_shift_too_small_to_be_seen_is_said_to_be_missed(dataset: Dataset) -> None:
    found = backtest(*halves(dataset(1500)), CONFIG, Plan(shifts=(Shift("mean", 0.01),), places=4))
    one = found.shifts[0]
    assert (one.detected, one.median, one.p90) == (0, None, None)
    assert one.missed == {"a": 4, "b": 4, "c": 4, "d": 4}


def test_the_alerts_of_the_later_rows_are_those_of_the_deployed_alert(dataset: Dataset) -> None:
    rows = dataset(1500)
    rows.values[1100:, 2] += 1.5
    learned_from, later = halves(rows)
    found = backtest(learned_from, later, CONFIG, Plan(shifts=(), step=50, places=1)).histories[0]
    ends = range(100, 701, 50)
    reports = [assess_drift(learned_from, later.rows(slice(end - 100, end)), CONFIG, model="m") for end in ends]
    assert (found.windows, found.warning, found.critical) == (
        13,
        sum(report.status == "warning" for report in reports),
        sum(report.status == "critical" for report in reports),
    )
    assert found.named["c"] == sum(report.features[2].drifted for report in reports) >= 7
    assert next(iter(found.named)) == "c"


def test_real_drift_alerts_in_the_later_rows_and_not_where_all_rows_are_dealt_anew(dataset: Dataset) -> None:
    rows = dataset(1500)
    rows.values[800:, 0] += 1.5
    later, training, shuffled = backtest(*halves(rows), CONFIG, Plan(shifts=(Shift("mean", 3.0),), places=4)).histories
    assert later.warning + later.critical == later.windows
    assert training.warning + training.critical <= 6
    assert shuffled.warning + shuffled.critical < shuffled.windows / 2


def test_a_feature_that_always_alerts_is_left_out_and_counted(dataset: Dataset) -> None:
    rows = dataset(1500)
    rows.values[800:, 0] += 1.5
    one = alone(backtest(*halves(rows), CONFIG, Plan(shifts=(Shift("mean", 3.0),), places=4)))["mean", 3.0]
    assert (one.trials, one.already, one.detected) == (12, 4, 12)


def test_the_seed_deals_the_rows(dataset: Dataset, calm: DriftBacktest) -> None:
    other = backtest(*halves(dataset(1500)), msgspec.structs.replace(CONFIG, seed=8), PLAN)
    assert (other.seed, calm.seed) == (8, 7)
    values = dataset(1500).values
    one, same = (deal(values, 100, np.random.default_rng((7, 0))) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, deal(values, 100, np.random.default_rng((7, 1))))


@given(rows=st.integers(1, 400), block=st.integers(1, 60), seed=st.integers(0, 9))
def test_dealing_keeps_every_row_and_almost_every_neighbour(rows: int, block: int, seed: int) -> None:
    numbers = np.arange(float(rows))[:, None]
    dealt = deal(numbers, block, np.random.default_rng(seed))[:, 0]
    assert sorted(dealt) == numbers[:, 0].tolist()
    assert (np.diff(dealt) != 1.0).sum() <= rows // block + 1


@given(st.lists(st.integers(0, 8), max_size=40), st.integers(1, 100))
def test_so_many_trials_were_seen_within_the_delay_and_not_sooner(looks: list[int], percent: int) -> None:
    delays = np.array(looks, dtype=np.intp)
    found = delay_within(percent, delays)
    needed = percent * len(looks) / 100
    if found is None:
        assert not looks or (delays > 0).sum() < needed
    else:
        assert ((delays > 0) & (delays <= found)).sum() >= needed
        assert ((delays > 0) & (delays < found)).sum() < needed


@pytest.mark.parametrize(
    ("first", "rows", "sentence"),
    [
        (800, 1099, "drift backtest: expected at least 300 rows after training, got 299"),
        (99, 1000, "drift backtest: expected at least 100 training rows, got 99"),
    ],
)
def test_too_few_rows_are_refused(dataset: Dataset, first: int, rows: int, sentence: str) -> None:
    part = dataset(rows)
    with pytest.raises(DatasetError, match=sentence):
        backtest(part.rows(slice(0, first)), part.rows(slice(first, None)), CONFIG)


def test_three_windows_are_long_enough(dataset: Dataset) -> None:
    assert long_enough(dataset(300), CONFIG)
    assert not long_enough(dataset(299), CONFIG)
    found = backtest(dataset(300), dataset(300, seed=1), CONFIG, Plan(shifts=(Shift("frozen"),)))
    assert (found.places, found.shifts[0].trials) == (1, 4)


def test_rows_are_divided_where_training_ended(dataset: Dataset) -> None:
    rows = dataset(100)
    first, last = (f"{np.datetime_as_string(rows.times[i], unit='s')}Z" for i in (10, 59))
    learned_from, later = divide(rows, SplitWindow(first=first, last=last))
    assert (len(learned_from), len(later)) == (50, 40)
    assert learned_from.times[-1] < later.times[0]
    twice = replace(rows, times=np.sort(np.concatenate([rows.times[:60], rows.times[59:-1]])))
    assert len(divide(twice, SplitWindow(first=first, last=last))[0]) == 51  # events of one time stay together


def test_progress_is_shown_for_each_shuffle_and_place(dataset: Dataset) -> None:
    shown: dict[str, list[int]] = {}

    def watch(what: str, numbers: Sequence[int]) -> Iterable[int]:
        for number in numbers:
            shown.setdefault(what, []).append(number)
            yield number

    backtest(*halves(dataset(1500)), CONFIG, Plan(shifts=(Shift("frozen"),), places=3, shuffles=2), watch)
    assert shown == {"shifts": [100, 300, 500], "shuffled histories": [0, 1]}


def test_what_is_not_watched_is_neither_named_nor_shifted(dataset: Dataset) -> None:
    rows = dataset(1500)
    rows.values[800:, 0] += 3.0
    config = msgspec.structs.replace(CONFIG, not_watched=["a", "d"])
    found = backtest(*halves(rows), config, Plan(shifts=(Shift("mean", 0.01),), places=4))
    assert all("a" not in history.named and "d" not in history.named for history in found.histories)
    assert found.shifts[0].trials == 8
    assert set(found.shifts[0].missed) == {"b", "c"}


def test_an_alarm_prepared_before_replays_the_same(dataset: Dataset) -> None:
    learned_from, later = halves(dataset(1500))
    config, plan = msgspec.structs.replace(CONFIG, not_watched=["b"]), Plan(shifts=(Shift("mean", 1.0),), places=2, shuffles=1)
    alarm = prepare_alarm(learned_from, config.window, config, model="m")
    assert encode_json(backtest(learned_from, later, config, plan, alarm=alarm)) == encode_json(
        backtest(learned_from, later, config, plan)
    )
