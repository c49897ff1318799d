"""A model trains itself anew and ends as a branch: on a real repository, a real remote, real bars, whatever stops it on the way."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot_core.config.runtime import load_settings
from bot_core.retraining.hosts import PlainRemote
from bot_core.retraining.jobs import Runner
from bot_core.tracking.local import kept
from tests.docs.repositories import Repository, make_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("retraining")]

MODEL, OTHER = "range", "second"
PATIENCE_S = 300.0
STEPS = ("cloned", "ingested", "reproduced", "contested", "released", "committed", "pushed")
SMALL = """
    data: eurusd_1h
    features: volatility
    target: next_range
    model: trees_range
    validation: hourly
    set: {{model: {{rounds: {rounds}}}, validation: {{walk_forward: {{windows: 4}}}}, monitoring: {{drift: {{replicates: 100}}}}}}
"""
BARS = 4000
"""How many of the year's bars the repository holds at first; its source has them all."""


@dataclass(frozen=True)
class Desk(Repository):
    """A repository with a roster of one small model, and a bare remote."""

    @property
    def origin(self) -> Path:
        """The remote."""
        return self.path.with_name("origin.git")

    def command(self, *words: str) -> list[str]:
        """Spell a run."""
        return [sys.executable, "-m", "bot_core.cli.main", "schedule", "run", *words, "--format", "json"]

    def started(self, *words: str) -> subprocess.Popen[str]:
        """Start a run in a process group of its own."""
        environment = os.environ | {"PYTHONPATH": str(self.path)}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*words), cwd=self.path, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def ran(self, *words: str, expect: int = 0) -> list[dict[str, object]]:
        """Run what is due to its end; return what came of each job."""
        process = self.started(*words)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == expect, err
        found: list[dict[str, object]] = json.loads(out)["runs"]
        return found

    def only(self, *words: str, expect: int = 0) -> dict[str, object]:
        """Run one job."""
        (one,) = self.ran(*words, expect=expect)
        return one

    def changed(self, path: str, old: str, new: str) -> None:
        """Change a file on main, here and at the remote."""
        file = self.path / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        self.ok(f"git commit -qm 'Change {path}' '{path}' && git push -q origin main")

    def branches(self) -> list[str]:
        """List the remote's branches of runs."""
        told = self.ok(f"git ls-remote --heads '{self.origin}' 'refs/heads/retrain/*'")
        return [line.split("refs/heads/")[1] for line in told.splitlines()]

    def merged(self, branch: str) -> None:
        """Merge a branch as its reviewers do."""
        self.ok(f"git pull -q --no-rebase --no-edit origin '{branch}' && git push -q origin main")

    def history(self) -> list[dict[str, object]]:
        """Read what runs have recorded."""
        path = self.path / "audit/ai_decision/runs.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def events(self) -> list[str]:
        """List the kinds of the journal's events."""
        path = self.path / "logs/decision_journal/decisions.jsonl"
        return [json.loads(line)["event"]["event_type"] for line in path.read_text().splitlines()] if path.exists() else []

    def schedule(self, job: str = MODEL) -> dict[str, object]:
        """Read a job's state."""
        found: dict[str, object] = json.loads((self.path / "audit/ai_decision/scheduler.json").read_text())["jobs"][job]
        return found


def roster(**models: int) -> str:
    """Spell a roster: rounds by model."""
    return "models:\n" + "".join(f"  {name}:{SMALL.format(rounds=rounds)}" for name, rounds in models.items())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose small model was reproduced once, so that DVC's cache is warm, and is committed; nothing is released."""
    folder = tmp_path_factory.mktemp("retraining")
    here = make_repository(folder / "repository")
    (here.path / "params.yaml").write_text(roster(**{MODEL: 60}))
    lines = (here.path / "data/eurusd_1h.csv").read_text().splitlines(keepends=True)
    (folder / "feed.csv").write_text("".join(lines))
    (here.path / "data/eurusd_1h.csv").write_text("".join(lines[: BARS + 1]))
    newest = lines[BARS].split(",")[0]
    source = here.path / "conf/data/eurusd_1h.yaml"
    source.write_text(source.read_text().replace("2017-12-29T21:00:00Z", newest))
    here.ok("rm -rf dvc.lock build models && git config user.name Example && git config user.email example@example.org")
    here.ok("dvc repro --quiet && git add -A && git commit -qm small")
    here.ok(f"git init -q --bare '{folder}/origin.git' && git remote add origin '{folder}/origin.git' && git push -q origin main")
    return folder


