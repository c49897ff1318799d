"""Laws of the predictor: LightGBM's own batch, numpy's own sums and training's own probabilities, to the last bit."""

from __future__ import annotations

import datetime as dt
import functools
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lightgbm as lgb
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.ai.lib_lightgbm import Trees
from bot_core.ai.predictor import Predictor, _pairwise, _score
from bot_core.documents.artifact import GoldenVector, LinearState
from tests.evidence import artifact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WIDTH, LEARNED, ROWS = 12, 4_000, 25_000
CATEGORIES = [2, 7]
BASE = {"num_leaves": 31, "min_data_in_leaf": 5, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}
MODELS: dict[str, dict[str, object]] = {
    "numbers": {"objective": "regression"},
    "missing as zero": {"objective": "regression_l1", "zero_as_missing": True},
    "no missing": {"objective": "huber", "use_missing": False},
    "categories": {"objective": "binary", "categories": CATEGORIES, "min_data_per_group": 5, "cat_smooth": 1.0},
    "categories, one against all": {"objective": "regression", "categories": CATEGORIES, "max_cat_to_onehot": 64},
    "five classes": {"objective": "multiclass", "num_class": 5, "categories": CATEGORIES},
    "three classes, one against all": {"objective": "multiclassova", "num_class": 3},
}
ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1e-35, -1e-36, 0.5, -1.0, 3.7, 31.0, 32.0, 1e10, 2.0**31]
MODERATE = st.floats(-1e6, 1e6)

# What training computes, under the instruction set that it pins before numpy loads.
TRAINING = """
import json, sys
import pipelines  # pins
import numpy as np
from bot_core.ai import linear
from bot_core.ai.calibration import Platt
from bot_core.documents.artifact import LinearState
draw = np.random.default_rng(5)
numbers = np.concatenate([draw.normal(size=8000) * 10.0 ** draw.integers(-3, 4, 8000), [0.0, -0.0, 1e300, -1e300]])
shares = np.concatenate([draw.uniform(size=4000), 1 / (1 + np.exp(-draw.normal(size=4000) * 8)), [0.0, 1.0, 1e-6, 1 - 1e-6]])
platts = []
for kind, pivot, scale, inputs in [("scaled", 0.25, 3.7, numbers), ("log_odds", 0.0, 1.0, shares)]:
    for slope, intercept in [(1.3, -0.2), (-40.0, 0.1), (0.0, 0.7), (1e-3, 0.0)]:
        with np.errstate(over="ignore"):
            found = Platt(kind, pivot, scale, slope, intercept, 9).probability(inputs)
        platts.append([dict(input=kind, pivot=pivot, scale=scale, slope=slope, intercept=intercept), inputs.tolist(), found.tolist()])
models = []
for width in [1, 4, 7, 8, 9, 18, 30, 128, 129, 300]:
    for link in ["identity", "logistic"]:
        state = dict(intercept=float(draw.normal()), coefficients=(draw.normal(size=width) / width).tolist(), link=link)
        values = draw.normal(size=(200, width)) * 10.0 ** draw.integers(-2, 3, width)
        with np.errstate(over="ignore"):
            found = linear.predictor(LinearState(**state))(values)
        models.append([state, values.tolist(), found.tolist()])
print(json.dumps([platts, models]))
"""


@pytest.mark.parametrize("name", MODELS)
def test_every_row_is_that_of_booster_predict(name: str) -> None:
    draw = np.random.default_rng(11)
    booster = train(MODELS[name], draw)
    text = booster.model_to_string()
    assert ("cat_threshold=" in text) == ("categories" in MODELS[name])
    trees = Trees(text, WIDTH)
    rows = spread(ROWS, draw)
    expected = np.asarray(booster.predict(rows, num_threads=1), dtype=np.float64).reshape(ROWS, -1)
    assert trees.outputs == expected.shape[1]
    found = np.array([trees.predict_all(row) for row in rows.tolist()])
    np.testing.assert_array_equal(found.view(np.uint64), expected.view(np.uint64))
    assert len(np.unique(expected)) > ROWS // 50


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.floats(), st.sampled_from(ODD), MODERATE), min_size=WIDTH, max_size=WIDTH))
def test_any_row_is_that_of_booster_predict(row: list[float]) -> None:
    booster, trees = loaded()
    expected = np.asarray(booster.predict(np.array([row]), num_threads=1))[0]
    assert trees.predict(row).hex() == float(expected).hex()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 700), st.integers(0, 2**32 - 1))
def test_terms_are_added_in_numpy_s_order(count: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    terms = draw.normal(size=(1, count)) * 10.0 ** draw.integers(-6, 7, count)
    assert _pairwise(terms[0].tolist()).hex() == float(terms.sum(axis=1)[0]).hex()


def test_probabilities_and_linear_models_are_those_of_training() -> None:
    done = subprocess.run([sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True, cwd=Path.cwd())
    platts, models = json.loads(done.stdout)
    made = artifact("eurusd_range", "20261101T000000Z-00000000", dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    for fields, inputs, expected in platts:
        served = Predictor(lambda _: 0.0, msgspec.structs.replace(made.calibration, **fields))
        assert [served.probability(value) for value in inputs] == expected, fields
    for fields, rows, expected in models:
        state, names = LinearState(**fields), [f"f{i}" for i in range(len(rows[0]))]
        served = Predictor(_score(state, len(names)), made.calibration)
        assert [served.predict(row) for row in rows] == expected, (len(names), state.link)
        golden = [GoldenVector(features=rows[0], prediction=expected[0], probability=served.probability(expected[0]))]
        Predictor.load(msgspec.structs.replace(made, model_state=state, feature_names=names, golden=golden))


def train(parameters: dict[str, object], draw: np.random.Generator) -> lgb.Booster:
    """Fit 40 rounds to a target that leans on numbers, categories and what is missing."""
    values = spread(LEARNED, draw, odd=0.0)
    categories = np.nan_to_num(values[:, CATEGORIES]).astype(int)
    signal = np.nan_to_num(values[:, 1]) + np.sin(categories @ [1.0, 2.0]) + np.isnan(values[:, 3]) + draw.normal(size=LEARNED) / 2
    classes = int(str(parameters.get("num_class", 2)))
    bounds = np.quantile(signal, np.arange(1, classes) / classes)
    target = signal if str(parameters["objective"]).startswith(("regression", "huber")) else np.searchsorted(bounds, signal)
    merged: dict[str, object] = BASE | parameters
    categorical: list[int] = merged.pop("categories", [])  # type: ignore[assignment]  # the one list
    return lgb.train(merged, lgb.Dataset(values, target, params=merged, categorical_feature=categorical), 40)


def spread(count: int, draw: np.random.Generator, odd: float = 0.02) -> Floats:
    """Draw (count, 12) values of all magnitudes: 10 % missing, 5 % zero, two columns of categories, a share of odd values."""
    values = draw.normal(size=(count, WIDTH)) * 10.0 ** (np.arange(WIDTH) % 3 - 1)
    values[:, CATEGORIES] = draw.integers(0, 32, (count, len(CATEGORIES)))
    kind = draw.uniform(size=values.shape)
    values[kind < 0.10] = np.nan
    values[(kind > 0.10) & (kind < 0.15)] = 0.0
    strange = np.flatnonzero(kind > 1.0 - odd)
    values.flat[strange] = draw.choice(ODD, len(strange))
    return values


@functools.cache
def loaded() -> tuple[lgb.Booster, Trees]:
    """Train one model and load it, once for all examples."""
    booster = train(MODELS["categories"], np.random.default_rng(3))
    return booster, Trees(booster.model_to_string(), WIDTH)
