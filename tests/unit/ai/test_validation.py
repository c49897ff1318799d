from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bot_core._parse import encode_json
from bot_core.ai.task import Task
from bot_core.ai.validation import WalkForwardValidator, hold_out
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.models import LightGBM, Linear, ValidationConfig
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset

RETURNS = Task("regression", "bps", "zero", "long_short", "return")
BINARY = Task("classification", "probability", "half", "long_short", "direction")
EVIDENCE = ValidationConfig(embargo="5h", round_trip_cost_bps=1.0)
TREES = LightGBM(objective="l2", rounds=80, learning_rate=0.1)


def _validate(rows: FeatureDataset, *, workers: int = 1, windows: int = 6, task: Task = RETURNS) -> WalkForwardReport:
    model = TREES if task is RETURNS else Linear(objective="binary")
    plan = WalkForwardPlan(windows, duration("5h"))
    return WalkForwardValidator(rows, task, plan).validate(model, EVIDENCE, name="m", workers=workers)


def test_a_real_signal_beats_every_baseline(dataset: Callable[..., FeatureDataset]) -> None:
    report = _validate(dataset(1500, signal=1.0))
    assert report.comparison.beats_baseline
    assert report.status == "ok"
    assert report.pooled.mae < min(scores.mae for scores in report.baselines.values())
    assert report.pooled.directional_accuracy_low > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_on_noise_it_says_no(dataset: Callable[..., FeatureDataset], seed: int) -> None:
    report = _validate(dataset(1500, signal=0.0, seed=seed))
    assert not report.comparison.beats_baseline
    assert report.status == "warning"


def test_a_planted_look_ahead_feature_shows_as_a_model_too_good(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1500, signal=0.0)
    values = rows.values.copy()
    values[:, 3] = np.nan_to_num(rows.targets)
    assert _validate(replace(rows, values=values)).comparison.improvement > 0.8


def test_any_number_of_workers_gives_the_same_bytes(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(900)
    assert len({encode_json(_validate(rows, workers=workers)) for workers in (1, 2, 5)}) == 1


def test_changing_the_future_changes_no_earlier_window(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(900, horizon=4)
    before = _validate(rows)
    cut = int(np.flatnonzero(rows.times == np.datetime64(before.windows[3].test_first.rstrip("Z")))[0])
    draw = np.random.default_rng(5)
    values, targets = rows.values.copy(), rows.targets.copy()
    values[cut:] = draw.normal(size=values[cut:].shape)
    targets[cut - 4 : -4] = draw.normal(size=len(targets) - cut) * 10
    after = _validate(replace(rows, values=values, targets=targets))
    assert before.windows[:2] == after.windows[:2]
    assert before.windows[3] != after.windows[3]


def test_windows_asked_are_windows_given_and_every_tested_row_counts_once(dataset: Callable[..., FeatureDataset]) -> None:
    report = _validate(dataset(1000), windows=9)
    assert [w.index for w in report.windows] == list(range(9))
    assert sum(w.model.rows for w in report.windows) == report.pooled.rows == 999 - 400
    assert sum(b.rows for b in report.reliability) == report.pooled.rows
    assert set(report.baselines) == {"zero", "training_mean", "last_value", "mean_20", "last_sign"}


def test_probabilities_are_judged_as_probabilities(dataset: Callable[..., FeatureDataset]) -> None:
    report = _validate(dataset(1200, signal=2.0, binary=True), task=BINARY)
    assert report.task == "classification"
    assert report.pooled.brier is not None
    assert report.pooled.brier < 0.2
    assert report.pooled.auc is not None
    assert report.pooled.auc > 0.8


def test_stopping_early_uses_the_newest_training_rows_and_leaves_a_gap(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(600, horizon=8).labelled()
    fit, judge = hold_out(rows, np.arange(500), EVIDENCE, duration("5h"))
    assert rows.label_ends[fit].max() < rows.times[judge[0]] - duration("5h")
    assert judge[-1] == 499
    assert len(judge) == round(500 * 0.15 / 0.85)


def test_fewer_rows_than_one_window_needs_is_refused(dataset: Callable[..., FeatureDataset]) -> None:
    with pytest.raises(DatasetError, match=r"walk-forward: expected at least 30 labelled rows after the first training share"):
        _validate(dataset(40))