@pytest.fixture
def desk(prepared: Path, tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    shutil.copytree(prepared, folder, symlinks=True)
    here = Desk(folder / "repository")
    here.ok(f"git remote set-url origin '{here.origin}'")
    yield here
    shutil.rmtree(folder)


def test_a_first_run_ends_as_a_branch_and_touches_nothing_of_the_users(desk: Desk) -> None:
    before = desk.ok("git rev-parse HEAD && git status --porcelain")
    ran = desk.only()
    version = str(ran["version"])
    assert (ran["outcome"], ran["branch"]) == ("proposed", f"retrain/{MODEL}/{version}")
    assert desk.branches() == [ran["branch"]]
    listed = desk.ok(f"git -C '{desk.origin}' ls-tree -r --name-only '{ran['branch']}'").split()
    assert {f"models/{MODEL}/{version}.json", f"audit/ai_decision/contest/{version}.json"} <= set(listed)
    text = (desk.path / f"var/retraining/{MODEL}/pull_request.md").read_text()
    assert version in text
    assert desk.events() == ["ai_retraining"]
    assert [record["outcome"] for record in desk.history()] == ["proposed"]
    assert desk.schedule()["last_run"] is not None
    left = desk.ok("git rev-parse HEAD && git status --porcelain").split("\n", 1)
    assert left[0] == before.split("\n", 1)[0]
    assert all(line.startswith("?? audit/") for line in left[1].splitlines())
    assert not (desk.path / f"var/retraining/{MODEL}/tree").exists()
    assert desk.ran() == []  # it is not due
    again = desk.only(MODEL, "--force")
    assert (again["outcome"], desk.branches()) == ("nothing_new", [ran["branch"]])
    (recorded,) = kept(desk.path)
    assert recorded.origin.clean
    assert recorded.origin.commit in desk.ok(f"git -C '{desk.origin}' rev-list '{ran['branch']}'").split()


def test_new_rows_are_brought_and_the_challenger_meets_the_champion(desk: Desk) -> None:
    first = desk.only()
    desk.merged(str(first["branch"]))
    desk.changed("conf/data/eurusd_1h.yaml", "kind: csv", f"kind: csv\nupdate: {{from: {desk.path.parent}/feed.csv}}")
    second = desk.only(MODEL, "--force")
    assert second["outcome"] == "proposed", second
    assert int(str(second["data_rows"])) > 5500
    contest = json.loads(
        desk.ok(f"git -C '{desk.origin}' show '{second['branch']}:audit/ai_decision/contest/{second['version']}.json'")
    )
    assert contest["champion_version"] == first["version"]
    assert contest["verdict"] in {"better", "not_worse"}
    assert contest["rows"] > 500
    desk.ok(f"git fetch -q origin '{second['branch']}' && git switch -q --detach FETCH_HEAD")
    assert (desk.path / "data/eurusd_1h.csv").read_bytes() == (desk.path.parent / "feed.csv").read_bytes()
    desk.ok("dvc checkout --quiet --force")
    assert json.loads(desk.ok("dvc status --json dvc.yaml")) == {}
    third = desk.only(MODEL, "--force")
    assert third["outcome"] == "nothing_new"
    assert str(third["reason"]).startswith("the same model again")


def test_a_worse_challenger_is_recorded_and_proposed_to_nobody(desk: Desk) -> None:
    desk.merged(str(desk.only()["branch"]))
    desk.changed("params.yaml", "rounds: 60", "rounds: 1")
    ran = desk.only(MODEL, "--force", expect=1)
    assert ran["outcome"] == "failed"
    assert str(ran["reason"]).startswith("worse: ")
    report = json.loads((desk.path / str(ran["report"])).read_text())
    assert report["verdict"] == "worse"
    assert report["high"] < 0
    assert desk.events() == ["ai_retraining", "ai_retraining_failed"]
    assert len(desk.branches()) == 1


def test_a_push_that_is_refused_goes_on_from_there(desk: Desk) -> None:
    hook = desk.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    refused = desk.only(expect=1)
    assert refused["outcome"] == "failed"
    assert "not today" in str(refused["reason"])
    assert desk.schedule()["failure_streak"] == 1
    assert desk.branches() == []
    hook.unlink()
    state = json.loads((desk.path / f"var/retraining/{MODEL}/run.json").read_text())
    assert desk.ran(MODEL) == []  # it cools down
    ran = desk.only(MODEL, "--force")
    assert (ran["outcome"], ran["version"]) == ("proposed", state["version"])
    assert desk.schedule()["failure_streak"] == 0


def test_a_branch_of_that_name_that_is_somebody_elses_stays(desk: Desk) -> None:
    hook = desk.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    desk.only(expect=1)
    hook.unlink()
    version = json.loads((desk.path / f"var/retraining/{MODEL}/run.json").read_text())["version"]
    name = f"retrain/{MODEL}/{version}"
    desk.ok(f"git push -q origin 'HEAD:refs/heads/{name}'")
    taken = desk.ok("git rev-parse HEAD").strip()
    ran = desk.only(MODEL, "--force")
    assert ran["branch"] == f"{name}-2"
    assert desk.ok(f"git -C '{desk.origin}' rev-parse '{name}'").strip() == taken


def test_killed_after_each_step_it_ends_as_one_proposal(desk: Desk) -> None:
    state = desk.path / f"var/retraining/{MODEL}/run.json"
    killed = []
    for step in STEPS:
        process = desk.started(MODEL)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and process.poll() is None:
            if state.exists() and f'"step":"{step}"' in state.read_text().replace(" ", ""):
                os.killpg(process.pid, signal.SIGKILL)
                killed.append(step)
                break
            time.sleep(0.002)
        process.communicate()
        if process.returncode == 0:
            break
    assert set(killed) >= {"cloned", "ingested", "reproduced"}
    ended = [record for record in desk.history() if record["outcome"] == "proposed"] or desk.ran(MODEL, "--force")
    assert {record["outcome"] for record in ended} <= {"proposed", "nothing_new"}
    assert len(desk.branches()) == 1
    assert len([record for record in desk.history() if record["outcome"] == "proposed"]) == 1


def test_the_manager_runs_what_is_due_and_remembers_it(desk: Desk) -> None:
    asked = "from bot_core.ai import AIManager; print([r.outcome for r in AIManager().{}])"
    assert desk.ok(f'python -c "{asked.format("run_due_training_jobs()")}"').endswith("['proposed']\n")
    assert desk.ok(f'python -c "{asked.format("pipeline_history()")}"') == "['proposed']\n"
    assert len(desk.branches()) == 1


def test_a_clock_that_jumps_over_a_daylight_change_runs_a_job_once(desk: Desk) -> None:
    (desk.path / "conf/schedule/weekly.yaml").write_text('every: null\ncron: "30 2 * * *"\ntimezone: Europe/Warsaw\n')
    desk.ok("git commit -qam 'Train at half past two' && git push -q origin main")
    now = [dt.datetime(2026, 10, 24, 2, tzinfo=dt.UTC)]
    runner = Runner(
        root=desk.path,
        settings=load_settings(desk.path / "conf/runtime/default.yaml"),
        host=PlainRemote(desk.path / "var/retraining/proposals"),
        remote=None,
        base="main",
        author=None,
        clock=lambda: now[0],
        say=lambda _job, _words: None,
    )
    assert [ran.record.outcome for ran in runner.run_due([MODEL], force=True)] == ["proposed"]
    came = []
    for day, hour, minute in ((25, 0, 29), (25, 0, 31), (25, 1, 31), (26, 1, 29), (26, 1, 31)):  # 02:30 comes twice on the 25th
        now[0] = dt.datetime(2026, 10, day, hour, minute, tzinfo=dt.UTC)
        came.append([ran.record.outcome for ran in runner.run_due([MODEL])])
    assert came == [[], ["nothing_new"], [], [], ["nothing_new"]]


def test_two_schedulers_run_a_job_once(desk: Desk) -> None:
    both = [desk.started(MODEL), desk.started(MODEL)]
    found = [json.loads(process.communicate(timeout=PATIENCE_S)[0])["runs"] for process in both]
    assert sorted(len(runs) for runs in found) == [0, 1]
    assert [record["outcome"] for record in desk.history()] == ["proposed"]


def test_a_job_that_fails_does_not_stop_the_others(desk: Desk) -> None:
    broken = roster(**{OTHER: 60, MODEL: 60}).replace("data: eurusd_1h", "data: nowhere", 1)
    (desk.path / "params.yaml").write_text(broken)
    desk.ok("git commit -qam broken && git push -q origin main")
    failed, proposed = desk.ran(expect=1)
    assert (failed["job"], failed["outcome"]) == (OTHER, "failed")
    assert "nowhere" in str(failed["reason"])
    assert (proposed["job"], proposed["outcome"]) == (MODEL, "proposed")
    assert sorted(desk.events()) == ["ai_retraining", "ai_retraining_failed"]


def test_a_source_that_is_down_fails_the_run_and_nothing_is_written(desk: Desk) -> None:
    desk.changed("conf/data/eurusd_1h.yaml", "kind: csv", f"kind: csv\nupdate: {{from: {desk.path.parent}/away.csv, attempts: 1}}")
    ran = desk.only(expect=1)
    assert ran["outcome"] == "failed"
    assert "away.csv" in str(ran["reason"])
    assert desk.branches() == []


def test_a_full_disk_is_a_failed_run_that_goes_on_later(desk: Desk) -> None:
    lines = (
        "import resource, sys",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))",
        "from bot_core.cli.main import main",
        f"sys.exit(main(['schedule', 'run', '{MODEL}']))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=desk.path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert desk.branches() == []
    assert desk.only(MODEL, "--force")["outcome"] == "proposed"
