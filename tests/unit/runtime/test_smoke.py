from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.config.runtime import Protection
from bot_core.decision.ports import utc_now
from bot_core.errors import DocumentError, PredictorError
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans, InForce
from bot_core.runtime.meta_gate import bound
from bot_core.runtime.smoke import judges_of
from tests.gating import META, gated, meta_record
from tests.machine import Machine
from tests.runtime_world import MODEL, RuntimeWorld, build_runtime

if TYPE_CHECKING:
    from bot_core.ai.plan import Plan

WHERE = Path("var/models")
PROTECTION = Protection()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> RuntimeWorld:
    """A machine with one model in force; read only."""
    world = build_runtime(tmp_path_factory.mktemp("smoke"))
    assert world.reconcile()[0] == 0
    return world


@pytest.fixture(scope="module")
def state(machine: RuntimeWorld) -> InForce:
    """What is in force there."""
    return ActivePlans(StateFolder(machine.path / "var/models")).current()


def refused(state: InForce, model: str = MODEL) -> PredictorError:
    with pytest.raises(PredictorError) as caught:
        judges_of(state, [model], PROTECTION, WHERE)
    assert caught.value.exit_code == 20
    assert caught.value.hint
    return caught.value


def test_a_judge_is_the_plan_in_force(machine: RuntimeWorld, state: InForce) -> None:
    (judge,) = judges_of(state, [MODEL, MODEL], PROTECTION, WHERE).values()
    plan = state.plans[MODEL]
    assert (judge.config, judge.inference) == (plan.engine, plan.inference)
    said, record = judge.model, plan.record
    assert (said.model, said.version, said.release) == (MODEL, machine.version, record.release)
    assert (said.artifact, said.domain, said.rollout, said.protective_factor) == (record.artifact, record.domain, 100, 1.0)


def test_limits_are_shrunk_as_a_loop_would(state: InForce) -> None:
    shrunk = dataclasses.replace(state, protected=frozenset({MODEL}))
    assert judges_of(shrunk, [MODEL], Protection(factor=0.25), WHERE)[MODEL].model.protective_factor == 0.25


def test_nothing_in_force_is_refused() -> None:
    error = refused(InForce())
    assert error.message == "var/models: expected what is in force, got nothing: no runtime has been here yet"
    assert error.hint == "bot-core reconcile --once"


def test_detached_models_are_refused_though_their_plans_are_there(state: InForce) -> None:
    error = refused(dataclasses.replace(state, detached="drift alert"))
    assert error.message == "var/models: expected models that may decide, got all of them detached on this machine: drift alert"


def test_what_cannot_be_read_is_refused_with_its_own_sentence() -> None:
    problem = DocumentError("var/models/active.json: expected JSON, got b''", hint="restore it")
    error = refused(InForce(problem=problem, detached="active.json cannot be read"))
    assert (error.message, error.hint) == (problem.message, "restore it")


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({}, "decision_engine"),
        ({"plans": {}}, "none"),
        ({"plans": {}, "why": {"unheard": ("HALTED", "REVOKED")}}, "none: HALTED, REVOKED"),
        (
            {"plans": {}, "problem": DocumentError("blobs/ab: expected a readable file, got none")},
            "none: blobs/ab: expected a readable file, got none",
        ),
    ],
)
def test_a_model_without_a_plan_is_refused(state: InForce, changes: dict[str, object], got: str) -> None:
    error = refused(dataclasses.replace(state, **changes), "unheard")  # type: ignore[arg-type]  # the fields of InForce
    assert error.message == f"var/models: expected a plan of unheard in force in paper, got {got}"


def test_a_model_that_is_not_ready_is_refused(machine: RuntimeWorld) -> None:
    later = ActivePlans(StateFolder(machine.path / "var/models"), clock=lambda: utc_now() + dt.timedelta(days=400)).current()
    said = f"{MODEL} {machine.version}: expected a model that is ready, got one too old, or unsigned by now"
    assert refused(later).message == said


def test_a_plan_without_all_limits_is_refused(state: InForce) -> None:
    bare = dataclasses.replace(state.plans[MODEL], engine=None)
    error = refused(dataclasses.replace(state, plans={MODEL: bare}))
    assert error.message == f"{MODEL}: domain trade_entry: expected all limits that a trade is measured by, got some"


# --- a meta-label model ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def gate(tmp_path: Path) -> tuple[InForce, Plan, Plan]:
    """A state with a primary whose domain asks the meta-label model, and both plans."""
    desk = Machine(tmp_path)
    primary, meta = desk.plan(gated(desk)), desk.plan(meta_record(desk))
    return InForce(environment="paper", plans={MODEL: primary, META: meta}), primary, meta


def test_a_judge_has_the_meta_label_model_that_its_domain_asks_for(gate: tuple[InForce, Plan, Plan]) -> None:
    state, primary, meta = gate
    judge = judges_of(state, [MODEL], PROTECTION, WHERE)[MODEL]
    features = {"momentum": 0.001, "volume_ratio": 1.0}
    score = primary.inference.score(features)
    assert judge.model.meta_label == meta.record.version
    assert judge.meta is not None
    artifact = primary.inference.artifact
    assert artifact is not None
    assert judge.meta.probability(features, score) == bound(meta.inference, meta, artifact).probability(features, score)


def test_a_primary_whose_meta_label_model_is_away_is_refused(gate: tuple[InForce, Plan, Plan]) -> None:
    state, primary, _ = gate
    error = refused(dataclasses.replace(state, plans={MODEL: primary}, why={META: ("REVOKED",)}))
    assert error.message == f"var/models: expected a plan of {META} in force in paper, got {MODEL}: REVOKED"


def test_where_no_domain_asks_there_is_none(state: InForce) -> None:
    judge = judges_of(state, [MODEL], PROTECTION, WHERE)[MODEL]
    assert (judge.meta, judge.model.meta_label) == (None, None)
