from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.config.decision import DecisionStressTestConfig, FeaturePolicy, MetaLabelCondition
from bot_core.decision.candidate import RiskSnapshot
from bot_core.decision.meta_label import MetaLabelInference
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.decision.ports import ModelScore
from bot_core.decision.smoke import Judge, Setting, SmokeModel, Source, Sources, asked_of, digest_of, smoke
from bot_core.errors import DocumentError
from data.decision_engine.paper.build_candidates import OUT, candidates
from tests.unit.decision.conftest import CANDIDATE, CONFIG, NOW, SNAPSHOT, Raising, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.decision.candidate import DecisionCandidate
    from bot_core.decision.smoke import Asked, SmokeReport

PAPER = OUT.parent
ACCOUNT = {"start_of_day_equity": 1.0, "daily_realized_pnl": 0.0, "peak_equity": 1.0, "last_equity": 1.0}
COSTS = {
    "strategies": {"trend": {"profiles": {"balanced": {"cost_bps": 2.0}}, "total": {"cost_bps": 3.0}}},
    "total": {"cost_bps": 4.0},
}


def asked(*found: DecisionCandidate, costs: object = None, **snapshot: object) -> Asked:
    """Ask for candidates in the balanced profile, each of another notional or symbol where it says so."""
    contexts = {"balanced": replace(SNAPSHOT, **snapshot)}
    data = [encode_json(part) for part in (contexts, list(found or (CANDIDATE,)), costs or {})]
    return asked_of(sources(*data))


def sources(risk: bytes = b"{}", proposed: bytes = b"", costs: bytes = b"{}") -> Sources:
    listed = proposed or encode_json([CANDIDATE])
    return Sources(Source("risk.json", risk), Source("candidates.json", listed), Source("tco.json", costs))


def judge(told: Told | None = None, name: str = "trend", factor: float = 1.0, **config: object) -> Judge:
    parts = {part: f"sha256:{part}.{name}" for part in ("release", "artifact", "domain")}
    model = SmokeModel(model=name, version=f"1-{name}", rollout=100, protective_factor=factor, **parts)
    return Judge(model, replace(CONFIG, **config), Told() if told is None else told)


def setting(*, now: dt.datetime = NOW, allow_empty: bool = False) -> Setting:
    return Setting(generated_at=now, mode="live", environment="paper", commit="0" * 40, allow_empty=allow_empty)


def run(found: Asked, *judges: Judge, model: str | None = None, allow_empty: bool = False, now: dt.datetime = NOW) -> SmokeReport:
    return smoke(
        found, {one.model.model: one for one in judges or (judge(),)}, setting(now=now, allow_empty=allow_empty), model=model
    )


# --- what is asked ---


def test_the_three_files_are_read_and_named_by_their_digests() -> None:
    risk = json.dumps({"balanced": {**ACCOUNT, "positions": {"msft": {"side": "short", "notional": 2}}}}).encode()
    costs = json.dumps(COSTS).encode()
    bare = asked_of(sources(risk, encode_json([CANDIDATE]), costs))
    wrapped = asked_of(sources(risk, encode_json({"candidates": [CANDIDATE]}), costs))
    assert bare.candidates == wrapped.candidates == (CANDIDATE,)
    assert bare.contexts["balanced"].positions["msft"].notional == 2.0
    assert bare.costs.strategies["trend"].profiles["balanced"].cost_bps == 2.0
    assert msgspec.to_builtins(bare.inputs) == {
        "risk_snapshot": {"path": "risk.json", "digest": sha256(risk)},
        "candidates": {"path": "candidates.json", "digest": sha256(encode_json([CANDIDATE]))},
        "tco_report": {"path": "tco.json", "digest": sha256(costs)},
    }


