from __future__ import annotations

import contextlib
import csv
import datetime as dt
import json
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import main
from bot_core.journal.head import head_path, tip_path
from bot_core.runtime.journal import JsonlTradingDecisionJournal, TradingDecisionEvent
from tests.authenticator import keypair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import World

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)


def event(number: int, kind: str = "decision") -> TradingDecisionEvent:
    return TradingDecisionEvent(
        event_type=kind,
        timestamp=NOW + dt.timedelta(minutes=number),
        environment="paper",
        portfolio="desk",
        risk_profile="balanced",
        symbol="EURUSD",
        metadata={"n": number},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "decisions.jsonl"
    with JsonlTradingDecisionJournal(path) as journal:
        journal.record_all([event(number) for number in range(4)])
        journal.record(event(4, "ai_drift_report"))
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object) -> tuple[int, str, str]:
        code = main._run("journal", "bot_core.cli.journal", "what was recorded", main._format_first([str(word) for word in words]))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_whole_journal_is_0_and_says_how_its_head_is_signed(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("verify", path)
    assert code == 0
    assert f"{path}: 5 lines in 1 file, whole, " in out
    assert f"head {path}.head: line 5, unsigned" in out


@pytest.mark.parametrize(
    ("change", "kind", "line"),
    [
        (lambda lines: [lines[0], lines[1].replace(b'"n":1', b'"n":9'), *lines[2:]], "edited", 2),
        (lambda lines: [*lines[:2], *lines[3:]], "removed", 3),
        (lambda lines: [lines[3], *lines[:3], lines[4]], "reordered", 4),
        (lambda lines: lines[:4], "truncated", 5),
        (lambda lines: [*lines[:4], lines[4].replace(b'"n":4', b'"n":5')], "edited", 5),
    ],
)
def test_tampering_is_30_and_names_the_line(
    change: Callable[[list[bytes]], list[bytes]], kind: str, line: int, path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    code, out, _ = run("verify", path)
    assert code == 30
    assert f"  {kind}: " in out
    assert f"line {line} " in out
    code, out, _ = run("verify", path, "--format", "json")
    said = json.loads(out)
    assert (code, said["whole"]) == (30, False)
    assert [(found["kind"], found["first"], found["last"]) for found in said["findings"]] == [(kind, line, line)]
    for verb in ("show", "export"):
        code, out, err = run(verb, path)
        assert (code, out) == (30, "")
        assert f"  {kind}: " in err


def test_a_published_head_finds_a_journal_that_was_begun_again(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    copy = path.with_name("published.head")
    shutil.copy(head_path(path), copy)
    for file in (path, tip_path(path), head_path(path)):
        file.unlink()
    with JsonlTradingDecisionJournal(path) as journal:
        journal.record(event(0))
    assert run("verify", path)[0] == 0
    code, out, _ = run("verify", path, "--head", copy)
    assert code == 30
    assert "lines 2 to 5 are cut off at the end" in out


def test_a_torn_end_and_a_stopped_write_are_reported(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    shutil.copy(tip_path(path), path.with_name("tip"))
    JsonlTradingDecisionJournal(path).record(event(6))
    shutil.copy(path.with_name("tip"), tip_path(path))
    with path.open("ab") as stream:
        stream.write(b"torn")
    code, out, _ = run("verify", path)
    assert code == 0
    assert "newer than tip and heads: 1 lines" in out
    assert "torn: 4 bytes" in out


def test_a_signed_head_is_compared_with_a_named_key(path: Path, run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    ours, other = keypair(tmp_path, "ours"), keypair(tmp_path, "other")
    with JsonlTradingDecisionJournal(path, signing_key=ours) as journal:
        journal.record(event(5))
    with contextlib.chdir(tmp_path):
        code, out, _ = run("verify", path)
        assert (code, "not compared with a policy" in out) == (0, True)
        code, out, _ = run("verify", path, "--key", ours.with_suffix(".pub"))
        assert (code, "the one that --key names" in out) == (0, True)
        code, out, _ = run("verify", path, "--key", other.with_suffix(".pub"))
        assert (code, "[SIG-UNKNOWN-KEY]" in out) == (30, True)
        code, _, err = run("verify", path, "--key", path)
        assert (code, "name the .pub file" in err) == (2, True)


def test_a_signed_head_is_compared_with_the_policy_here(
    path: Path, run: Callable[..., tuple[int, str, str]], world: Callable[[str], World], tmp_path: Path
) -> None:
    key = keypair(tmp_path, "stranger")
    with JsonlTradingDecisionJournal(path, signing_key=key) as journal:
        journal.record(event(5))
    with contextlib.chdir(world("configured").path):
        code, out, _ = run("verify", path)
    assert code == 30
    assert "expected the key of a service that may publish heads" in out


def test_show_prints_the_newest_events(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("show", path, "--last", 2)
    assert code == 0
    assert out.splitlines() == [
        "     4  2026-11-21 10:18:00  decision                     paper/desk  symbol=EURUSD n=3",
        "     5  2026-11-21 10:19:00  ai_drift_report              paper/desk  symbol=EURUSD n=4",
    ]
    said = json.loads(run("show", path, "--event", "ai_drift_report", "--format", "json")[1])
    assert [(found["sequence"], found["event_type"]) for found in said["events"]] == [(5, "ai_drift_report")]


def test_export_gives_all_events_or_those_of_a_time(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    assert len(run("export", path)[1].splitlines()) == 5
    said = json.loads(
        run("export", path, "--since", "2026-11-21T10:16:00Z", "--until", "2026-11-21T10:18:00Z", "--format", "json")[1]
    )
    assert [found["metadata"] for found in said["events"]] == [{"n": 1}, {"n": 2}]
    assert (said["lines"], said["whole"]) == (5, True)
    rows = list(csv.DictReader(run("export", path, "--format", "csv")[1].splitlines()))
    assert [(row["sequence"], row["event_type"], row["metadata"]) for row in rows][-1] == ("5", "ai_drift_report", '{"n":4}')


def test_follow_prints_what_comes(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    def later() -> None:
        with JsonlTradingDecisionJournal(path) as journal:
            journal.record(event(7))

    timer = threading.Timer(0.3, later)
    timer.start()
    code, out, _ = run("follow", path, "--last", 1, "--seconds", 1.5, "--format", "json")
    timer.join()
    assert code == 0
    assert [json.loads(line)["metadata"]["n"] for line in out.splitlines()] == [4, 7]


def test_follow_stops_at_a_line_that_does_not_follow(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    code, _, err = run("follow", path, "--seconds", 1)
    assert code == 30
    assert "expected line 1 after 000000000000…, got line 2" in err


def test_what_cannot_be_done_is_2(path: Path, run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, _, err = run("verify", path, "--format", "csv")
    assert (code, "only export writes it" in err) == (2, True)
    code, _, err = run("verify", tmp_path / "none.log")
    assert (code, "expected a journal, got no such file" in err) == (2, True)
