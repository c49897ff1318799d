"""A release with its domain, compiled to what a decision needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.ai.plan import Plan, compile_plan, compile_rules
from bot_core.config.decision import MetaLabelCondition
from bot_core.documents.domain import Domain, MetaLabel
from bot_core.errors import BotCoreError, ConfigError
from bot_core.governance.reading import parse, spell
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import YEAR, folder_of

if TYPE_CHECKING:
    from bot_core.documents.runtime import Servable
    from bot_core.governance.state import StateFolder
    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes


@pytest.fixture
def desk(runtime: Runtimes) -> RuntimeWorld:
    return runtime(followed=True)


@pytest.fixture
def folder(desk: RuntimeWorld) -> StateFolder:
    return folder_of(desk)


@pytest.fixture
def record(folder: StateFolder) -> Servable:
    active = folder.active()
    assert active is not None
    return active.plans[0]


def compiled(folder: StateFolder, record: Servable, **changes: object) -> Plan:
    return compile_plan(replace(record, **changes), folder.blob)


def with_domain(folder: StateFolder, record: Servable, **changes: object) -> Servable:
    """Put a changed domain in the record."""
    domain = parse(folder.blob(record.domain), Domain, "domain")
    return replace(record, domain=folder.keep(spell(replace(domain, **changes))))


def test_everything_that_a_decision_needs_is_there(folder: StateFolder, record: Servable) -> None:
    plan = compiled(folder, record)
    assert plan.inference.is_ready
    assert plan.book.domain.name == "trade_entry"
    assert plan.limits["max_cost_bps"] == 15.0
    assert plan.engine is not None
    assert plan.engine.orchestrator.max_cost_bps == 15.0
    assert plan.engine.min_probability == 0.4
    assert plan.config is not None
    assert plan.drift is not None


def test_conditions_tighten_limits_and_never_loosen_them(folder: StateFolder, record: Servable) -> None:
    conditions = {"max_trade_notional": 500, "max_cost_bps": "20", "min_probability": "0.6", "min_net_edge_bps": "0"}
    plan = compiled(folder, record, conditions=conditions)
    assert (plan.limits["max_trade_notional"], plan.limits["max_cost_bps"], plan.limits["min_probability"]) == (500.0, 15.0, 0.6)
    assert plan.engine is not None
    assert plan.engine.orchestrator.max_trade_notional == 500.0
    assert plan.engine.min_probability == 0.6


def test_what_was_not_archived_is_left_out(folder: StateFolder, record: Servable) -> None:
    plan = compiled(folder, record, config=None, drift=None)
    assert (plan.config, plan.drift) == (None, None)


def test_a_domain_without_all_limits_has_no_orchestrator(folder: StateFolder, record: Servable) -> None:
    few = with_domain(folder, record, thresholds={"max_deploys": 3})
    plan = compile_plan(replace(few, config=None), folder.blob)
    assert (plan.engine, dict(plan.limits)) == (None, {"max_deploys": 3.0})
    with pytest.raises(
        ConfigError, match="expected every limit that a trade is measured by, got none for max_cost_bps, min_net_edge_bps"
    ):
        compile_plan(few, folder.blob)  # it reads bars, so it trades


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"conditions": {"mood": "good"}}, "conditions.mood: expected a limit"),
        ({"conditions": {"max_trade_notional": "x"}}, "expected a whole number or a quoted decimal"),
        ({"artifact": sha256(b"not here")}, "expected a readable file"),
        ({"domain": sha256(b"not here")}, "expected a readable file"),
        ({"config": sha256(b"not here")}, "expected a readable file"),
        ({"drift": "domain"}, "drift report"),
        ({"config": "domain"}, "config"),
        ({"model": "other"}, "expected other among them, got decision_engine"),
    ],
)
def test_what_cannot_be_read_or_watched_is_no_plan(
    folder: StateFolder, record: Servable, changes: dict[str, object], sentence: str
) -> None:
    found = {name: record.domain if value == "domain" else value for name, value in changes.items()}
    with pytest.raises(BotCoreError) as caught:
        compiled(folder, record, **found)
    assert sentence in caught.value.message


def test_a_domain_in_another_spelling_is_refused(folder: StateFolder, record: Servable) -> None:
    with pytest.raises(BotCoreError) as caught:
        compile_rules(folder.keep(folder.blob(record.domain) + b"\n# a comment\n"), folder.blob)
    assert caught.value.code == "CANON"


def test_age_and_expiry_are_asked_when_it_decides(desk: RuntimeWorld, folder: StateFolder, record: Servable) -> None:
    plan = compile_plan(record, folder.blob, clock=lambda: desk.now + YEAR)
    assert (plan.inference.is_ready, plan.inference.problem) == (False, None)
    old = compile_plan(record, folder.blob, clock=lambda: desk.now, max_age=0 * YEAR)
    assert not old.inference.is_ready


GATE = {MODEL: MetaLabel(model="decision_meta", min_probability="0.55")}


def test_a_condition_on_a_meta_label_model_is_compiled_and_a_signer_may_raise_it(folder: StateFolder, record: Servable) -> None:
    gated = with_domain(folder, record, meta_label=GATE)
    for conditions, expected in (
        ({}, 0.55),
        ({"min_meta_label_probability": "0.6"}, 0.6),
        ({"min_meta_label_probability": 0}, 0.55),
    ):
        plan = compiled(folder, gated, conditions=conditions)
        assert plan.engine is not None
        assert plan.engine.meta_label == MetaLabelCondition(model="decision_meta", min_probability=expected)
        assert plan.limits["min_meta_label_probability"] == expected
    plain = compiled(folder, record)
    assert plain.engine is not None
    assert plain.engine.meta_label is None


def test_a_condition_that_nobody_would_watch_is_no_plan(folder: StateFolder, record: Servable) -> None:
    with pytest.raises(
        ConfigError, match="min_meta_label_probability: expected a meta-label model that the domain names, got none"
    ):
        compiled(folder, record, conditions={"min_meta_label_probability": "0.6"})
    few = with_domain(folder, record, thresholds={"max_deploys": 3}, meta_label=GATE)
    with pytest.raises(ConfigError, match="expected every limit that a trade is measured by"):
        compile_plan(replace(few, config=None), folder.blob)


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        (
            {"decison_engine": GATE[MODEL]},
            "Expected meta_label to name a model of the domain, one of decision_engine; got decison_engine",
        ),
        (
            {MODEL: MetaLabel(model=MODEL, min_probability="0.55")},
            f"Expected meta_label.{MODEL} to name another model, got {MODEL} itself",
        ),
    ],
)
def test_a_condition_that_is_asked_of_nobody_is_no_domain(
    folder: StateFolder, record: Servable, gate: dict[str, MetaLabel], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        with_domain(folder, record, meta_label=gate)
    plain = folder.blob(with_domain(folder, record, meta_label=GATE).domain).decode()
    (name,) = gate
    said = plain.replace("decision_engine:", f"{name}:", 1).replace("model: decision_meta", f"model: {gate[name].model}")
    with pytest.raises(BotCoreError) as caught:
        compile_rules(folder.keep(said.encode()), folder.blob)
    assert (caught.value.code, sentence.removeprefix("E") in caught.value.message) == ("CANON", True)