@pytest.mark.parametrize(
    ("file", "said", "sentence"),
    [
        ("risk", "[]", "risk.json: expected object, got a list"),
        ("risk", '{"p": 1}', "risk.json: p: expected object, got 1"),
        ("risk", json.dumps({"p": {**ACCOUNT, "last_equity": "x"}}), "risk.json: p: last_equity: expected float, got 'x'"),
        ("risk", json.dumps({"p": {**ACCOUNT, "taken_at": 1}}), "risk.json: p: taken_at: expected datetime | null, got 1"),
        ("risk", json.dumps({"p": {"peak_equity": 1.0}}), "risk.json: p: start_of_day_equity: expected a value, got nothing"),
        (
            "risk",
            json.dumps({"p": {**ACCOUNT, "positions": {"msft": {"notional": None}}}}),
            "risk.json: p: positions.msft: notional: expected float, got nothing",
        ),
        ("proposed", "[]", "candidates.json: expected at least one candidate, got none"),
        ("proposed", '{"candidates": []}', "candidates.json: expected at least one candidate, got none"),
        ("proposed", "{}", "candidates.json: candidates: expected a value, got nothing"),
        ("proposed", "3", "candidates.json: expected object, got 3"),
        ("proposed", '{"candidates": [{"strategy": 1}]}', "candidates.json: candidates[0].strategy: expected str, got 1"),
        ("proposed", '[{"strategy": "a"}]', "candidates.json: [0].action: expected a value, got nothing"),
        ("proposed", '[{"side": "a"}]', "candidates.json: [0].side: expected one of action, cost_bps_override, "),
        ("costs", '{"total": 3}', "tco.json: total: expected object | null, got 3"),
        ("costs", '{"strategies": {"a": 3}}', "tco.json: strategies.a: expected object, got 3"),
        (
            "costs",
            '{"strategies": {"a": {"profiles": {"p": {"cost_bps": "1"}}}}}',
            "tco.json: strategies.a: profiles.p: cost_bps: expected float, got '1'",
        ),
        ("costs", '{"total": {"cost_bps": NaN}}', "tco.json: expected JSON, got b'{"),
    ],
)
def test_a_fault_says_where_what_was_expected_and_what_came(file: str, said: str, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        asked_of(sources(**{file: said.encode()}))
    assert caught.value.message.startswith(sentence)


def test_only_a_snapshot_without_a_time_is_given_one() -> None:
    dated = {**ACCOUNT, "taken_at": "2026-11-21T11:00:00Z"}
    files = sources(json.dumps({"dated": dated, "undated": ACCOUNT}).encode())
    assert {name: found.taken_at for name, found in asked_of(files).contexts.items()} == {
        "dated": NOW - dt.timedelta(hours=1),
        "undated": None,
    }
    assert {name: found.taken_at for name, found in asked_of(files, taken_at=NOW).contexts.items()} == {
        "dated": NOW - dt.timedelta(hours=1),
        "undated": NOW,
    }


# --- what is answered ---


def test_a_candidate_that_passes_is_told_whole() -> None:
    report = run(asked(costs=COSTS), judge(model := Told(50.0, 0.75)))
    assert (report.accepted, report.rejected, report.passed, report.problems, report.reasons) == (1, 0, True, (), {})
    (one,) = report.evaluations
    assert (one.model, one.version, one.artifact, one.left_out) == ("trend", "1-trend", "sha256:artifact.trend", ())
    assert (one.evaluation.candidate, one.evaluation.model_name, one.evaluation.model_selection) == (CANDIDATE, "trend", "named")
    assert one.evaluation.net_edge_bps == 50.0 * 0.75  # its own cost of zero comes before the report's
    assert model.asked == [{"momentum": 0.0, "volume_ratio": 1.0}]


def test_costs_come_from_the_report() -> None:
    plain = replace(CANDIDATE, cost_bps_override=None)
    other = replace(plain, risk_profile="other")
    report = run(asked(plain, other, costs=COSTS))
    assert [(one.evaluation.cost_bps, one.evaluation.cost_source) for one in report.evaluations] == [
        (2.0, "profile"),
        (3.0, "strategy"),
    ]


@pytest.mark.parametrize(
    ("taken_at", "code"),
    [
        (None, "risk_snapshot_undated"),
        (NOW - dt.timedelta(seconds=61), "risk_snapshot_stale"),
        (NOW + dt.timedelta(seconds=2), "risk_snapshot_ahead"),
    ],
)
def test_a_snapshot_of_another_time_rejects(taken_at: dt.datetime | None, code: str) -> None:
    report = run(asked(taken_at=taken_at))
    assert report.reasons == {code: 1}
    assert report.problems == (f"candidates: expected at least one to be accepted, got none of 1: {code} (1)",)


def test_a_profile_without_a_snapshot_rejects() -> None:
    assert "risk_snapshot_missing" in run(asked(replace(CANDIDATE, risk_profile="unheard"))).reasons


def test_each_model_judges_its_own_within_its_own_limits() -> None:
    strict = judge(Told(50.0), "strict", orchestrator=replace(CONFIG.orchestrator, min_net_edge_bps=40.0))
    report = run(asked(CANDIDATE, replace(CANDIDATE, strategy="strict")), judge(Told(20.0)), strict)
    found = [(one.model, one.evaluation.model_expected_return_bps, one.evaluation.accepted) for one in report.evaluations]
    assert found == [("trend", 20.0, True), ("strict", 50.0, False)]
    assert [model.model for model in report.models] == ["trend", "strict"]
    assert (report.accepted, report.rejected, report.reasons) == (1, 1, {"net_edge_below_minimum": 1})


def test_a_named_model_judges_whatever_the_strategy() -> None:
    report = run(asked(costs=COSTS), judge(Told(30.0), "other"), model="other")
    assert [(one.model, one.evaluation.model_expected_return_bps) for one in report.evaluations] == [("other", 30.0)]


def test_what_a_model_does_not_read_is_left_out_and_named() -> None:
    features = {"hour": 3.0, "momentum": 0.5, "volume_ratio": 1, "colour": "red"}
    report = run(asked(replace(CANDIDATE, metadata={"features": features})), judge(model := Told()))
    assert model.asked == [{"momentum": 0.5, "volume_ratio": 1.0}]
    (one,) = report.evaluations
    assert (one.left_out, one.evaluation.accepted) == (("hour", "colour"), True)
    assert one.evaluation.candidate.metadata == {"features": features}


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"features": {"momentum": 0.5}}, "feature_missing"),
        ({"features": {"momentum": 0.5, "volume_ratio": "1"}}, "feature_not_finite"),
        ({}, "features_missing"),
    ],
)
def test_what_a_model_lacks_rejects(metadata: dict[str, object], code: str) -> None:
    report = run(asked(replace(CANDIDATE, metadata=metadata)), judge(model := Told()))
    assert (model.asked, report.reasons, report.passed) == ([], {code: 1}, False)


