"""The meta-label model in force beside a primary: asked in the state of the decision, and away where it is not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.decision.meta_label import MetaLabelInference
from bot_core.decision.ports import ModelScore
from bot_core.decision.rollout import arm
from bot_core.documents.artifact import Bounds
from bot_core.errors import ReleaseError
from bot_core.runtime.active import InForce
from bot_core.runtime.meta_gate import MetaGate, bound
from bot_core.runtime.records import MetaLabelFacts
from tests.gating import META, NAMES, gated, meta_record
from tests.machine import LAX, Behind, Machine
from tests.unit.decision.conftest import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot_core.ai.plan import Plan
    from bot_core.documents.artifact import ModelArtifact
    from bot_core.documents.runtime import Servable

FEATURES = {"momentum": 0.001, "volume_ratio": 1.0}
UNIT = "eurusd@2017-12-29T20:00:00Z"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def artifact_of(plan: Plan) -> ModelArtifact:
    assert plan.inference.artifact is not None
    return plan.inference.artifact


def gate(machine: Machine) -> MetaGate:
    """Make the gate of the compact primary."""
    with machine.station() as station:
        return MetaGate(META, artifact_of(machine.plan(gated(machine))), station, "paper")


def state(machine: Machine, *records: Servable) -> InForce:
    return InForce(plans={record.model: machine.plan(record) for record in records})


class Seeing(Behind):
    """A model that remembers what it was asked."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.inference)
        self.rows: list[dict[str, float]] = []

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Answer as the real one."""
        self.rows.append(dict(features))
        return super().score(features)


def test_the_answer_is_the_released_models_on_the_primarys_own_scale(machine: Machine) -> None:
    primary, meta = machine.plan(gated(machine)), machine.plan(meta_record(machine))
    artifact, score = artifact_of(primary), primary.inference.score(FEATURES)
    assert score.prediction is not None
    pivot, scale = artifact.calibration.pivot, artifact.target_scale
    side = 1.0 if score.prediction > pivot else -1.0
    row = {"side": side, "primary_prediction": (score.prediction - pivot) / scale, **FEATURES}
    expected = meta.inference.score({name: row[name] for name in NAMES}).success_probability
    seeing = Seeing(meta)
    found = bound(seeing, meta, artifact).probability(FEATURES, replace(score, prediction=score.prediction))
    assert (found, seeing.rows) == (expected, [row])
    assert (pivot, side) == (0.0, 1.0)


def test_a_primary_that_says_a_probability_points_up_above_one_half(machine: Machine) -> None:
    plan = machine.plan(meta_record(machine))
    primary = artifact_of(plan)  # a classifier too
    seeing = Seeing(plan)
    asked = bound(seeing, plan, primary)
    for prediction in (0.75, 0.5, 0.25):
        asked.probability(FEATURES, ModelScore(0.0, 0.5, prediction))
    scale = primary.target_scale
    assert [(row["side"], row["primary_prediction"]) for row in seeing.rows] == [(1.0, 0.25 / scale), (-1.0, -0.25 / scale)]


def test_one_that_learned_long_trades_only_is_asked_about_no_other(machine: Machine) -> None:
    plan = machine.plan(meta_record(machine))
    artifact = artifact_of(plan)
    seeing = Seeing(plan)
    seeing.artifact = replace(artifact, feature_bounds={**artifact.feature_bounds, "side": Bounds(low=1.0, high=1.0)})
    long_only = dataclasses.replace(plan, inference=seeing)  # type: ignore[arg-type]  # in front of the real one
    bound(seeing, long_only, artifact).probability(FEATURES, ModelScore(0.0, 0.5, 0.25))
    assert seeing.rows == []


def test_in_force_it_answers_and_its_version_is_told(machine: Machine) -> None:
    found, record = gate(machine), meta_record(machine)
    inference = found.inference(state(machine, record), UNIT)
    assert isinstance(inference, MetaLabelInference)
    answered = replace(evaluate(), meta_label_probability=0.625)
    assert found.facts(answered) == MetaLabelFacts(META, record.version, 0.625)
    assert found.facts(None) == MetaLabelFacts(META, record.version, None)
    assert found.monitor is not None
    assert found.monitor.model == META


def test_while_the_plan_is_the_same_it_is_made_once(machine: Machine) -> None:
    found, now = gate(machine), state(machine, meta_record(machine))
    first = found.inference(now, UNIT)
    assert found.inference(dataclasses.replace(now, commit="d" * 40), UNIT) is first
    assert found.inference(state(machine, meta_record(machine, 8)), UNIT) is not first


def test_away_it_does_not_answer_and_comes_back(machine: Machine) -> None:
    found, now = gate(machine), state(machine, meta_record(machine))
    assert found.inference(now, UNIT) is not None
    assert found.inference(InForce(why={META: ("REVOKED",)}), UNIT) is None
    assert (found.facts(evaluate()), found.monitor) == (MetaLabelFacts(META), None)
    assert found.inference(now, UNIT) is not None


def test_it_answers_for_the_units_of_its_rollout_only(machine: Machine) -> None:
    found, record = gate(machine), meta_record(machine, rollout=50)
    now = state(machine, record)
    units = [f"eurusd@{number}" for number in range(50)]
    answers = [(found.inference(now, unit) is not None, found.facts(None).version) for unit in units]
    drawn = [arm(unit, 50, record.version) == "learned" for unit in units]
    assert answers == [(draws, record.version if draws else None) for draws in drawn]
    assert {True, False} == set(drawn)


def test_a_release_whose_drift_report_is_not_its_own_answers_nothing(machine: Machine) -> None:
    found = gate(machine)
    assert found.inference(state(machine, meta_record(machine)), UNIT) is not None
    wrong = replace(meta_record(machine), drift=machine.record(thresholds=LAX).drift)
    with pytest.raises(ReleaseError, match="drift report"):
        found.inference(state(machine, wrong), UNIT)
    assert found.facts(None) == MetaLabelFacts(META)
