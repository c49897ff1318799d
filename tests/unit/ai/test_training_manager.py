"""The half of a manager that concerns training: what it says is in files, and what it starts is a process."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from bot_core import ai
from bot_core.ai.audit import load_scheduler_state
from bot_core.ai.manager import AIManager
from bot_core.ai.pipeline_history import append_record
from bot_core.ai.processes import Ran
from bot_core.ai.quality_checks import DataQualityCheck, QualityIssue
from bot_core.ai.recent_reports import load_recent_data_quality_reports, unjournalled
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.config.jobs import load_schedule
from bot_core.errors import AuditError, ConfigError, DocumentError, QualityError, RetrainingError
from bot_core.journal.event import TradingDecisionEvent, decode
from tests.docs.repositories import IDENTITY, make_repository
from tests.unit.ai.test_pipeline_history import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
ROSTER = ("eurusd_range", "aapl_barrier")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
STALE = QualityIssue(code="stale", status="critical", message="the newest bar is of last week")
GAP = QualityIssue(code="gap", status="warning", message="three hours are missing")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed repository with a roster of two and the project's configuration, and nothing to train them with."""
    root = tmp_path / "repository"
    shutil.copytree(ROOT / "conf", root / "conf")
    roster = yaml.safe_load((ROOT / "params.yaml").read_text())["models"]
    (root / "params.yaml").write_text(yaml.safe_dump({"models": {name: roster[name] for name in ROSTER}}, sort_keys=False))
    (root / ".gitignore").write_text("var/\nlogs/\n/audit/ai_decision/.*\n")
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Start"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return root


@pytest.fixture
def manager(desk: Path) -> AIManager:
    return AIManager(root=desk)


def state() -> dict[str, object]:
    found = load_scheduler_state()
    assert found is not None
    return found


def jobs() -> dict[str, dict[str, object]]:
    found = state()["jobs"]
    assert isinstance(found, dict)
    return found


def events(kind: str) -> list[TradingDecisionEvent]:
    path = Path("logs/decision_journal/decisions.jsonl")
    lines = [json.loads(line)["event"] for line in path.read_text().splitlines()] if path.exists() else []
    return [decode(json.dumps(line)) for line in lines if line["event_type"] == kind]


def checking(*issues: QualityIssue, job: str | None = "eurusd_range", name: str = "feed") -> DataQualityCheck:
    return DataQualityCheck(name, lambda: issues, tags=("feed",), source="the feed", job_name=job)


def ran(name: str) -> None:
    """Let a job have run just now, so that it is not due."""
    RetrainingScheduler(job=name, schedule=load_schedule(Path(), name)).mark_executed(dt.datetime.now(dt.UTC))


# --- jobs ---


def test_a_job_follows_what_is_declared(manager: AIManager) -> None:
    manager.register_training_job("eurusd_range")
    assert (jobs()["eurusd_range"]["interval"], jobs()["eurusd_range"]["override"]) == (7 * DAY.total_seconds(), None)


@pytest.mark.parametrize(
    ("given", "interval", "cron"), [(6 * HOUR, 6 * HOUR.total_seconds(), None), ("30 22 * * *", DAY.total_seconds(), "30 22 * * *")]
)
def test_another_schedule_is_an_override_until_a_call_without_one(
    manager: AIManager, given: dt.timedelta | str, interval: float, cron: str | None
) -> None:
    manager.register_training_job("eurusd_range", given)
    job = jobs()["eurusd_range"]
    assert (job["interval"], job["cron"]) == (interval, cron)
    assert job["override"]["reason"] == "AIManager.register_training_job"  # type: ignore[index]  # plain JSON
    manager.register_training_job("eurusd_range")
    assert (jobs()["eurusd_range"]["override"], jobs()["eurusd_range"]["cron"]) == (None, None)


def test_what_is_declared_already_is_no_override(manager: AIManager) -> None:
    manager.register_training_job("eurusd_range", 7 * DAY)
    assert jobs()["eurusd_range"]["override"] is None


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("gbpusd", None, "expected one of eurusd_range, aapl_barrier; got gbpusd"),
        ("eurusd_range", "whenever", "expected five fields of cron"),
        ("eurusd_range", dt.timedelta(0), "expected 1 second to 3650 days|interval|every"),
        ("eurusd_range", dt.timedelta(seconds=1.5), "expected whole seconds"),
    ],
)
def test_what_is_no_job_is_refused_and_nothing_is_written(
    manager: AIManager, name: str, given: dt.timedelta | str | None, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=f"(?i){sentence}"):
        manager.register_training_job(name, given)
    assert load_scheduler_state() is None


