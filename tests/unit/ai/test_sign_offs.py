from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core import ai
from bot_core._parse import write_bytes
from bot_core.ai.monitoring_record import write_report
from bot_core.ai.sign_offs import AUDIT, update_sign_off
from bot_core.errors import ConfigError, DocumentError, SignOffError
from tests.monitored import inference_drift, inference_quality
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.ai.monitoring_record import Report

NOON = dt.datetime(2027, 1, 1, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("signed"), "ready")


@pytest.fixture
def world(built: World, tmp_path: Path) -> Iterator[World]:
    copy = built.clone(tmp_path / "repository")
    with contextlib.chdir(copy.path):
        yield copy


def test_reports_of_a_signed_release_owe_nothing(world: World) -> None:
    drift, quality = ai.load_recent_drift_reports(limit=1), ai.load_recent_data_quality_reports(limit=5)
    ai.ensure_compliance_sign_offs(data_quality_reports=quality, drift_reports=drift)
    summary = ai.summarize_drift_reports(drift)
    assert (summary["total"], summary["critical"]) == (1, 0)
    assert summary["latest_report_path"] == f"audit/ai_decision/drift/{world.version}.json"
    assert summary["pending_sign_off"] == {"risk": [], "compliance": []}


def test_no_report_is_no_pass(world: World) -> None:
    with pytest.raises(SignOffError, match=r"audit/ai_decision/drift: expected at least one report, got none"):
        ai.ensure_compliance_sign_offs(data_quality_reports=ai.load_recent_data_quality_reports(), drift_reports=[])
    assert world.version


def test_a_later_report_is_owed_until_each_role_has_answered_it(world: World) -> None:
    path = f"audit/ai_decision/drift/{world.version}.20270101T000000Z.json"
    world.put(path, world.read(f"audit/ai_decision/drift/{world.version}.json").replace('"ok"', '"critical"'))
    world.commit("Drift")
    newest = ai.load_recent_drift_reports()
    assert newest[0].report_path == path
    summary = ai.summarize_drift_reports(newest)
    assert (summary["critical"], summary["latest_critical_report_path"]) == (1, path)
    assert summary["pending_sign_off"] == {"risk": [path], "compliance": [path]}
    world.ok("review", "alert", f"{MODEL}.drift", path, "--role", "risk", "--signer", "ann", "--key", world.key("ann"), "--dismiss")
    assert ai.summarize_drift_reports(newest)["pending_sign_off"] == {"risk": [], "compliance": [path]}
    with pytest.raises(SignOffError, match=r"expected the signature of compliance, got none \(1 of 2 reports\)"):
        ai.ensure_compliance_sign_offs(data_quality_reports=ai.load_recent_data_quality_reports(), drift_reports=newest)


def test_a_damaged_report_is_not_skipped(world: World) -> None:
    world.put("audit/ai_decision/drift/damaged.20270101T000000Z.json", "{")
    with pytest.raises(DocumentError, match="expected JSON"):
        ai.load_recent_drift_reports()


def test_walk_forward_reports_are_counted_too(world: World) -> None:
    summary = ai.summarize_walk_forward_reports(ai.load_recent_walk_forward_reports())
    assert (summary["total"], summary["ok"]) == (1, 1)
    assert ai.summarize_data_quality_reports([])["latest_report_path"] is None
    assert world.path.exists()


# --- what a running model's monitor wrote ---


def bring(world: World, *reports: Report, since: dt.datetime = NOON) -> list[str]:
    """Write later reports of the release, a second apart, and commit them."""
    own = [replace(report, version=world.version) for report in reports]
    times = iter([since + place * SECOND for place in range(len(own))])
    paths = [write_report(world.path, report, lambda: next(times)) for report in own]
    world.commit("Reports")
    return paths


def ensure() -> None:
    """Ask as the rollback's runbook does."""
    ai.ensure_compliance_sign_offs(
        data_quality_reports=ai.load_recent_data_quality_reports(limit=5), drift_reports=ai.load_recent_drift_reports(limit=5)
    )


def review(world: World, name: str, path: str, *answer: str, signer: str = "ann", role: str = "risk") -> None:
    """Answer as a person would type it."""
    world.ok("review", "alert", name, path, "--role", role, "--signer", signer, "--key", world.key(signer), *answer)


