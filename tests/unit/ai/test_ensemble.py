from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from bot_core.ai import families
from bot_core.ai.ensemble import fit
from bot_core.ai.fitted import Examples
from bot_core.ai.task import Task
from bot_core.ai.training import Origin, train_model
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.load import load_config
from bot_core.config.models import Ensemble, LightGBM, Linear, ValidationConfig
from bot_core.data import sources
from bot_core.data.repairs import repair
from bot_core.documents.artifact import EnsembleState, ModelState, learned_digest
from bot_core.errors import PredictorError
from bot_core.features.featurize import featurize
from pipelines.compose import main as compose
from tests.evidence import DIGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.ai.fitted import Fitted
    from bot_core.config.models import ModelConfig
    from bot_core.features.dataset import FeatureDataset

TREES, RIDGE = LightGBM(objective="l1", rounds=60), Linear(objective="l2")
BLEND = Ensemble(aggregation="mean", members={"trees": TREES, "ridge": RIDGE})
RETURNS = Task("regression", "bps", "zero", "long_short", "return")


def fitted(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> Fitted:
    rows = dataset(1200, signal=2.0).labelled()
    return families.fit(config, *(Examples(rows.values[part], rows.targets[part]) for part in (slice(800), slice(800, None))))


def state_of(found: Fitted) -> EnsembleState:
    assert isinstance(found.state, EnsembleState)
    return found.state


def test_a_member_is_what_it_would_be_alone(dataset: Callable[..., FeatureDataset]) -> None:
    members = {member.name: member for member in state_of(fitted(dataset, BLEND)).members}
    for name, config in BLEND.members.items():
        alone = fitted(dataset, config).state
        assert (members[name].state, members[name].digest) == (alone, learned_digest(alone))


def test_the_roster_s_blend_has_learned_what_the_roster_s_trees_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("conf", "data", "params.yaml"):
        (tmp_path / place).symlink_to(Path(place).resolve())
    monkeypatch.chdir(tmp_path)
    states = {}
    for model in ("eurusd_range", "range_blend"):
        compose(model)
        config = load_config(Path("build", model, "config.json"))
        data = featurize(repair(sources.read(config.data), config.data)[0], config.features, config.target)
        states[model] = train_model(data, config, Origin(model, "eurusd", DIGEST, DIGEST)).model_state
    blend = states["range_blend"]
    assert isinstance(blend, EnsembleState)
    assert {member.name: member.digest for member in blend.members}["trees"] == learned_digest(states["eurusd_range"])


def test_in_a_window_a_member_is_what_it_would_be_alone(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1200, signal=2.0).labelled()
    table, first = Examples(rows.values, rows.targets), np.arange(400)
    train, judge = np.arange(700), np.arange(700, 900)
    together = state_of(families.fitter(BLEND, table, first)(train, judge))
    for member in together.members:
        assert member.state == families.fitter(BLEND.members[member.name], table, first)(train, judge).state


def test_the_order_of_a_declaration_changes_nothing(dataset: Callable[..., FeatureDataset]) -> None:
    weights = {"trees": 3.0, "ridge": 1.0}
    one = Ensemble(aggregation="weighted", members={"trees": TREES, "ridge": RIDGE}, weights=weights)
    other = Ensemble(aggregation="weighted", members={"ridge": RIDGE, "trees": TREES}, weights=dict(reversed(weights.items())))
    states = [state_of(fitted(dataset, config)) for config in (one, other)]
    assert states[0] == states[1]
    assert [(member.name, member.weight) for member in states[0].members] == [("ridge", 1.0), ("trees", 3.0)]


def test_rounds_are_the_longest_members_and_importance_is_weighed(dataset: Callable[..., FeatureDataset]) -> None:
    weights = {"trees": 3.0, "ridge": 1.0}
    together = fitted(dataset, Ensemble(aggregation="weighted", members=dict(BLEND.members), weights=weights))
    trees, ridge = fitted(dataset, TREES), fitted(dataset, RIDGE)
    assert together.rounds == trees.rounds
    np.testing.assert_allclose(together.importance, (3 * trees.importance + ridge.importance) / 4)


def test_what_is_stored_predicts_what_was_fitted(dataset: Callable[..., FeatureDataset]) -> None:
    together, values = fitted(dataset, BLEND), dataset(300, seed=1).values
    stored = msgspec.json.decode(msgspec.json.encode(together.state), type=ModelState)
    np.testing.assert_array_equal(families.predictor(stored)(values), together.predict(values))
    alone = [fitted(dataset, config).predict(values) for config in (RIDGE, TREES)]
    np.testing.assert_array_equal(together.predict(values), (alone[0] + alone[1]) / 2)


def test_a_member_that_was_changed_is_refused(dataset: Callable[..., FeatureDataset]) -> None:
    plain = json.loads(msgspec.json.encode(fitted(dataset, BLEND).state))
    plain["members"][0]["state"]["intercept"] += 1
    with pytest.raises(PredictorError, match=r"members\[0\] \(ridge\): expected what sha256:"):
        families.predictor(msgspec.convert(plain, EnsembleState))


def test_two_members_that_learned_the_same_are_refused() -> None:
    same = families.fit(RIDGE, *[Examples(np.arange(8.0)[:, None], np.arange(8.0))] * 2)
    with pytest.raises(ValueError, match="Expected members that differ in digest, got one twice"):
        fit(BLEND, lambda _: same)


def test_walk_forward_judges_it_as_one_model(dataset: Callable[..., FeatureDataset]) -> None:
    rows, plan = dataset(1500, signal=1.0), WalkForwardPlan(4, duration("5h"))
    validator = WalkForwardValidator(rows, RETURNS, plan)
    evidence = ValidationConfig(embargo="5h", round_trip_cost_bps=1.0)

    def predictions(config: ModelConfig) -> np.ndarray:
        return np.concatenate([one.predictions for one in validator.run(rows.labelled(), config, evidence, 1)])

    np.testing.assert_array_equal(predictions(BLEND), (predictions(RIDGE) + predictions(TREES)) / 2)
    report = validator.validate(BLEND, evidence, name="m", workers=2)
    assert (len(report.windows), report.comparison.beats_baseline) == (4, True)
