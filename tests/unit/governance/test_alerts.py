from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._parse import encode_json
from bot_core.ai.performance_judge import PerformanceJudge, Whose
from bot_core.config.monitoring import DegradationConfig
from bot_core.documents.degradation import Expected
from bot_core.governance import layout, writing
from tests.compact import DIGEST
from tests.evidence import drifted
from tests.monitored import inference_drift, inference_quality
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.status import Status

STAMP = "20270101T000000Z"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("alerts"), "paper")


@pytest.fixture
def desk(base: World, tmp_path: Path) -> World:
    return base.clone(tmp_path / "repository")


def bring(desk: World, status: Status, signer: str | None, stamp: str = STAMP) -> str:
    """Bring a later drift report on a branch, signed or not."""
    return bring_data(desk, "drift", encode_json(drifted(MODEL, status)), signer, stamp)


def bring_data(desk: World, kind: str, data: bytes, signer: str | None, stamp: str = STAMP) -> str:
    """Bring a later report of a kind on a branch."""
    path = f"audit/ai_decision/{kind}/{desk.version}.{stamp}.json"
    desk.git("switch", "-qC", "report")
    desk.put(path, data)
    if signer is not None:
        desk.put(path + layout.SIG, writing.sign(data, path, layout.REPORT, desk.key(signer)))
    desk.commit("Drift")
    return path


def state(desk: World) -> tuple[str, list[str]]:
    (model,) = desk.status()["environments"][0]["models"]  # type: ignore[index]
    return model["verdict"], [reason["code"] for reason in model["reasons"]]


def test_a_critical_report_takes_the_release_back_until_it_is_dismissed(desk: World) -> None:
    path = bring(desk, "critical", "dora")
    assert desk.gate()[:2] == (0, set())
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED"])
    answer = ("review", "alert", f"{MODEL}.drift", path, "--role", "risk", "--signer", "ann", "--key", desk.key("ann"))
    desk.ok(*answer, "--ticket", "OPS-17")
    assert state(desk) == ("DENY", ["RPT-FAILED"])
    desk.git("reset", "-q", "--hard", "HEAD~1")
    desk.ok(*answer, "--dismiss")
    assert state(desk) == ("ALLOW", [])


def test_a_degradation_takes_the_release_back_too(desk: World) -> None:
    one = PerformanceJudge(
        Whose(MODEL, desk.version, "paper", enforce=True),
        Expected(report=DIGEST, loss="absolute", unit="bps", baseline="zero", ratio=1.0, worst_window=1.0, windows=2),
        DegradationConfig(),
    )
    path = bring_data(desk, "degradation", encode_json(one.report("fall_back")), "dora")
    assert desk.gate()[:2] == (0, set())
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED"])
    who = ("--role", "risk", "--signer", "ann", "--key", desk.key("ann"))
    desk.ok("review", "alert", f"{MODEL}.degradation", path, *who, "--dismiss")
    assert state(desk) == ("ALLOW", [])


def test_a_later_report_that_is_well_undoes_nothing(desk: World) -> None:
    bring(desk, "critical", "dora")
    bring(desk, "ok", "dora", "20270102T000000Z")
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED"])


def test_one_that_is_well_changes_nothing(desk: World) -> None:
    bring(desk, "ok", "dora")
    desk.merge("report")
    assert state(desk) == ("ALLOW", [])


@pytest.mark.parametrize(("signer", "expected"), [(None, (30, {"SIG-BAD"})), ("gus", (20, {"SIGNOFF-CONTEXT"}))])
def test_nobody_without_a_role_brings_one(desk: World, signer: str | None, expected: tuple[int, set[str]]) -> None:
    bring(desk, "critical", signer)
    assert desk.gate()[:2] == expected


def test_a_damaged_report_counts_as_critical(desk: World) -> None:
    desk.put(f"audit/ai_decision/drift/{desk.version}.{STAMP}.json", "{")
    desk.commit("Damaged")
    assert state(desk) == ("DENY", ["RPT-FAILED"])


@pytest.mark.parametrize(("status", "verdict"), [("critical", "DENY"), ("warning", "ALLOW"), ("ok", "ALLOW")])
@pytest.mark.parametrize("kind", ["drift", "data_quality"])
def test_what_the_monitor_of_a_running_model_wrote_counts_alike(desk: World, kind: str, status: Status, verdict: str) -> None:
    report = inference_drift if kind == "drift" else inference_quality
    path = bring_data(desk, kind, encode_json(report(status, model=MODEL, version=desk.version, enforce=False)), "dora")
    assert desk.gate()[:2] == (0, set())
    desk.merge("report")
    assert state(desk)[0] == verdict
    if status == "critical":
        answer = ("review", "alert", f"{MODEL}.{kind}", path, "--role", "risk", "--signer", "ann", "--key", desk.key("ann"))
        desk.ok(*answer, "--dismiss")
        assert state(desk) == ("ALLOW", [])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("drift", encode_json(inference_quality("ok"))),
        ("data_quality", encode_json(inference_drift("ok"))),
        ("drift", encode_json(drifted(MODEL, "ok")).replace(b"drift/v1", b"drift/v2")),
        ("drift", encode_json(inference_drift("ok")).replace(b'"psi"', b'"PSI"')),
        ("data_quality", b'{"schema": "bot-core/inference-quality/v1", "status": "ok"}'),
    ],
)
def test_one_of_another_folder_of_no_known_kind_or_not_whole_counts_as_critical(desk: World, kind: str, data: bytes) -> None:
    bring_data(desk, kind, data, "dora")
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED"])


def test_each_critical_report_is_dismissed_by_itself(desk: World) -> None:
    first, second = (
        bring_data(desk, "drift", encode_json(inference_drift("critical", environment=place)), "dora", stamp)
        for place, stamp in (("paper", STAMP), ("production", "20270102T000000Z"))
    )
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED", "RPT-FAILED"])
    answer = ("--role", "risk", "--signer", "ann", "--key", desk.key("ann"), "--dismiss")
    desk.ok("review", "alert", f"{MODEL}.drift", first, *answer)
    assert state(desk) == ("DENY", ["RPT-FAILED"])
    assert second in desk.ok("status")
