"""A plan that judges: its limits, its cost, its monitor, its horizon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.decision.candidate import DecisionCandidate, RiskSnapshot
from bot_core.decision.ports import ModelScore
from bot_core.errors import ConfigError, ReleaseError
from bot_core.runtime.active import InForce
from bot_core.runtime.engine import Engine
from tests.gating import META, gated, meta_record
from tests.machine import DOMAIN, LAX, MODEL, NOW, SETTINGS, Machine

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.runtime import Servable

FEATURES = {"momentum": 0.0, "volume_ratio": 1.0}
CANDIDATE = DecisionCandidate(
    strategy=MODEL,
    action="enter",
    risk_profile="balanced",
    symbol="eurusd",
    notional=1_000.0,
    expected_return_bps=0.0,
    latency_ms=0.0,
    metadata={"features": FEATURES},
)
ACCOUNT = RiskSnapshot(start_of_day_equity=1e5, daily_realized_pnl=0.0, peak_equity=1e5, last_equity=1e5, taken_at=NOW)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def engine(machine: Machine, record: Servable) -> Engine:
    with machine.station() as station:
        return Engine(machine.plan(record), station, environment="paper")


def test_the_limits_are_the_domains_tightened_by_what_signers_asked(machine: Machine) -> None:
    record = replace(machine.record(), conditions={"max_cost_bps": "0.1"})
    evaluation = engine(machine, record).evaluate(CANDIDATE, ACCOUNT, 1.0)
    assert evaluation.thresholds_snapshot["max_cost_bps"] == 0.1
    assert "cost_above_limit" in evaluation.reasons


@pytest.mark.parametrize("cost", [0.2, 3.5])
def test_the_cost_is_that_of_the_releases_validation(machine: Machine, cost: float) -> None:
    evaluation = engine(machine, machine.record(cost_bps=cost)).evaluate(CANDIDATE, ACCOUNT, 1.0)
    assert (evaluation.cost_bps, evaluation.cost_source) == (cost, "report")


def test_without_an_archived_configuration_no_cost_is_known_so_it_refuses(machine: Machine) -> None:
    evaluation = engine(machine, replace(machine.record(), config=None)).evaluate(CANDIDATE, ACCOUNT, 1.0)
    assert (evaluation.cost_bps, evaluation.cost_source, evaluation.accepted) == (None, None, False)
    assert "cost_missing" in evaluation.reasons


def test_a_domain_without_a_limit_that_every_trade_has_is_refused(machine: Machine) -> None:
    some = {name: value for name, value in DOMAIN.thresholds.items() if name != "max_drawdown_pct"}
    with pytest.raises(ConfigError) as caught:
        engine(machine, replace(machine.record(thresholds=some), config=None))
    assert caught.value.message == f"{MODEL}: domain trade_entry: expected all limits that a trade is measured by, got some"
    assert "conf/decision/" in caught.value.hint


def test_the_models_score_is_the_plans(machine: Machine) -> None:
    record = machine.record(thresholds=LAX)
    evaluation = engine(machine, record).evaluate(CANDIDATE, ACCOUNT, 1.0)
    score = machine.plan(record).inference.score(FEATURES)
    assert (evaluation.model_expected_return_bps, evaluation.model_success_probability) == (
        score.expected_return_bps,
        score.success_probability,
    )
    assert evaluation.accepted


def test_what_something_else_proposes_is_measured_by_the_same_limits(machine: Machine) -> None:
    found = engine(machine, machine.record())
    evaluation = found.evaluate_unscored(CANDIDATE, ModelScore(0.0, 1.0), ACCOUNT, 1.0)
    assert evaluation.thresholds_snapshot == found.evaluate(CANDIDATE, ACCOUNT, 1.0).thresholds_snapshot
    assert (evaluation.model_selection, evaluation.reasons) == ("given", ("net_edge_below_minimum",))
    assert found.evaluate_unscored(CANDIDATE, ModelScore(9.0, 1.0), ACCOUNT, 1.0).accepted


def test_the_budget_is_the_machines(machine: Machine) -> None:
    machine.settings = replace(SETTINGS, score_budget_ms=1e-9)
    found = engine(machine, machine.record())
    evaluation = found.evaluate(CANDIDATE, ACCOUNT, 1.0)
    assert [(finding.code, finding.measure) for finding in evaluation.findings][:1] == [("score_failed", "ScoreTooLate")]
    assert "rules" in evaluation.recommended_modes


def test_a_forecast_holds_for_its_horizon(machine: Machine) -> None:
    assert engine(machine, machine.record()).hold_bars == 4


def test_there_is_a_monitor_where_there_is_a_drift_report(machine: Machine) -> None:
    record = machine.record()
    watched = engine(machine, record).monitor
    assert watched is not None
    assert (watched.model, watched.environment, watched.rows, watched.rules.enforce) == (MODEL, "paper", 250, True)
    assert engine(machine, replace(record, drift=None)).monitor is None
    machine.settings = replace(SETTINGS, enforce_monitoring=False)
    relaxed = engine(machine, record).monitor
    assert relaxed is not None
    assert relaxed.rules.enforce is False


def test_the_shares_are_those_of_the_archived_configuration(machine: Machine) -> None:
    record = machine.record()
    config = json.loads(machine.folder.blob(str(record.config)))
    config["monitoring"]["drift"] |= {"warning_share": 0.25, "critical_share": 0.75}
    watched = engine(machine, replace(record, config=machine.folder.keep(json.dumps(config).encode()))).monitor
    assert watched is not None
    assert (watched.rules.warning_share, watched.rules.critical_share) == (0.25, 0.75)


def test_a_drift_report_of_another_model_is_refused(machine: Machine) -> None:
    record = machine.record()
    report = json.loads(machine.folder.blob(str(record.drift)))
    report["model"] = "other"
    with pytest.raises(ReleaseError, match="drift report"):
        engine(machine, replace(record, drift=machine.folder.keep(json.dumps(report).encode())))


# --- a meta-label model ---------------------------------------------------------------------------------------------------------------


def test_a_domain_that_asks_no_meta_label_model_has_no_gate(machine: Machine) -> None:
    found = engine(machine, machine.record(thresholds=LAX))
    assert (found.meta, found.follow(InForce(), "u")) == (None, [])
    assert [*found.monitors] == [found.monitor]
    assert found.evaluate(CANDIDATE, ACCOUNT, 1.0).accepted


def test_the_one_in_force_answers_once_the_engine_follows_it(machine: Machine) -> None:
    found, meta = engine(machine, gated(machine, "0")), machine.plan(meta_record(machine))
    assert found.evaluate(CANDIDATE, ACCOUNT, 1.0).reasons == ("meta_label_missing",)
    assert found.follow(InForce(plans={META: meta}), "u") == []
    evaluation = found.evaluate(CANDIDATE, ACCOUNT, 1.0)
    assert evaluation.accepted
    assert evaluation.meta_label_probability is not None
    assert found.meta is not None
    assert [*found.monitors] == [found.monitor, found.meta.monitor]
    assert found.follow(InForce(), "u") == []
    assert found.evaluate(CANDIDATE, ACCOUNT, 1.0).reasons == ("meta_label_missing",)


def test_the_one_that_cannot_be_served_is_told_and_none_answers(machine: Machine) -> None:
    found, record = engine(machine, gated(machine, "0")), meta_record(machine)
    assert found.follow(InForce(plans={META: machine.plan(record)}), "u") == []
    wrong = machine.plan(replace(record, drift=machine.record().drift))
    (error,) = found.follow(InForce(plans={META: wrong}), "u")
    assert isinstance(error, ReleaseError)
    assert found.evaluate(CANDIDATE, ACCOUNT, 1.0).reasons == ("meta_label_missing",)