def test_states_are_counted_and_only_what_is_critical_is_owed(world: World) -> None:
    well, calm, enforced = inference_drift("ok"), inference_drift("warning"), inference_drift("critical")
    paths = bring(world, well, calm, inference_drift("critical", enforce=False), enforced)
    summary = ai.summarize_drift_reports(ai.load_recent_drift_reports())
    counted = {name: summary[name] for name in ("total", "ok", "warning", "critical", "enforced")}
    assert counted == {"total": 5, "ok": 2, "warning": 1, "critical": 2, "enforced": 1}
    assert (summary["latest_report_path"], summary["latest_critical_report_path"]) == (paths[3], paths[3])
    assert summary["pending_sign_off"] == {role: [paths[3], paths[2]] for role in ("risk", "compliance")}


def test_what_is_well_or_a_warning_stops_nothing(world: World) -> None:
    reports: list[Report] = [inference_quality("ok"), inference_drift("warning"), inference_quality("warning")]
    bring(world, *reports * 4)
    ensure()


@pytest.mark.parametrize(
    "critical", [inference_quality("critical"), inference_drift("critical")], ids=lambda report: report.category
)
def test_an_unanswered_alert_is_not_forgotten_however_many_reports_came_after_it(world: World, critical: Report) -> None:
    (path,) = bring(world, critical)
    later: list[Report] = [inference_drift(), inference_quality()]
    bring(world, *later * 12, since=NOON + 60 * SECOND)
    assert path not in [report.report_path for report in ai.load_recent_drift_reports(limit=5)]
    with pytest.raises(SignOffError, match=rf"^{path}: expected the signature of risk, got none \(1 of 1 critical reports\)"):
        ensure()
    review(world, f"{MODEL}.{critical.category}", path, "--dismiss")
    review(world, f"{MODEL}.{critical.category}", path, "--ticket", "OPS-17", signer="ben", role="compliance")
    with pytest.raises(SignOffError, match=r"expected the signature of compliance, got none") as caught:
        ensure()
    assert caught.value.hint == (
        f"bot-core review alert {MODEL}.{critical.category} {path} --role compliance --signer NAME --key KEY --approve"
    )
    world.git("reset", "-q", "--hard", "HEAD~1")
    review(world, f"{MODEL}.{critical.category}", path, "--dismiss", signer="ben", role="compliance")
    ensure()


def test_an_answer_to_another_file_or_under_another_name_does_not_count(world: World) -> None:
    first, second = bring(world, inference_drift("critical"), inference_drift("critical", environment="production"))
    for signer, role in (("ann", "risk"), ("ben", "compliance")):
        review(world, f"{MODEL}.drift", first, "--dismiss", signer=signer, role=role)
        review(world, f"{MODEL}.data_quality", second, "--dismiss", signer=signer, role=role)
    with pytest.raises(SignOffError, match=rf"^{second}: expected the signature of risk"):
        ensure()


def test_a_report_that_nobody_can_read_is_owed_too_and_can_be_answered(world: World) -> None:
    bring(world, *[inference_drift()] * 5)
    path = f"audit/ai_decision/drift/{world.version}.20261101T000000Z.json"
    world.put(path, "{")
    world.commit("Damaged")
    with pytest.raises(SignOffError, match=rf"^{path}: expected the signature of risk"):
        ensure()
    review(world, f"{MODEL}.drift", path, "--dismiss")
    review(world, f"{MODEL}.drift", path, "--dismiss", signer="ben", role="compliance")
    ensure()


def test_another_repository_is_named_by_its_root(world: World, tmp_path: Path) -> None:
    bring(world, inference_drift("critical"))
    with contextlib.chdir(tmp_path):
        quality, drift = (
            load(limit=1, audit_root=world.path / AUDIT)
            for load in (ai.load_recent_data_quality_reports, ai.load_recent_drift_reports)
        )
        with pytest.raises(SignOffError, match=r"1 of 1 reports"):
            ai.ensure_compliance_sign_offs(data_quality_reports=quality, drift_reports=drift, root=world.path)
        for signer, role in (("ann", "risk"), ("ben", "compliance")):
            update_sign_off(drift[0], role=role, status="dismissed", signer=signer, key=world.key(signer), root=world.path)
        ai.ensure_compliance_sign_offs(data_quality_reports=quality, drift_reports=drift, root=world.path)


# --- signing ---


