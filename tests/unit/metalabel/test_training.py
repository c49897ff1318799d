from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from bot_core._parse import encode_json
from bot_core.ai import families
from bot_core.ai.predictor import Predictor
from bot_core.ai.windows import LEAST_ROWS
from bot_core.documents.artifact import TreeState
from bot_core.documents.meta_label import MetaLabelSettings
from bot_core.errors import DatasetError
from bot_core.metalabel import training
from bot_core.metalabel.models import NAMES
from bot_core.metalabel.training import train_meta_label
from bot_core.metalabel.weights import uniqueness
from tests.evidence import artifact
from tests.unit.metalabel.tables import events, table

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.meta_label import Model
    from bot_core.metalabel.training import Trained

FEATURES = ["side", "a", "b", "c"]
SETTINGS = MetaLabelSettings(model="logistic", cv_folds=3, purge_gap=4, embargo="2h")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A straight line that can be learned."""
    return train_meta_label(table(tmp_path_factory.mktemp("events"), events()), FEATURES, SETTINGS)


def test_folds_asked_are_folds_given_and_each_is_out_of_sample(trained: Trained) -> None:
    rows = trained.rows
    assert [fold.figures.index for fold in trained.folds] == [0, 1, 2]
    assert np.concatenate([fold.test for fold in trained.folds]).tolist() == list(range(120, 480))
    for fold in trained.folds:
        used = np.concatenate([fold.fit, fold.judge])
        assert (rows.label_ends[used] < rows.times[fold.test[0]] - np.timedelta64(2, "h")).all()
        assert (rows.label_ends[fold.fit] < rows.times[fold.judge[0]] - np.timedelta64(2, "h")).all()
        assert min(len(fold.fit), len(fold.judge)) >= LEAST_ROWS
        assert fold.purged == fold.test[0] - len(used)
        assert fold.figures.scores.roc_auc is not None
        assert fold.figures.scores.roc_auc > 0.6


def test_a_permuted_future_changes_no_fold_before_it(tmp_path: Path, trained: Trained) -> None:
    frame = events()
    cut = int(trained.folds[2].test[0])
    future = frame.iloc[cut:].sample(frac=1.0, random_state=4)
    for name in ("meta_label", "payoff"):
        frame.loc[frame.index[cut:], name] = future[name].to_numpy()
    again = train_meta_label(table(tmp_path, frame), FEATURES, SETTINGS)
    for before, after in zip(trained.folds[:2], again.folds[:2], strict=True):
        assert encode_json(before.figures) == encode_json(after.figures)
    assert trained.folds[2].threshold == again.folds[2].threshold
    assert trained.folds[2].learned.platt == again.folds[2].learned.platt
    assert encode_json(trained.folds[2].figures.scores) != encode_json(again.folds[2].figures.scores)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_table_gives_the_same_bytes_and_the_model_is_the_last_fold_s(tmp_path: Path, name: Model) -> None:
    found, settings = table(tmp_path, events(300)), MetaLabelSettings(model=name, cv_folds=2)
    one, two = (train_meta_label(found, FEATURES, settings) for _ in range(2))
    assert encode_json(one.model) == encode_json(two.model)
    last = one.folds[-1]
    said = families.predictor(one.model.model_state)(one.rows.rows(last.test).values)
    np.testing.assert_array_equal(last.learned.platt.probability(said), last.probabilities)
    assert one.model.test_rows == len(last.test)
    assert one.model.metadata.data_digest == found.digest


@pytest.mark.parametrize("name", ["rf", "gbm", "xgb"])
def test_what_is_stored_is_served_bit_for_bit(tmp_path: Path, name: Model) -> None:
    model = train_meta_label(table(tmp_path, events(300)), FEATURES, MetaLabelSettings(model=name, cv_folds=2)).model
    platt = model.calibration
    golden = [  # with Python's own exp and log: numpy's differ with the instruction set, which only the pipeline pins
        replace(
            one, probability=1 / (1 + math.exp(-(platt.slope * math.log(one.prediction / (1 - one.prediction)) + platt.intercept)))
        )
        for one in model.golden
    ]
    made = artifact("eurusd_range", "20261101T000000Z-00000000", dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    release = replace(made, feature_names=model.feature_names, model_state=model.model_state, calibration=platt, golden=golden)
    served = Predictor.load(release)
    assert [served.predict(one.features) for one in model.golden] == [one.prediction for one in model.golden]


def test_costs_that_the_payoffs_do_not_hold_yet_are_taken_out(tmp_path: Path, trained: Trained) -> None:
    dear = train_meta_label(table(tmp_path, events()), FEATURES, replace(SETTINGS, round_trip_cost_bps=4.0))
    plain, less = (one.folds[0].figures.test for one in (trained, dear))
    assert plain is not None
    assert less is not None
    assert less.every_signal_bps == pytest.approx(plain.every_signal_bps - 4.0)


def test_the_rarer_class_weighs_as_much_and_the_calibration_undoes_it(tmp_path: Path) -> None:
    frame = events(300)
    frame["meta_label"] = (frame["payoff"] > 8).astype(float)
    found = train_meta_label(table(tmp_path, frame), FEATURES, MetaLabelSettings(model="logistic", cv_folds=2))
    raw = found.folds[1].learned.fitted.predict(found.rows.values)
    assert raw.mean() > frame["meta_label"].mean() + 0.1
    assert found.folds[1].probabilities.mean() == pytest.approx(frame["meta_label"].mean(), abs=0.1)


def test_labels_that_overlap_weigh_less(tmp_path: Path) -> None:
    frame = events(400)
    frame["event_end"] = frame["time"] + pd.to_timedelta(np.where(np.arange(400) % 50 < 25, 1, 10), unit="h")
    rows = train_meta_label(table(tmp_path, frame), FEATURES, MetaLabelSettings(model="logistic", cv_folds=1)).rows
    weights = training._weights(rows, uniqueness(rows.times, rows.label_ends), np.arange(100))
    assert weights[5:20].mean() > 3 * weights[35:45].mean()
    assert weights[rows.targets[:100] == 1].sum() == pytest.approx(weights[rows.targets[:100] == 0].sum())


def test_a_forest_and_a_table_without_payoffs_or_starts(tmp_path: Path) -> None:
    frame = events(300).drop(columns=["payoff", "time"])
    found = train_meta_label(table(tmp_path, frame), FEATURES, MetaLabelSettings(model="rf", cv_folds=2))
    assert isinstance(found.model.model_state, TreeState)
    assert [fold.figures.test for fold in found.folds] == [None, None]
    assert all(0.0 < fold.threshold < 1.0 for fold in found.folds)


def test_training_rows_of_one_class_are_refused(tmp_path: Path) -> None:
    frame = events(300)
    frame.loc[:140, "meta_label"] = 0.0
    with pytest.raises(DatasetError, match="expected both classes, got only 0"):
        train_meta_label(table(tmp_path, frame), FEATURES, MetaLabelSettings(model="logistic", cv_folds=2))
