from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.ai.audit import read_state
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.cli import schedule
from bot_core.cli.main import main
from bot_core.cli.schedule import in_words, span
from bot_core.config.jobs import load_schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ROOT = Path.cwd()
FILE = Path("audit/ai_decision/scheduler.json")
HEAVY = {"pandas", "polars", "hydra", "dvc", "lightgbm", "sklearn", "numba", "numpy", "scipy", "matplotlib", "pandera"}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path) -> Iterator[None]:
    with contextlib.chdir(tmp_path):
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object) -> tuple[int, str, str]:
        code = main(["schedule", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def at(time: dt.datetime = NOW) -> RetrainingScheduler:
    """Open the scheduler as if it were that time."""
    return RetrainingScheduler(6 * HOUR, persistence_path=FILE, clock=lambda: time)


def body(out: str) -> dict[str, str]:
    return {line[2:13].strip(): line[13:] for line in out.splitlines() if line.startswith("  ")}


def shown(run: Callable[..., tuple[int, str, str]], time: dt.datetime = NOW) -> dict[str, str]:
    code, out, _ = run("show", "--now", time.isoformat())
    assert (code, out.splitlines()[0]) == (0, str(FILE))
    return body(out)


def test_help_shows_the_ways(help_of: Callable[[str], str]) -> None:
    assert schedule.EPILOG.rstrip() in help_of("schedule")


def test_where_there_is_no_file_it_says_so_and_creates_none(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("show") == (0, f"{FILE}: there is no such file: no scheduler has recorded anything here yet\n", "")
    assert run("resume") == (0, f"{FILE}: there is no such file, so there is no pause to end\n", "")
    assert json.loads(run("show", "--format", "json")[1]) == {"file": str(FILE), "state": None, "jobs": {}}
    assert json.loads(run("resume", "--format", "json")[1]) == {"file": str(FILE), "state": None}
    code, _, err = run("pause", "--reason", "drift")
    assert code == 2
    assert err.startswith(f"error[CONFIG]: {FILE}: expected an interval, there or given, got none\n  → ")
    assert not FILE.parent.exists()


def test_show_says_all_there_is(run: Callable[..., tuple[int, str, str]]) -> None:
    at().mark_executed(NOW - 2 * HOUR)
    assert shown(run) == {
        "last run": "2026-11-21 08:15:00 UTC, 2 hours ago",
        "next run": "2026-11-21 14:15:00 UTC",
        "interval": "6 hours",
        "pause": "none",
        "cool-down": "none",
        "failures": "none",
        "due now": "no: 4 hours of the interval are left",
    }
    at().mark_failure(NOW - HOUR, "no data")
    at().mark_failure(NOW - HOUR, "no disk")
    at().pause(reason="drift", until=NOW + 30 * HOUR)
    assert shown(run) == {
        "last run": "2026-11-21 08:15:00 UTC, 2 hours ago",
        "next run": "2026-11-22 16:15:00 UTC",
        "interval": "6 hours",
        "pause": "until 2026-11-22 16:15:00 UTC: drift",
        "cool-down": "until 2026-11-21 21:15:00 UTC",
        "failures": "2 in a row; the last 2026-11-21 09:15:00 UTC, 1 hour ago: no disk",
        "due now": "no: paused until 2026-11-22 16:15:00 UTC: drift; cooling down until 2026-11-21 21:15:00 UTC; "
        "4 hours of the interval are left",
    }


def test_show_names_only_what_holds_back_now(run: Callable[..., tuple[int, str, str]]) -> None:
    at().mark_executed(NOW - 2 * HOUR)
    at().mark_failure(NOW - HOUR, "no data")
    at().pause(reason="drift", until=NOW + 30 * HOUR)
    later = shown(run, NOW + 5 * HOUR)
    assert later["cool-down"] == "none"
    assert later["due now"] == f"no: paused {later['pause']}"


def test_show_says_since_when_training_is_due(run: Callable[..., tuple[int, str, str]]) -> None:
    at().resume()
    assert shown(run)["due now"] == "yes: there was none yet"
    assert shown(run)["last run"] == "never"
    at().mark_failure(NOW - HOUR, "no data")
    at().mark_executed(NOW)
    later = shown(run, NOW + 7 * HOUR)
    assert later["due now"] == "yes: since 2026-11-21 16:15:00 UTC"
    assert later["failures"] == "none in a row; the last 2026-11-21 09:15:00 UTC, 8 hours ago: no data"


def test_show_says_when_a_time_lies_ahead(run: Callable[..., tuple[int, str, str]]) -> None:
    at().mark_executed(NOW)
    assert shown(run, NOW - HOUR)["last run"] == "2026-11-21 10:15:00 UTC, 1 hour ahead of the clock"
    code, out, err = run("show", "--now", "2025-11-21T10:15:00Z")
    assert (code, out) == (2, "")
    assert err.startswith(f"error[DOCUMENT]: {FILE}: last_run: expected a time that has passed by 2025-11-21T10:15:00+00:00, got ")
    assert err.endswith("  → set the clock right, or bot-core schedule reset --last-run TIME\n")


def test_programs_get_the_same_facts(run: Callable[..., tuple[int, str, str]]) -> None:
    state = at().mark_executed(NOW - 2 * HOUR)
    facts = json.loads(run("show", "--now", NOW.isoformat(), "--format", "json")[1])
    assert (facts["due"], facts["paused"], facts["why"]) == (False, False, "4 hours of the interval are left")
    assert facts["file"] == str(FILE)
    assert facts["state"] == {**json.loads(FILE.read_text()), "next_run": (NOW + 4 * HOUR).isoformat().replace("+00:00", "Z")}
    assert facts["state"]["interval"] == state.interval
    assert json.loads(run("show", "--now", "2026-11-21T14:15:00Z", "--format", "json")[1])["due"] is True


def test_a_pause_holds_until_it_is_ended(run: Callable[..., tuple[int, str, str]]) -> None:
    at().mark_executed(NOW)
    before = FILE.read_bytes()
    assert run("resume") == (0, "there is no pause to end\n", "")
    assert FILE.read_bytes() == before
    code, out, _ = run("pause", "--reason", "rollback")
    assert code == 0
    assert out.splitlines()[0] == "training is paused until somebody resumes: rollback"
    assert (body(out)["next run"], body(out)["pause"]) == ("when somebody resumes", "until somebody resumes: rollback")
    assert json.loads(FILE.read_text())["next_run"] is None
    code, out, _ = run("resume")
    assert (code, out.splitlines()[0], body(out)["pause"]) == (0, "the pause is ended", "none")
    assert run("resume")[1] == "there is no pause to end\n"


def test_a_pause_may_end_at_a_time_or_after_one(run: Callable[..., tuple[int, str, str]]) -> None:
    at().mark_executed(NOW)
    facts = json.loads(run("pause", "--until", "2998-01-01T00:00:00Z", "--reason", "x", "--format", "json")[1])
    assert (facts["paused"], facts["state"]["paused_until"]) == (True, "2998-01-01T00:00:00Z")
    facts = json.loads(run("pause", "--for", "90m", "--reason", "x", "--format", "json")[1])
    said = {name: dt.datetime.fromisoformat(facts["state"][name]) for name in ("paused_until", "updated_at")}
    assert said["paused_until"] - said["updated_at"] == 1.5 * HOUR


def test_a_pause_that_has_run_out_is_none(run: Callable[..., tuple[int, str, str]]) -> None:
    at(NOW - 1000 * HOUR).pause(reason="x", duration=HOUR)
    assert shown(run)["pause"] == "none"
    assert run("resume")[1] == "there is no pause to end\n"


def test_training_can_be_paused_before_it_ever_ran(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    assert run("pause", "--reason", "x", "--interval", "1d", "--file", other)[0] == 0
    state = read_state(other)
    assert state
    assert (state.every, state.last_run, state.next_run) == (24 * HOUR, None, None)
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pause", "--reason", ""], "error[CONFIG]: reason: expected 1 to 1024 characters, got 0"),
        (["pause", "--reason", "x", "--until", "2020-01-01T00:00:00Z"], "error[CONFIG]: until: expected a time after "),
        (["pause", "--reason", "x", "--for", "0h"], "error[CONFIG]: duration: expected 1 second to 3650 days"),
        (["pause", "--reason", "x", "--for", "999999w"], "error[CONFIG]: duration: expected 1 second to 3650 days"),
        (["pause", "--reason", "x", "--interval", "0s"], "error[CONFIG]: interval: expected 1 second to 3650 days"),
        (["reset", "--last-run", "2998-01-01T00:00:00Z"], "error[CONFIG]: when: expected a time that has passed"),
    ],
)
def test_what_cannot_be_is_refused_and_the_state_stays(
    words: list[str], sentence: str, run: Callable[..., tuple[int, str, str]]
) -> None:
    at().mark_executed(NOW)
    before = FILE.read_bytes()
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith(sentence)
    assert FILE.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["pause"],
        ["pause", "--reason", "x", "--for", "6 h"],
        ["pause", "--reason", "x", "--for", "-6h"],
        ["pause", "--reason", "x", "--until", "2026-11-21T10:15:00"],
        ["pause", "--reason", "x", "--until", "2998-01-01T00:00:00Z", "--for", "6h"],
        ["reset"],
        ["set"],
        ["set", "eurusd_range", "--every", "12"],
        ["set", "eurusd_range", "--every", "12h", "--cron", "0 0 * * *", "--reason", "x"],
        ["set", "eurusd_range", "--every", "12h", "--declared"],
    ],
)
def test_wrong_words_are_2(words: list[str], run: Callable[..., tuple[int, str, str]]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*words)
    assert caught.value.code == 2
    assert not FILE.exists()


