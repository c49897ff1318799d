"""The examples under ops/ are what their programs take, and start what there is."""

from __future__ import annotations

import configparser
import datetime as dt
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from cronsim import CronSim

from bot_core.cli.main import COMMANDS

SERVICE, TIMER = (Path("ops/systemd", f"bot-core-schedule.{kind}") for kind in ("service", "timer"))
ACTIONS, CRONTAB = Path("ops/github-actions.yml"), Path("ops/crontab")
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
COMMAND = re.compile(r"bot-core (\w+) (\w+)")


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string(path.read_text())
    return parser


def test_the_timer_starts_the_service_and_catches_up_once() -> None:
    timer, service = unit(TIMER), unit(SERVICE)
    assert TIMER.stem == SERVICE.stem
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert service["Service"]["Type"] == "oneshot"  # a run that goes on is not started again
    assert service["Service"]["ExecStart"].endswith("/bin/bot-core schedule run")
    assert service["Service"]["ReadWritePaths"] == service["Service"]["WorkingDirectory"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_both(tmp_path: Path) -> None:
    program = Path(".venv/bin/bot-core").absolute()
    for path in (SERVICE, TIMER):
        text = path.read_text().replace("/opt/bot-core/.venv/bin/bot-core", str(program))
        (tmp_path / path.name).write_text(text)
    units = [str(tmp_path / path.name) for path in (SERVICE, TIMER)]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "bot-core-schedule" in line]
    assert (done.returncode, said) == (0, [])
    seen = subprocess.run(["systemd-analyze", "calendar", unit(TIMER)["Timer"]["OnCalendar"]], capture_output=True, check=False)
    assert seen.returncode == 0


def test_the_crontab_has_two_lines_that_cron_takes() -> None:
    lines = [line for line in CRONTAB.read_text().splitlines() if line and not line.startswith("#")]
    often, weekly = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    assert CronSim(" ".join(often.split()[:5]), START).minutes == {0, 15, 30, 45}
    mondays = [next(CronSim(" ".join(weekly.split()[:5]), START + dt.timedelta(weeks=week))) for week in range(3)]
    assert [(day.weekday(), later - day) for day, later in pairwise(mondays)] == [(0, dt.timedelta(weeks=1))] * 2
    for line in (often, weekly):
        command = line.split(maxsplit=5)[5]
        assert "%" not in command  # cron ends the command there
        done = subprocess.run(["sh", "-n", "-c", command], check=False)
        assert done.returncode == 0


def test_the_weekly_line_says_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    (weekly,) = [line for line in CRONTAB.read_text().splitlines() if "doctor --weekly" in line]
    program = tmp_path / "bot-core"
    command = (
        weekly.split(maxsplit=5)[5].replace("/srv/models", str(tmp_path)).replace("/opt/bot-core/.venv/bin/bot-core", str(program))
    )
    for code, said in ((0, ""), (20, "storage is away\n")):
        program.write_text(f"#!/bin/sh\necho storage is away\nexit {code}\n")
        program.chmod(0o755)
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        assert done.stdout.endswith(said)
        assert bool(done.stdout) == bool(code)


def test_the_workflow_looks_by_cron_keeps_the_state_and_runs_one_at_a_time() -> None:
    workflow = yaml.safe_load(ACTIONS.read_text())
    triggers = workflow[True]  # YAML reads `on` as a truth value
    assert [CronSim(entry["cron"], START).minutes for entry in triggers["schedule"]] == [{7, 37}]
    assert workflow["concurrency"]["cancel-in-progress"] is False
    job = workflow["jobs"]["schedule"]
    checkout, *_, restore, _, _, _, _, save = job["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    assert {"audit/ai_decision/scheduler.json", "var/retraining"} <= set(job["env"]["KEPT"].split())
    assert restore["with"]["path"] == save["with"]["path"] == "${{ env.KEPT }}"
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert save["if"] == "always()"  # a job that failed cools down: that is in the state


@pytest.mark.parametrize("path", [SERVICE, ACTIONS, CRONTAB], ids=str)
def test_what_they_start_is_a_command_with_that_verb(path: Path) -> None:
    found = COMMAND.findall(path.read_text())
    assert found
    for command, verb in found:
        assert command in COMMANDS
        done = subprocess.run([".venv/bin/bot-core", command, verb, "--help"], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
