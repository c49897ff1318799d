from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.cli.main import main
from bot_core.config.jobs import load_schedule
from bot_core.config.schedule import ScheduleConfig
from bot_core.reporting.numerals import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path.cwd()
NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FILE = Path("audit/ai_decision/scheduler.json")
ROSTER = "models:\n  slow: {}\n  evening: {schedule: after_week}\n"
HEAVY = {"pandas", "polars", "hydra", "dvc", "lightgbm", "sklearn", "numba", "numpy", "scipy", "matplotlib", "pandera"}


@pytest.fixture(autouse=True)
def _in_a_repository(tmp_path: Path) -> Iterator[None]:
    """Stand in a folder with a roster of two models."""
    shutil.copytree(ROOT / "conf/schedule", tmp_path / "conf/schedule")
    shutil.copy(ROOT / "conf/config.yaml", tmp_path / "conf/config.yaml")
    (tmp_path / "params.yaml").write_text(ROSTER)
    with contextlib.chdir(tmp_path):
        yield


def job(name: str, time: dt.datetime = NOW) -> RetrainingScheduler:
    return RetrainingScheduler(job=name, schedule=load_schedule(Path(), name), persistence_path=FILE, clock=lambda: time)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*words: str, code: int = 0) -> str:
        assert main(["schedule", "show", "--now", NOW.isoformat(), *words]) == code
        return capsys.readouterr().out

    return call


@pytest.fixture
def facts(show: Callable[..., str]) -> Callable[[], dict[str, dict[str, object]]]:
    def read() -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = json.loads(show("--format", "json"))["jobs"]
        return found

    return read


def row(out: str, name: str) -> str:
    (line,) = [line for line in out.splitlines() if line.startswith(f"{name} ")]
    return " ".join(line.split()).replace(NONE, "-")


def test_every_model_has_a_row_before_anything_ran(show: Callable[..., str]) -> None:
    out = show("--width", "300")
    assert " ".join(out.splitlines()[0].split()) == "job schedule last run, UTC next run, UTC due now failures pause request"
    assert row(out, "slow") == "slow every 7 days never 2026-11-21 10:15 yes: there was none yet - - -"
    assert row(out, "evening") == "evening 30 18 * * 5 America/New_York never 2026-11-21 10:15 yes: there was none yet - - -"
    assert out.splitlines()[-1] == f"{FILE}: there is no such file: no scheduler has recorded anything here yet"
    assert not FILE.parent.exists()


def test_a_row_says_all_that_holds(show: Callable[..., str]) -> None:
    job("slow").mark_executed(NOW - 2 * HOUR)
    job("slow").mark_failure(NOW, "no data")
    job("slow").pause(reason="feed")
    job("evening").mark_executed(NOW - 2 * HOUR)
    job("evening").request("drift", "audit/x.json")
    out = show("--width", "400")
    assert row(out, "slow") == (
        "slow every 7 days 2026-11-21 08:15 when resumed no: paused until somebody resumes: feed; cooling down until "
        "2026-11-28 10:15:00 UTC; 6 days 22 hours of the interval are left 1: no data until somebody resumes: feed -"
    )
    assert row(out, "evening") == (
        "evening 30 18 * * 5 America/New_York 2026-11-21 08:15 2026-11-21 10:15 yes: requested 2026-11-21 10:15:00 UTC: drift - - "
        "2026-11-21 10:15: drift (audit/x.json)"
    )
    assert "\n\naudit/ai_decision/scheduler.json\n  last run   2026-11-21 08:15:00 UTC, 2 hours ago\n" in out


def test_the_roster_s_pause_is_in_every_row(show: Callable[..., str], facts: Callable[[], dict[str, dict[str, object]]]) -> None:
    RetrainingScheduler(HOUR, persistence_path=FILE, clock=lambda: NOW).pause(reason="rollback", duration=HOUR)
    for name in ("slow", "evening"):
        assert "no: the roster is paused until 2026-11-21 11:15:00 UTC: rollback - the roster until" in row(
            show("--width", "300"), name
        )
        assert (facts()[name]["paused"], facts()[name]["due"]) == (True, False)


def test_what_is_in_force_and_what_is_declared_are_said_in_one_line(
    show: Callable[..., str], facts: Callable[[], dict[str, dict[str, object]]]
) -> None:
    job("slow").override(ScheduleConfig(every="12h"), reason="volatile week")
    assert "every 12 hours (set 2026-11-21 10:15:00 UTC: volatile week; declared: every 7 days)" in row(
        show("--width", "300"), "slow"
    )
    assert (facts()["slow"]["schedule"], facts()["slow"]["declared"]) == ("every 12 hours", "every 7 days")
    state = facts()["slow"]["state"]
    assert isinstance(state, dict)
    assert state["override"] == {"time": "2026-11-21T10:15:00Z", "reason": "volatile week"}


def test_programs_get_every_record(facts: Callable[[], dict[str, dict[str, object]]]) -> None:
    job("slow").mark_executed(NOW - 2 * HOUR)
    found = facts()["slow"]
    assert found["state"] == json.loads(FILE.read_text())["jobs"]["slow"]
    assert (found["due"], found["why"]) == (False, "6 days 22 hours of the interval are left")


def test_a_job_that_left_the_roster_is_still_shown(show: Callable[..., str]) -> None:
    job("slow").mark_executed(NOW)
    Path("params.yaml").write_text("models:\n  evening: {schedule: after_week}\n")
    assert "slow every 7 days (not in params.yaml) 2026-11-21 10:15" in row(show("--width", "300"), "slow")


def test_what_is_wrong_with_one_job_hides_no_other(
    show: Callable[..., str], facts: Callable[[], dict[str, dict[str, object]]]
) -> None:
    Path("params.yaml").write_text("models:\n  slow: {schedule: monthly}\n  evening: {schedule: after_week}\n")
    out = show("--width", "300")
    assert "slow - - - unknown: conf/schedule/monthly.yaml: expected a readable file, got No such file or directory" in row(
        out, "slow"
    )
    assert "yes: there was none yet" in row(out, "evening")
    assert (facts()["slow"]["due"], facts()["slow"]["state"]) == (None, None)


def test_in_a_log_a_line_is_120_columns_at_most(show: Callable[..., str]) -> None:
    job("slow").mark_failure(NOW, "no data " * 40)
    assert max(map(len, show().splitlines()[:-2])) <= 120


@pytest.mark.parametrize("choice", ["weekly", "after_week"])
def test_it_loads_nothing_heavy(choice: str) -> None:
    Path("params.yaml").write_text(f"models:\n  slow: {{schedule: {choice}}}\n")
    program = "import sys; from bot_core.cli.main import main; main(['schedule', 'show']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "there was none yet" in done.stdout
    assert HEAVY & set(done.stdout.splitlines()[-1].split()) == set()
