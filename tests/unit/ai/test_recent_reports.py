from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._parse import encode_json, write_bytes
from bot_core.ai.monitoring_record import report_event, write_report
from bot_core.ai.recent_reports import (
    Archived,
    critical_reports,
    load_recent_data_quality_reports,
    load_recent_drift_reports,
    load_recent_walk_forward_reports,
    unjournalled,
)
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.monitoring import InferenceDrift, InferenceQuality
from bot_core.errors import DocumentError
from tests.evidence import data_quality, drifted, walk_forward
from tests.monitored import MODEL, NOON, VERSION, inference_drift, inference_quality

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.ai.monitoring_record import Report
    from bot_core.documents.status import Status

DAY = dt.timedelta(days=1)


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """An archive with a release's own three reports."""
    root = tmp_path / "audit/ai_decision"
    for kind, report in (("walk_forward", walk_forward(MODEL, beats=True)), ("drift", drifted(MODEL, "ok"))):
        write_bytes(root / kind / f"{VERSION}.json", encode_json(report))
    write_bytes(root / "data_quality" / f"{VERSION}.json", encode_json(data_quality(MODEL, "ok")))
    return root


def add(audit: Path, report: Report, day: int) -> str:
    return str(audit.parent.parent / write_report(audit.parent.parent, report, lambda: NOON + day * DAY))


def test_reports_of_both_origins_come_newest_first_by_their_names(audit: Path) -> None:
    late, early = add(audit, inference_drift("critical"), 2), add(audit, inference_drift("warning"), 1)
    os.utime(late, (0, 0))
    found = load_recent_drift_reports(audit_root=audit)
    assert [report.report_path for report in found] == [late, early, str(audit / "drift" / f"{VERSION}.json")]
    assert [report.status for report in found] == ["critical", "warning", "ok"]
    assert [type(report.report) for report in found] == [InferenceDrift, InferenceDrift, DriftReport]
    assert [report.came_later for report in found] == [True, True, False]
    assert load_recent_drift_reports(limit=1, audit_root=audit) == found[:1]
    add(audit, inference_quality(), 1)
    quality = load_recent_data_quality_reports(audit_root=audit)
    assert [type(report.report) for report in quality] == [InferenceQuality, DataQualityReport]
    assert len(load_recent_walk_forward_reports(audit_root=audit)) == 1


def test_a_report_that_is_skipped_would_be_an_alert_that_is_missed(audit: Path) -> None:
    write_bytes(audit / "data_quality" / f"{VERSION}.20270101T000000Z.json", encode_json({"schema": "bot-core/other/v1"}))
    with pytest.raises(
        DocumentError,
        match=r"20270101T000000Z\.json: schema: expected one of bot-core/data-quality/v1, bot-core/inference-quality/v1, "
        r"bot-core/quality-checks/v1; got bot-core/other/v1",
    ):
        load_recent_data_quality_reports(audit_root=audit)


@pytest.mark.parametrize(
    ("status", "later", "owes"),
    [("ok", True, False), ("warning", True, False), ("critical", True, True), ("ok", False, True), ("warning", False, True)],
)
def test_a_release_s_own_evidence_and_what_is_critical_owes_signatures(status: Status, *, later: bool, owes: bool) -> None:
    name = f"{VERSION}.20270101T000000Z.json" if later else f"{VERSION}.json"
    report = Archived("drift", f"audit/ai_decision/drift/{name}", "sha256:0", MODEL, status)
    assert (report.came_later, report.owes_signatures) == (later, owes)


def test_every_critical_report_is_found_however_many_came_after_it(audit: Path) -> None:
    first = add(audit, inference_drift("critical"), 0)
    for day in range(1, 30):
        add(audit, inference_drift("warning" if day % 2 else "ok"), day)
    assert [report.report_path for report in critical_reports("drift", audit)] == [first]
    assert critical_reports("data_quality", audit) == []
    assert critical_reports("drift", audit / "nowhere") == []


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"",
        b"[]",
        b"\xff",
        b'{"status": "ok"}',
        encode_json({"schema": "bot-core/drift/v1", "model": MODEL, "status": "fine"}),
        encode_json({"schema": "bot-core/drift/v2", "model": MODEL, "status": "ok"}),
        encode_json({"schema": "bot-core/inference-quality/v1", "model": MODEL, "status": "ok"}),
        encode_json({"schema": "bot-core/drift/v1", "status": "ok"}),
        encode_json({"schema": "bot-core/drift/v1", "model": 7, "status": "ok"}),
    ],
)
def test_what_cannot_be_read_is_among_the_critical(audit: Path, data: bytes) -> None:
    path = audit / "drift" / f"{VERSION}.20270101T000000Z.json"
    write_bytes(path, data)
    (found,) = critical_reports("drift", audit)
    assert (found.report_path, found.status, found.model) == (str(path), "critical", "")


def test_a_report_without_its_event_is_found(audit: Path) -> None:
    root = audit.parent.parent
    told, silent = inference_drift("critical"), inference_drift("warning")
    told_path = write_report(root, told, lambda: NOON + DAY)
    silent_path = write_report(root, silent, lambda: NOON + 2 * DAY)
    reports = load_recent_drift_reports(limit=2, audit_root=audit)
    event = report_event(told, told_path, NOON)
    assert [report.report_path for report in unjournalled(reports, [event])] == [str(root / silent_path)]
    assert unjournalled(reports, [event, report_event(silent, silent_path, NOON)]) == []
    assert unjournalled(reports, []) == reports
    assert unjournalled([], [event]) == []


def test_an_event_of_another_kind_or_of_another_content_does_not_count(audit: Path) -> None:
    report = inference_drift("critical")
    path = write_report(audit.parent.parent, report, lambda: NOON)
    reports = load_recent_drift_reports(limit=1, audit_root=audit)
    event = report_event(report, path, NOON)
    other_kind = replace(event, event_type="ai_data_quality_report")
    edited = replace(event, metadata=event.metadata | {"digest": "sha256:" + "0" * 64})
    nameless = replace(event, metadata={"report_path": 7})
    assert unjournalled(reports, [other_kind, edited, nameless]) == reports
    without_digest = replace(event, metadata={"report_path": path})
    assert unjournalled(reports, [without_digest]) == []
    assert unjournalled(reports, [edited, event]) == []