def test_the_rest_of_the_feature_policy_stays_the_plans() -> None:
    policy = FeaturePolicy(missing="nan")
    run(asked(replace(CANDIDATE, metadata={"features": {"momentum": 0.5}})), judge(model := Told(), features=policy))
    assert math.isnan(model.asked[0]["volume_ratio"])


def test_shrunk_limits_count() -> None:
    big = replace(CANDIDATE, notional=60_000.0)
    limits = replace(CONFIG.orchestrator, max_trade_notional=None)
    assert run(asked(big), judge(orchestrator=limits)).passed
    assert run(asked(big), judge(orchestrator=limits, factor=0.5)).reasons.keys() == {
        "gross_notional_limit",
        "open_positions_limit",
    }


def test_the_claims_of_a_candidate_never_stand_in() -> None:
    boast = replace(CANDIDATE, expected_return_bps=9_999.0)
    assert run(asked(boast), judge(Told(1.0))).reasons == {"net_edge_below_minimum": 1}


# --- what passes ---


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (Told(math.nan), "score_invalid"),
        (Told(math.inf), "score_invalid"),
        (Told(9.0, 1.5), "score_invalid"),
        (Raising(RuntimeError("broken")), "score_failed"),
        (Told(ready=False), "model_not_ready"),
    ],
)
def test_a_model_that_gave_no_score_fails_even_where_nothing_must_be_accepted(model: Told, code: str) -> None:
    report = run(asked(CANDIDATE, CANDIDATE), judge(model), allow_empty=True)
    assert report.problems == (f"trend 1-trend: expected a score of at least one candidate, got none of 2: {code} (2)",)
    assert not report.passed


def test_a_model_without_a_score_fails_though_another_accepted() -> None:
    report = run(asked(CANDIDATE, replace(CANDIDATE, strategy="mute")), judge(), judge(Told(math.nan), "mute"))
    assert (report.accepted, report.passed) == (1, False)
    assert report.problems == ("mute 1-mute: expected a score of at least one candidate, got none of 1: score_invalid (1)",)


def test_scores_are_enough_where_nothing_must_be_accepted() -> None:
    assert run(asked(), judge(Told(0.0)), allow_empty=True).passed
    refused = run(asked(), judge(Told(0.0)))
    assert refused.problems == ("candidates: expected at least one to be accepted, got none of 1: net_edge_below_minimum (1)",)


def test_a_stress_failure_is_counted_and_rejects() -> None:
    report = run(asked(), judge(stress_tests=DecisionStressTestConfig(cost_shock_bps=25.0)))
    assert (report.accepted, report.reasons, report.stress_failures) == (0, {}, {"stress_cost_shock": 1})
    assert report.problems == ("candidates: expected at least one to be accepted, got none of 1: stress_cost_shock (1)",)


# --- laws ---

