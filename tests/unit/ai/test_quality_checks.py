"""Checks that people add: what they say becomes a report, and one that is broken says so."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.ai.quality_checks import DataQualityCheck, QualityCheckReport, QualityIssue, ask, quality_event, quality_report
from bot_core.ai.recent_reports import load_recent_data_quality_reports, unjournalled
from bot_core.documents.kinds import KINDS
from bot_core.documents.reports import read_report
from bot_core.documents.validation import violations
from bot_core.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

AT = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
GAP = QualityIssue(code="gap", status="warning", message="three hours are missing")
STALE = QualityIssue(code="stale", status="critical", message="the newest bar is of last week")


def checking(*issues: QualityIssue, name: str = "feed", job: str | None = None) -> DataQualityCheck:
    return DataQualityCheck(name, lambda: issues, tags=("feed", name), source="the feed", job_name=job)


def reported(
    checks: Sequence[DataQualityCheck], issues: Iterable[QualityIssue] = (), job: str = "eurusd_range"
) -> QualityCheckReport:
    return quality_report(job, checks, issues, environment="paper", source="", at=AT)


def raising(error: BaseException) -> DataQualityCheck:
    def callback() -> list[QualityIssue]:
        raise error

    return DataQualityCheck("broken", callback)


class Own(Exception):  # noqa: N818  # a class that nobody here knows
    """A library's own error."""


def test_what_a_check_says_has_its_name() -> None:
    assert [(issue.check, issue.code) for issue in ask(checking(GAP, STALE))] == [("feed", "gap"), ("feed", "stale")]
    assert ask(checking()) == []


@pytest.mark.parametrize("error", [ValueError("no such column"), Own("gone"), KeyError("bid"), SystemExit(3), MemoryError()])
def test_a_check_that_raises_whatever_is_a_failing_check(error: BaseException) -> None:
    (issue,) = ask(raising(error))
    assert (issue.check, issue.code, issue.status) == ("broken", "check-failed", "critical")
    assert issue.message == f"broken: expected issues, got {type(error).__name__}: {error}"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (["gap"], "broken: expected issues, got TypeError"),
        (None, "broken: expected issues, got TypeError"),
        ([QualityIssue(code="No Name", status="warning", message="x")], "broken: expected issues, got DocumentError: issue: code"),
        ([QualityIssue(code="x", status="ok", message="x")], "got DocumentError: issue: status"),  # type: ignore[arg-type]  # on purpose
    ],
)
def test_a_check_that_answers_with_something_else_is_a_failing_check(said: list[QualityIssue], sentence: str) -> None:
    (issue,) = ask(DataQualityCheck("broken", lambda: said))
    assert (issue.code, issue.status) == ("check-failed", "critical")
    assert sentence in issue.message


@pytest.mark.parametrize(
    ("issues", "status"), [((), "ok"), ((GAP,), "warning"), ((GAP, STALE), "critical"), ((STALE,), "critical")]
)
def test_the_worst_issue_is_the_report_s_status(issues: tuple[QualityIssue, ...], status: str) -> None:
    assert reported([checking(*issues)]).status == status
    assert reported([], issues).status == status


def test_only_the_job_s_own_checks_are_asked() -> None:
    checks = [
        checking(GAP, name="mine", job="eurusd_range"),
        checking(STALE, name="other", job="flight_delay"),
        checking(name="all"),
    ]
    report = reported(checks)
    assert (report.checks, report.status, report.source) == (["mine", "all"], "warning", "the feed")
    assert report.tags == ["feed", "mine", "all"]


def test_the_report_is_a_document_of_its_folder_and_the_schema_agrees() -> None:
    report = reported([checking(GAP)], [STALE])
    data = encode_json(report)
    assert read_report(data, "data_quality", "x.json") == report
    (kind,) = [kind for kind in KINDS if kind.document is QualityCheckReport]
    assert violations(kind, data, "x.json") == []


def test_a_report_cannot_be_better_than_its_worst_issue() -> None:
    data = encode_json(reported([checking(STALE)])).replace(
        b'"status": "critical",\n  "generated', b'"status": "ok",\n  "generated'
    )
    with pytest.raises(DocumentError, match="status: expected critical, the worst of the issues, got ok"):
        decode_json(data, QualityCheckReport, "x.json")


def test_the_event_names_the_file_by_its_path_and_digest(tmp_path: Path) -> None:
    report = reported([checking(STALE)])
    path = "data_quality/eurusd_range.20261121T101500Z.json"
    (tmp_path / "data_quality").mkdir()
    (tmp_path / path).write_bytes(encode_json(report))
    event = quality_event(report, f"audit/ai_decision/{path}")
    assert (event.event_type, event.status, event.schedule) == ("ai_data_quality_report", "critical", "eurusd_range")
    assert event.metadata["digest"] == sha256(encode_json(report))
    found = load_recent_data_quality_reports(audit_root=tmp_path)
    assert [(one.model, one.status, one.came_later) for one in found] == [("eurusd_range", "critical", True)]
    assert unjournalled(found, []) == found
    assert unjournalled(found, [event]) == []