def test_two_processes_that_register_at_once_lose_no_job(desk: Path) -> None:
    script = "import datetime as dt, sys; from bot_core.ai import AIManager\n"
    script += "for hours in range(1, 9): AIManager().register_training_job(sys.argv[1], dt.timedelta(hours=hours))"
    processes = [subprocess.Popen([sys.executable, "-c", script, name], cwd=desk) for name in ROSTER]
    assert [process.wait() for process in processes] == [0, 0]
    assert {name: job["interval"] for name, job in jobs().items()} == dict.fromkeys(ROSTER, 8 * HOUR.total_seconds())


# --- runs ---


def test_a_due_job_runs_in_a_process_and_its_failure_is_in_history_and_journal(manager: AIManager) -> None:
    ran("aapl_barrier")
    (record,) = manager.run_due_training_jobs()
    assert (record.job, record.outcome, bool(record.reason)) == ("eurusd_range", "failed", True)
    assert AIManager().pipeline_history("eurusd_range") == [record]
    assert AIManager().pipeline_history("aapl_barrier") == []
    (event,) = events("ai_retraining_failed")
    assert (event.schedule_run_id, event.metadata["reason"]) == (record.run, record.reason)


def test_nothing_is_due_as_of_a_time_before_the_interval_is_over(manager: AIManager) -> None:
    for name in ROSTER:
        ran(name)
    assert manager.run_due_training_jobs(dt.datetime.now(dt.UTC) + DAY) == []
    assert not Path("var").exists()


def test_as_of_a_later_time_what_is_due_by_then_runs(manager: AIManager) -> None:
    manager.register_training_job("eurusd_range", 30 * DAY)
    for name in ROSTER:
        ran(name)
    (record,) = manager.run_due_training_jobs(dt.datetime.now(dt.UTC) + 8 * DAY)
    assert record.job == "aapl_barrier"


def test_a_process_that_gives_no_answer_is_an_error(manager: AIManager, desk: Path) -> None:
    (desk / "conf/runtime/other.yaml").write_text("")
    shutil.rmtree(desk / ".git")
    with pytest.raises(RetrainingError, match=r"bot-core schedule run .*expected it to end with 0 or 1, got 2: error\[GIT\]"):
        manager.run_due_training_jobs()
    assert manager.pipeline_history() == []


def test_a_run_that_was_told_of_and_not_recorded_is_no_run(manager: AIManager) -> None:
    append_record(Path("audit/ai_decision/runs.jsonl"), RECORD)
    assert manager._recorded(Ran(run=RECORD.run, job=RECORD.job)) == RECORD
    with pytest.raises(AuditError, match=r"runs\.jsonl: expected a record of another, got none"):
        manager._recorded(Ran(run="another", job=RECORD.job))


def test_the_history_is_everybody_s(manager: AIManager) -> None:
    assert manager.pipeline_history() == []
    append_record(Path("audit/ai_decision/runs.jsonl"), RECORD)
    assert manager.pipeline_history() == AIManager().pipeline_history("eurusd_range") == [RECORD]


def test_a_model_that_cannot_be_reproduced_is_an_error_and_a_record(manager: AIManager) -> None:
    with pytest.raises(RetrainingError, match="bot-core repro eurusd_range: expected it to end with 0"):
        manager.run_pipeline("eurusd_range")
    (record,) = manager.pipeline_history()
    assert (record.outcome, record.model) == ("failed", "eurusd_range")
    assert [event.schedule_run_id for event in events("ai_retraining_failed")] == [record.run]
    with pytest.raises(ConfigError, match="got gbpusd"):
        manager.run_pipeline("gbpusd")
    assert len(manager.pipeline_history()) == 1


def test_a_model_is_reproduced_and_recorded_with_its_figures(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "project")
    repository.ok("dvc cache dir --local .dvc/cache")
    manager = AIManager(root=repository.path, model_dir=tmp_path / "models", decision_journal=tmp_path / "journal.jsonl")
    record = manager.run_pipeline("aapl_barrier")
    model = json.loads((repository.path / "build/aapl_barrier/model.json").read_bytes())
    assert (record.outcome, record.reason) == ("kept", "reproduced, not proposed")
    assert record.metrics == {name: model["metrics"]["test"][name] for name in ("mae", "rmse", "directional_accuracy")}
    assert manager.pipeline_history("aapl_barrier") == [record]


# --- checks of the data ---


def test_what_a_check_finds_is_a_report_and_an_event(manager: AIManager) -> None:
    manager.register_data_quality_check(checking(GAP))
    path = manager.record_data_quality_issues("eurusd_range", [STALE])
    (found,) = load_recent_data_quality_reports()
    assert (found.report_path, found.status, found.model) == (path, "critical", "eurusd_range")
    assert [issue.code for issue in found.report.issues] == ["stale", "gap"]  # type: ignore[union-attr]
    (event,) = events("ai_data_quality_report")
    assert (event.metadata["report_path"], event.status, event.environment) == (path, "critical", "paper")
    assert unjournalled([found], [event]) == []