def test_a_damaged_file_is_2_until_it_is_begun_anew(run: Callable[..., tuple[int, str, str]]) -> None:
    at().mark_executed(NOW)
    FILE.write_bytes(FILE.read_bytes()[:-30])
    damaged = FILE.read_bytes()
    for words in (["show"], ["resume"], ["pause", "--reason", "x"]):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert err.startswith(f"error[DOCUMENT]: {FILE}: expected JSON, got ")
        assert f"  → git checkout HEAD -- {FILE} brings the last good one back; or begin anew: bot-core schedule reset" in err
    code, _, err = run("reset", "--last-run", "2026-01-01T00:00:00Z")
    assert (code, "expected an interval, there or given, got none" in err) == (2, True)
    assert FILE.read_bytes() == damaged
    code, out, _ = run("reset", "--last-run", "2026-01-01T00:00:00Z", "--interval", "6h")
    assert (code, out.splitlines()[0]) == (0, "the scheduler begins anew from 2026-01-01 00:00:00 UTC")
    assert body(out)["interval"] == "6 hours"
    assert run("show")[0] == 0


# --- jobs ---


@pytest.fixture
def roster() -> Path:
    """Put a roster of two models beside the state, one of them by a line of cron."""
    shutil.copytree(ROOT / "conf/schedule", "conf/schedule")
    shutil.copy(ROOT / "conf/config.yaml", "conf/config.yaml")
    path = Path("params.yaml")
    path.write_text("models:\n  slow: {}\n  evening: {schedule: after_week}\n")
    return path


