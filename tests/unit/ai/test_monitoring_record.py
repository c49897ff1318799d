from __future__ import annotations

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.monitoring_record import newest_status, report_event, write_report
from bot_core.documents.kinds import KINDS
from bot_core.documents.reports import read_report
from bot_core.documents.validation import violations
from bot_core.errors import AuditError
from bot_core.governance import alerts, layout
from bot_core.journal.event import TradingDecisionEvent
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from tests.monitored import MODEL, NOON, VERSION, inference_drift, inference_quality

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.ai.monitoring_record import Report
    from bot_core.documents.status import Status

SAME_SECOND = """
import datetime as dt, sys
from pathlib import Path
from bot_core.ai.monitoring_record import write_report
from tests.monitored import NOON, inference_drift
for _ in range(20):
    print(write_report(Path(sys.argv[1]), inference_drift(environment=sys.argv[2]), lambda: NOON))
"""


def write(root: Path, report: Report, hour: int = 0) -> str:
    return write_report(root, report, lambda: NOON + hour * dt.timedelta(hours=1))


@pytest.mark.parametrize("report", [inference_quality("warning"), inference_drift("critical")], ids=lambda report: report.category)
def test_a_report_is_a_later_report_of_its_release(report: Report, tmp_path: Path) -> None:
    path = write(tmp_path, report)
    assert path == f"audit/ai_decision/{report.category}/{VERSION}.20261121T120000Z.json"
    assert (layout.classify(path), bool(alerts.LATER.fullmatch(path))) == ("add_only", True)
    assert (tmp_path / path).read_bytes() == encode_json(report)
    assert read_report((tmp_path / path).read_bytes(), report.category, path) == report
    (kind,) = [kind for kind in KINDS if kind.document is type(report)]
    assert violations(kind, (tmp_path / path).read_bytes(), path) == []


def test_the_time_in_the_name_is_utc(tmp_path: Path) -> None:
    local = NOON.astimezone(dt.timezone(dt.timedelta(hours=5)))
    assert write_report(tmp_path, inference_drift(), lambda: local).endswith(".20261121T120000Z.json")


def test_of_two_in_one_second_neither_overwrites_the_other(tmp_path: Path) -> None:
    reports = [inference_drift(status) for status in ("ok", "critical", "warning")]
    paths = [write(tmp_path, report) for report in reports]
    assert [path.split(".")[1] for path in paths] == ["20261121T120000Z", "20261121T120001Z", "20261121T120002Z"]
    assert [(tmp_path / path).read_bytes() for path in paths] == [encode_json(report) for report in reports]


def test_threads_and_processes_that_report_in_one_second_all_keep_theirs(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SAME_SECOND, str(tmp_path)]
    with ThreadPoolExecutor(8) as threads:
        others = [threads.submit(subprocess.run, [*command, f"p{i}"], check=True, capture_output=True) for i in range(2)]
        own = list(threads.map(lambda i: write(tmp_path, inference_drift(environment=f"t{i}")), range(40)))
        assert [other.result().returncode for other in others] == [0, 0]
    files = sorted(path for path in (tmp_path / "audit/ai_decision/drift").iterdir())
    assert len(set(own)) == 40
    assert len(files) == 80
    held = [read_report(path.read_bytes(), "drift", str(path)) for path in files]
    places = [report.environment for report in held if isinstance(report, type(inference_drift()))]
    assert sorted(places) == sorted([*(f"t{i}" for i in range(40)), *["p0"] * 20, *["p1"] * 20])


def test_what_cannot_be_written_is_an_audit_error(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("in the way")
    with pytest.raises(AuditError, match="expected to write"):
        write(tmp_path, inference_drift())


def test_an_event_names_the_report_and_is_recorded(tmp_path: Path) -> None:
    report = inference_quality("critical")
    path = write(tmp_path, report)
    with JsonlTradingDecisionJournal(tmp_path / "journal.log") as journal:
        journal.record(report_event(report, path, NOON))
        (recorded,) = journal.export()
    assert recorded["event"] == "ai_data_quality_report"
    assert recorded["report_path"] == path
    assert recorded["digest"] == sha256((tmp_path / path).read_bytes())
    assert (recorded["environment"], recorded["portfolio"], recorded["risk_profile"]) == ("paper", "ai-manager", "ai-monitoring")
    assert (recorded["status"], recorded["model"], recorded["version"]) == ("critical", MODEL, VERSION)
    drift = report_event(inference_drift(), "x", NOON)
    assert isinstance(drift, TradingDecisionEvent)
    assert drift.event_type == "ai_drift_report"


def status(root: Path, *, environment: str = "paper", rows: int = 100) -> Status:
    return newest_status(root, version=VERSION, environment=environment, rows=rows)


def test_the_newest_whole_windows_are_what_a_restart_goes_on_from(tmp_path: Path) -> None:
    assert status(tmp_path) == "ok"
    write(tmp_path, inference_drift("critical"))
    assert status(tmp_path) == "critical"
    write(tmp_path, inference_quality("warning"), hour=1)
    assert status(tmp_path) == "critical"
    write(tmp_path, inference_drift("ok"), hour=1)
    assert status(tmp_path) == "warning"


def test_reports_of_elsewhere_and_of_short_windows_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, inference_quality("critical"))
    write(tmp_path, inference_quality("ok", environment="production"), hour=1)
    write(tmp_path, inference_quality("ok", version="20260101T000000Z-ffffffff"), hour=2)
    assert (status(tmp_path), status(tmp_path, environment="production")) == ("critical", "ok")
    assert status(tmp_path, rows=101) == "ok"


def test_one_that_cannot_be_read_is_critical(tmp_path: Path) -> None:
    path = tmp_path / write(tmp_path, inference_quality("ok"))
    path.write_text("{")
    assert status(tmp_path) == "critical"