@pytest.mark.parametrize(
    ("status", "more", "lines", "owed"),
    [
        ("approved", {}, {"decision: approve"}, False),
        ("dismissed", {"statement": "A holiday."}, {"decision: dismiss", 'statement: "A holiday."'}, False),
        ("investigating", {"ticket": "OPS-17"}, {"decision: ticket", "ticket: OPS-17", "statement: investigating"}, True),
        ("escalated", {"ticket": "OPS-18"}, {"decision: ticket", "ticket: OPS-18", "statement: escalated"}, True),
    ],
)
def test_a_sign_off_is_a_signed_review(world: World, status: str, more: dict[str, str], lines: set[str], *, owed: bool) -> None:
    (path,) = bring(world, inference_drift("critical"))
    before, told = world.read(path), ai.load_recent_drift_reports(limit=1)
    paths = update_sign_off(told[0], role="risk", status=status, signer="ann", key=world.key("ann"), **more)  # type: ignore[arg-type]
    assert paths[0].startswith(f"compliance/reviews/alert/{MODEL}.drift/risk.ann.")
    assert paths[1] == f"{paths[0]}.sig"
    assert lines | {f"digest: {told[0].digest}", f"path: {path}"} <= set(world.read(paths[0]).splitlines())
    assert world.git("show", "--format=", "--name-only", "HEAD").split() == list(paths)
    assert world.read(path) == before, "nothing is written into a report"
    pending = ai.summarize_drift_reports(told)["pending_sign_off"]
    assert pending == {"risk": [path] if owed else [], "compliance": [path]}


def test_what_is_no_alert_is_answered_as_a_report(world: World) -> None:
    (report,) = ai.load_recent_drift_reports()
    paths = update_sign_off(report, role="data", status="approved", signer="dora", key=world.key("dora"))
    assert paths[0].startswith(f"compliance/reviews/report/{MODEL}.drift/data.dora.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"status": "rejected"},
            r"^status: expected one of approved, dismissed, .*; got rejected \(what must not go on is stopped",
        ),
        ({"status": "pending"}, r"; got pending \(an unsigned report is pending by itself"),
        ({"status": "waived"}, r"; got waived \(nobody waives a signature here"),
        ({"status": "APPROVED"}, r"; got APPROVED \(nothing was signed\)"),
        ({"status": "escalated"}, r"^ticket: expected the ticket under which it is worked on, got none"),
        ({"ticket": "OPS-1"}, r"^ticket: expected no ticket for approved, got OPS-1"),
        ({"role": "compliance"}, r"expected somebody in the role compliance, got ann"),
        ({"signer": "zoe"}, r"expected somebody in the role risk, got zoe"),
        ({"statement": ""}, r"statement: expected "),
    ],
)
def test_what_says_nothing_is_not_signed(world: World, change: dict[str, str], sentence: str) -> None:
    (report,) = ai.load_recent_drift_reports()
    told = {"role": "risk", "status": "approved", "signer": "ann"} | change
    head = world.git("rev-parse", "HEAD")
    with pytest.raises(ConfigError, match=sentence):
        update_sign_off(report, key=world.key("ann"), **told)  # type: ignore[arg-type]  # the parameters of update_sign_off
    assert (world.git("rev-parse", "HEAD"), world.git("status", "--porcelain")) == (head, "")


def test_only_the_committed_report_that_was_read_is_signed(world: World, tmp_path: Path) -> None:
    (path,) = bring(world, inference_drift("critical"))
    (read,) = ai.load_recent_drift_reports(limit=1)
    key = world.key("ann")
    world.put(path, world.read(path).replace('"critical"', '"ok"'))
    (edited,) = ai.load_recent_drift_reports(limit=1)
    with pytest.raises(ConfigError, match=rf"^{path}: expected the report with the digest {edited.digest} committed here"):
        update_sign_off(edited, role="risk", status="approved", signer="ann", key=key)
    assert update_sign_off(read, role="risk", status="approved", signer="ann", key=key)
    outside = tmp_path / "elsewhere/drift" / Path(path).name
    write_bytes(outside, (world.path / path).read_bytes())
    (strange,) = ai.load_recent_drift_reports(audit_root=tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=rf"^{outside}: expected the report with the digest"):
        update_sign_off(strange, role="risk", status="approved", signer="ann", key=key)