def test_reports_of_one_second_all_stay(desk: Path) -> None:
    at = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
    manager = AIManager(root=desk, clock=lambda: at)
    paths = [manager.record_data_quality_issues("eurusd_range") for _ in range(3)]
    assert len({Path(path).read_bytes() for path in paths}) == 1
    assert paths == [f"audit/ai_decision/data_quality/eurusd_range.20261121T10150{second}Z.json" for second in range(3)]


def test_a_check_that_raises_is_in_the_report(manager: AIManager) -> None:
    quotes: dict[str, QualityIssue] = {}

    def broken() -> list[QualityIssue]:
        return [quotes["bid"]]

    manager.register_data_quality_check(DataQualityCheck("broken", broken))
    path = manager.record_data_quality_issues("aapl_barrier")
    report = json.loads(Path(path).read_bytes())
    assert report["status"] == "critical"
    assert [(issue["check"], issue["code"]) for issue in report["issues"]] == [("broken", "check-failed")]
    assert report["issues"][0]["message"] == "broken: expected issues, got KeyError: 'bid'"


def test_critical_data_fails_the_due_job_before_it_is_trained_and_the_others_run(manager: AIManager) -> None:
    manager.register_data_quality_check(checking(STALE))
    refused, other = manager.run_due_training_jobs()
    assert (refused.job, refused.outcome, refused.reason) == ("eurusd_range", "failed", "the data is critical: stale")
    assert refused.report is not None
    assert Path(refused.report).is_file()
    assert other.job == "aapl_barrier"
    assert not Path("var/retraining/eurusd_range").exists()
    assert jobs()["eurusd_range"]["last_failure_reason"] == "the data is critical: stale"
    assert [event.schedule for event in events("ai_retraining_failed")] == ["eurusd_range", "aapl_barrier"]


def test_only_due_jobs_are_judged_and_a_warning_does_not_hold_one(manager: AIManager) -> None:
    ran("aapl_barrier")
    manager.register_data_quality_check(checking(GAP, job=None))
    (record,) = manager.run_due_training_jobs()
    assert record.job == "eurusd_range"
    assert [(report.model, report.status) for report in load_recent_data_quality_reports()] == [("eurusd_range", "warning")]


def test_critical_data_reproduces_nothing(manager: AIManager) -> None:
    manager.register_data_quality_check(checking(STALE))
    with pytest.raises(QualityError, match="eurusd_range: expected checks that find the data sound, got a critical report"):
        manager.run_pipeline("eurusd_range")
    assert manager.pipeline_history() == []


def test_a_check_takes_the_place_of_one_with_its_name(manager: AIManager) -> None:
    manager.register_data_quality_check(checking(STALE))
    manager.register_data_quality_check(checking())
    manager.record_data_quality_issues("eurusd_range")
    assert load_recent_data_quality_reports()[0].status == "ok"


@pytest.mark.parametrize(
    "act",
    [
        lambda manager: manager.register_data_quality_check(checking(job="gbpusd")),
        lambda manager: manager.record_data_quality_issues("gbpusd"),
    ],
)
def test_a_job_that_is_none_is_refused(manager: AIManager, act: Callable[[AIManager], object]) -> None:
    with pytest.raises(ConfigError, match="expected one of eurusd_range, aapl_barrier; got gbpusd"):
        act(manager)
    assert not Path("audit").exists()


def test_an_issue_that_is_none_is_refused_and_not_written(manager: AIManager) -> None:
    with pytest.raises(DocumentError, match=r"eurusd_range: issues: issues\[0\]\.code"):
        manager.record_data_quality_issues("eurusd_range", [QualityIssue(code="No Code", status="warning", message="x")])
    assert not Path("audit").exists()


def test_what_cannot_be_journalled_is_a_failed_operation(desk: Path) -> None:
    (desk / "file").write_text("")
    with pytest.raises(AuditError):
        AIManager(root=desk, decision_journal="file/journal.jsonl").record_data_quality_issues("eurusd_range")


# --- ensembles ---


def test_ensembles_are_files_that_another_process_sees_and_a_snapshot_brings_back(manager: AIManager, desk: Path) -> None:
    before = manager.snapshot_ensembles()
    manager.register_ensemble("pair", ["trees_range", "ridge"], aggregation="weighted", weights={"trees_range": 2, "ridge": 1})
    script = "from bot_core.ai import AIManager; print(*AIManager().snapshot_ensembles())"
    seen = subprocess.run([sys.executable, "-c", script], cwd=desk, capture_output=True, text=True, check=True).stdout.split()
    assert seen == sorted([*before, "pair"])
    diff = ai.diff_ensemble_snapshots(before, manager.snapshot_ensembles())
    assert (list(diff.added), dict(diff.removed), dict(diff.changed)) == (["pair"], {}, {})
    manager.restore_ensembles(before)
    assert AIManager().snapshot_ensembles() == before
    assert not (desk / "conf/ensemble/pair.yaml").exists()