PROPOSED = st.lists(
    st.tuples(
        st.sampled_from(["balanced", "other", "unheard"]), st.sampled_from(["EURUSD", "MSFT", "AAPL"]), st.floats(0.0, 60_000.0)
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(PROPOSED)
def test_the_verdicts_are_the_orchestrators(proposed: list[tuple[str, str, float]]) -> None:
    listed = [replace(CANDIDATE, risk_profile=profile, symbol=symbol, notional=size) for profile, symbol, size in proposed]
    found = asked(*listed)._replace(contexts=(contexts := {"balanced": SNAPSHOT, "other": SNAPSHOT}))
    orchestrator = DecisionOrchestrator(CONFIG, inference=Told(), clock=lambda: NOW)
    expected = orchestrator.evaluate_candidates(listed, contexts)
    report = run(found)
    same = [replace(one.evaluation, model_name="default", model_selection="default") for one in report.evaluations]
    assert same == expected
    assert (report.accepted, report.rejected) == (sum(e.accepted for e in expected), sum(not e.accepted for e in expected))
    assert report.passed == (report.accepted > 0)
    assert contexts == {"balanced": SNAPSHOT, "other": SNAPSHOT}


def leaves(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of everything that is no list and no mapping."""
    parts: Mapping[Any, object] = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    return [found for key, part in parts.items() for found in leaves(part, (*path, key))] if parts else [path]


def test_the_digest_names_every_part_of_evaluations_and_inputs_and_nothing_else() -> None:
    report = run(asked(CANDIDATE, replace(CANDIDATE, notional=60_000.0), costs=COSTS))
    read = json.loads(encode_json(report))
    assert report.digest == digest_of(read["inputs"], read["evaluations"])
    assert run(asked(CANDIDATE, replace(CANDIDATE, notional=60_000.0), costs=COSTS), allow_empty=True).digest == report.digest
    covered = [path for part in ("inputs", "evaluations") for path in leaves(read[part], (part,))]
    assert len(covered) > 80
    for path in covered:
        changed = json.loads(encode_json(report))
        *way, last = path
        place = changed
        for step in way:
            place = place[step]
        place[last] = "changed"
        assert digest_of(changed["inputs"], changed["evaluations"]) != report.digest, path


def test_two_runs_at_two_times_have_one_digest() -> None:
    later = NOW + dt.timedelta(seconds=30)
    assert run(asked(), now=later).digest == run(asked()).digest
    assert run(asked(), now=later).generated_at == later


# --- what is shipped ---


def test_the_shipped_candidates_are_what_the_bars_give() -> None:
    shipped, computed = json.loads(OUT.read_bytes())["candidates"], candidates()
    assert len(shipped) == len(computed) == 5
    for one, other in zip(shipped, computed, strict=True):
        features, expected = one["metadata"].pop("features"), other["metadata"].pop("features")  # type: ignore[attr-defined]  # plain JSON
        assert [*features] == [*expected]
        assert len(features) == 18
        assert features == pytest.approx(expected, rel=1e-9, abs=1e-15)
        assert one == other


def test_the_shipped_files_are_read_and_have_no_clock() -> None:
    found = asked_of(Sources(*(Source(name, Path(PAPER, f"{name}.json").read_bytes()) for name in Sources._fields)))
    assert {candidate.risk_profile for candidate in found.candidates} == {*found.contexts}
    assert [snapshot.taken_at for snapshot in found.contexts.values()] == [None] * 3
    assert all(isinstance(snapshot, RiskSnapshot) for snapshot in found.contexts.values())


@pytest.mark.parametrize(("said", "accepted"), [(0.5, 1), (0.25, 0), (None, 0)])
def test_a_meta_label_model_judges_where_a_domain_asks_for_one(said: float | None, accepted: int) -> None:
    primary = Told()
    primary.answer = ModelScore(50.0, 0.75, 1.0)
    gated = judge(primary, meta_label=MetaLabelCondition(model="decision_meta", min_probability=0.5))
    meta = None if said is None else MetaLabelInference(Told(probability=said), pivot=0.0, scale=1.0)
    report = run(asked(), gated._replace(meta=meta))
    assert report.accepted == accepted
    assert report.evaluations[0].evaluation.meta_label_probability == said
    assert [*report.reasons] == ([] if accepted else ["meta_label_missing" if said is None else "meta_label_below_minimum"])


def test_a_report_without_one_does_not_speak_of_it() -> None:
    assert b"meta_label" not in encode_json(run(asked()))
