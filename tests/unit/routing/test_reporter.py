from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.documents.kinds import KINDS
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.reports import read_report
from bot_core.documents.validation import violations
from bot_core.errors import AuditError
from bot_core.governance import alerts, layout
from bot_core.governance.state import StateFolder
from bot_core.routing.reporter import FileRecorder, Reporter, drift_event, guard_event
from bot_core.runtime.journal import recorded
from tests.drifting import NOON, VERSION, Hours, online_drift, routing

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.journal.event import TradingDecisionEvent

JOURNAL = "logs/journal.jsonl"
SAME_SECOND = """
import sys
from pathlib import Path
from bot_core.routing.reporter import Reporter
from tests.drifting import Hours, online_drift, routing
reporter = Reporter(Path(sys.argv[1]), routing(), None, Hours())
for row in range(10):
    reporter.submit(online_drift(signal=f"input:{sys.argv[2]}{row}"))
assert reporter.settle() == []
"""


def reporter(root: Path) -> Reporter:
    return Reporter(root, routing(), FileRecorder(root / JOURNAL, Hours()), Hours())


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.json") if "drift" in str(path))


def events(root: Path) -> list[TradingDecisionEvent]:
    return [event for _, event in recorded(root / JOURNAL)]


@pytest.mark.parametrize(("version", "stem"), [(None, "rf_rule.signal"), (VERSION, VERSION)])
def test_a_report_lies_in_both_folders_with_the_same_bytes(tmp_path: Path, version: str | None, stem: str) -> None:
    report, here = online_drift(version=version), reporter(tmp_path)
    here.submit(report)
    assert here.settle() == []
    name = f"{stem}.20261121T120000Z.json"
    paths = [f"audit/ai_decision/drift/{name}", f"state/drift_reports/{name}"]
    assert files(tmp_path) == paths
    assert {(tmp_path / path).read_bytes() for path in paths} == {encode_json(report)}
    assert (layout.classify(paths[0]), bool(alerts.LATER.fullmatch(paths[0]))) == ("add_only", version is not None)
    assert read_report((tmp_path / paths[0]).read_bytes(), "drift", paths[0]) == report
    (kind,) = [kind for kind in KINDS if kind.document is OnlineDrift]
    assert violations(kind, encode_json(report), "report") == []


def test_a_report_is_journalled_by_path_and_digest(tmp_path: Path) -> None:
    here, report = reporter(tmp_path), online_drift(version=VERSION)
    here.submit(report)
    assert here.settle() == []
    (event,) = events(tmp_path)
    path = f"audit/ai_decision/drift/{VERSION}.20261121T120000Z.json"
    assert event == drift_event(report, path, NOON)
    assert (event.event_type, event.status, event.confidence) == ("ai_drift_report", "warning", 0.25)
    assert event.metadata["digest"] == sha256((tmp_path / path).read_bytes())
    assert (event.metadata["report_path"], event.metadata["version"]) == (path, VERSION)


def test_names_never_collide_in_one_second(tmp_path: Path) -> None:
    here = reporter(tmp_path)
    for signal in ("input:a", "output", "error"):
        here.submit(online_drift(signal=signal))
    assert here.settle() == []
    assert len(files(tmp_path)) == 6
    assert {json.loads((tmp_path / path).read_text())["signal"] for path in files(tmp_path)} == {"input:a", "output", "error"}


def test_nor_do_those_of_two_processes(tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", SAME_SECOND, str(tmp_path), name]) for name in "ab"]
    assert [process.wait(60) for process in started] == [0, 0]
    said = [json.loads((tmp_path / path).read_text())["signal"] for path in files(tmp_path)]
    assert sorted(said) == sorted([f"input:{name}{row}" for name in "ab" for row in range(10)] * 2)


def test_mass_drift_shrinks_the_model_s_limits_once(tmp_path: Path) -> None:
    here = reporter(tmp_path)
    for _ in range(2):
        here.submit(online_drift("mass"))
    assert here.settle() == []
    (protected,) = StateFolder(tmp_path / "var/models").control().protected
    first = tmp_path / "audit/ai_decision/drift/rf_rule.signal.20261121T120000Z.json"
    assert (protected.model, tmp_path / protected.path, protected.since) == ("rf_rule", first, NOON)
    assert protected.digest == sha256(first.read_bytes())
    kinds = [(event.event_type, event.status) for event in events(tmp_path)]
    assert kinds == [("ai_drift_report", "critical"), ("guard_trip", "protective"), ("ai_drift_report", "critical")]
    assert events(tmp_path)[1] == guard_event(online_drift("mass"), protected.path, 0.5, NOON)


def test_drift_alone_shrinks_nothing(tmp_path: Path) -> None:
    here = reporter(tmp_path)
    here.submit(online_drift("drift"))
    assert here.settle() == []
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("blocked", ["state", "audit", "logs", "var"])
def test_what_cannot_be_done_stays_owed_and_is_done_later_once(
    tmp_path: Path, blocked: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / blocked).write_text("no folder")
    here = reporter(tmp_path)
    with caplog.at_level(logging.WARNING):
        here.submit(online_drift("mass"))
        (error,) = here.settle()
    assert isinstance(error, AuditError)
    assert (here.owed, here.failures) == (1, 2)
    assert "drift report on signal mass is owed" in caplog.text
    (tmp_path / blocked).unlink()
    assert here.settle() == []
    assert (here.owed, len(files(tmp_path))) == (0, 2)
    assert [event.event_type for event in events(tmp_path)] == ["ai_drift_report", "guard_trip"]
    assert len(StateFolder(tmp_path / "var/models").control().protected) == 1


def test_without_a_journal_there_is_still_a_report_and_protection(tmp_path: Path) -> None:
    here = Reporter(tmp_path, routing(), None, Hours())
    here.submit(online_drift("mass"))
    assert here.settle() == []
    assert len(files(tmp_path)) == 2
    assert StateFolder(tmp_path / "var/models").control().protected


def test_reading_creates_nothing(tmp_path: Path) -> None:
    here = reporter(tmp_path)
    assert (here.settle(), here.owed, list(tmp_path.iterdir())) == ([], 0, [])