def job(name: str) -> RetrainingScheduler:
    return RetrainingScheduler(job=name, schedule=load_schedule(Path(), name), persistence_path=FILE)


@pytest.mark.usefixtures("roster")
def test_a_job_is_paused_and_resumed_alone(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("pause", "--job", "slow", "--reason", "feed", "--for", "6h")
    assert (code, out.splitlines()[1]) == (0, f"{FILE}: slow")
    assert out.startswith("training of slow is paused until 20")
    assert (body(out)["schedule"], body(out)["last run"]) == ("every 7 days", "never")
    assert (job("slow").should_retrain(), job("evening").should_retrain()) == (False, True)
    assert run("resume", "--job", "evening") == (0, "there is no pause to end\n", "")
    assert run("resume") == (0, "there is no pause to end\n", "")
    facts = json.loads(run("resume", "--job", "slow", "--format", "json")[1])
    assert (facts["job"], facts["due"], facts["paused"], facts["state"]["jobs"]["slow"]["paused_reason"]) == (
        "slow",
        True,
        False,
        None,
    )


@pytest.mark.usefixtures("roster")
def test_a_job_s_schedule_is_set_by_hand_until_what_is_declared_is_followed(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("set", "slow", "--every", "12h", "--reason", "volatile")
    assert (code, out.splitlines()[0]) == (0, "slow has a schedule of its own, in place of what is declared")
    assert body(out)["schedule"] == "every 12 hours"
    assert job("slow").state().every == 12 * HOUR
    words = ("--cron", "30 22 * * 1-5", "--timezone", "America/New_York", "--calendar", "fx", "--reason", "after the close")
    assert body(run("set", "slow", *words)[1])["schedule"] == "30 22 * * 1-5 America/New_York fx"
    code, out, _ = run("set", "slow", "--declared")
    assert (code, out.splitlines()[0], body(out)["schedule"]) == (0, "slow follows what is declared", "every 7 days")
    assert job("slow").state().override is None


def test_the_roster_s_interval_is_set_without_a_model(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("set", "--every", "6h")
    assert (code, out.splitlines()[0], body(out)["interval"]) == (0, "the interval of the roster as a whole is changed", "6 hours")
    at().mark_executed(NOW - 100 * HOUR)
    assert body(run("set", "--every", "2d")[1])["interval"] == "2 days"


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["pause", "--job", "quick", "--reason", "x"],
            f"error[CONFIG]: {FILE}: expected a schedule of quick, there or given, got none",
        ),
        (["set", "slow", "--every", "12h"], "error[CONFIG]: reason: expected 1 to 1024 characters, got 0"),
        (
            ["set", "slow", "--every", "0h", "--reason", "x"],
            "error[CONFIG]: schedule set: expected every to be between 1s and 3650d",
        ),
        (
            ["set", "slow", "--every", "1h", "--calendar", "fx", "--reason", "x"],
            "error[CONFIG]: schedule set: expected calendar beside",
        ),
        (["set", "slow", "--cron", "1 2 3", "--reason", "x"], "error[CONFIG]: schedule set: expected five fields of cron"),
        (["set", "slow", "--cron", "99 * * * *", "--reason", "x"], "error[CONFIG]: cron: expected minute, hour, day"),
        (["set", "--cron", "0 0 * * *"], "error[CONFIG]: schedule set: expected a model before --cron, got none"),
        (["set", "--declared"], "error[CONFIG]: schedule set: expected a model before --declared, got none"),
    ],
)
def test_what_is_no_job_or_no_schedule_is_refused(
    words: list[str], sentence: str, run: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith(sentence)
    assert not FILE.exists()


@pytest.mark.usefixtures("roster")
def test_a_damaged_file_is_begun_anew_with_every_job_of_the_roster(run: Callable[..., tuple[int, str, str]]) -> None:
    job("slow").mark_executed(dt.datetime.now(dt.UTC))
    FILE.write_text("{")
    time = f"{dt.datetime.now(dt.UTC) - HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert run("reset", "--job", "slow", "--last-run", time)[0] == 2
    assert run("reset", "--last-run", time, "--interval", "6h")[0] == 0
    assert [job(name).should_retrain() for name in ("slow", "evening")] == [False, False]
    code, out, _ = run("reset", "--job", "slow", "--last-run", "2026-01-01T00:00:00Z")
    assert (code, out.splitlines()[0]) == (0, "the job slow begins anew from 2026-01-01 00:00:00 UTC")
    assert [job(name).should_retrain() for name in ("slow", "evening")] == [True, False]


def test_it_imports_nothing_heavy() -> None:
    program = "import json, sys, bot_core.cli.schedule\nprint(json.dumps(sorted(name for name in sys.modules if '.' not in name)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert HEAVY & set(json.loads(done.stdout)) == set()


@pytest.mark.parametrize(
    ("text", "length"), [("30s", HOUR / 120), ("90m", 1.5 * HOUR), ("6h", 6 * HOUR), ("2d", 48 * HOUR), ("1w", 168 * HOUR)]
)
def test_a_duration_is_a_count_and_a_unit(text: str, length: dt.timedelta) -> None:
    assert span(text) == length


@pytest.mark.parametrize("text", ["", "6", "h", "6h ", "1.5h", "6H", "٦h", "1234567h", "6h30m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected a count and a unit such as 90m, 6h or 2d, got "):
        span(text)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (dt.timedelta(), "less than a second"),
        (dt.timedelta(seconds=1), "1 second"),
        (dt.timedelta(seconds=3661), "1 hour 1 minute"),
        (dt.timedelta(days=1, seconds=59), "1 day"),
        (dt.timedelta(days=20, hours=3), "20 days 3 hours"),
    ],
)
def test_a_duration_in_words_has_two_units_at_most(length: dt.timedelta, words: str) -> None:
    assert in_words(length) == words
