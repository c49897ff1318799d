from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core._parse import encode_json
from bot_core.errors import GitError, InputError
from bot_core.governance import branches, layout
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from bot_core.journal.head import head_path, read_head
from bot_core.journal.verification import verify
from bot_core.reporting.decision_journal import render
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.publishing import publish
from tests.evidence import drifted
from tests.publisher import Publisher
from tests.unit.conftest import state
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from bot_core.journal.event import TradingDecisionEvent
    from bot_core.journal.head import Statement
    from tests.world import Stage, World

PAGE = "audit/ai_decision/decision_journal.md"
HEAD = "audit/ai_decision/heads/paper/paper.jsonl.head"


@pytest.fixture
def paper(world: Callable[[Stage], World]) -> Publisher:
    """A runtime in paper that has decided three times."""
    found = Publisher.on(world("paper"))
    found.decide("accepted", "rejected", "accepted")
    found.schedule()
    return found


def refused(paper: Publisher, **changes: object) -> Refused:
    """Publish what must not be; nothing lands."""
    before = paper.tip
    with pytest.raises(Refused) as caught:
        paper.publish(**changes)
    assert paper.tip == before
    return caught.value


def test_one_commit_holds_all_that_is_new_and_nothing_here_changes(paper: Publisher) -> None:
    before = state(paper.desk)
    done = paper.publish()
    assert state(paper.desk) == before
    assert (done.commit, done.notes) == (paper.tip, ())
    stamp = layout.stamp(paper.clock)
    folder = f"audit/ai_decision/operation/paper/{paper.desk.version}"
    extracts = [f"{folder}/{kind}.{stamp}.json{end}" for kind in ("journal", "scheduler") for end in ("", ".sig")]
    assert done.files == tuple(sorted([*extracts, HEAD, PAGE]))
    log = subprocess.run(
        ["git", "log", "--format=%an %s", "audit-log"], cwd=paper.server, capture_output=True, text=True, check=True
    )
    assert log.stdout == "runtime-1 Publish from paper\n"


def test_the_head_is_the_journal_s_signed_by_the_service_and_proves_it(paper: Publisher, tmp_path: Path) -> None:
    paper.publish()
    copy = tmp_path / "paper.jsonl.head"
    copy.write_bytes(paper.held(HEAD))
    head = read_head(copy)
    assert head is not None
    assert (head.statement.sequence, head.statement.taken) == (3, paper.clock)
    assert verify(paper.journal, [copy]).whole
    code, out, _ = paper.desk.run("journal", "verify", paper.journal, "--head", copy)
    assert (code, "signed by runtime-1" in out) == (0, True)
    assert paper.held(PAGE).decode().count("3 lines until") == 1


def test_what_is_published_already_is_not_published_again(paper: Publisher) -> None:
    first = paper.publish()
    again = paper.publish()
    assert (again.commit, again.files, paper.tip) == (None, (), first.commit)


def test_what_was_added_since_is_published_on_top(paper: Publisher) -> None:
    first = paper.publish()
    paper.decide("accepted", is_ready=False)
    paper.decide("active", kind="ai_model_activated")
    done = paper.publish()
    assert paper.git.text("rev-parse", f"{done.commit}^") == first.commit
    journals = [path for path in done.files if "/journal." in path]
    assert sorted(done.files) == sorted([*journals, HEAD, PAGE])
    assert (paper.shows("journal")["candidates"], paper.shows("journal")["is_ready"]) == (4, False)
    assert "| ai_model_activated | paper |" in paper.held(PAGE).decode()


def test_a_branch_here_serves_without_a_server(paper: Publisher) -> None:
    done = paper.publish(remote=None)
    assert (paper.desk.git("rev-parse", "audit-log"), paper.tip) == (done.commit, "")
    assert paper.publish(remote=None).commit is None
    assert paper.publish(remote=None, branch="other").commit == paper.desk.git("rev-parse", "other")


def test_a_journal_that_ends_before_the_published_head_is_refused(paper: Publisher, tmp_path: Path) -> None:
    shutil.copytree(paper.journal.parent, tmp_path / "old")
    paper.decide("accepted")
    paper.publish()
    problem = refused(paper, journal=tmp_path / "old/paper.jsonl")
    assert (problem.code, problem.exit_code) == ("ANCESTRY", 30)
    assert "paper.jsonl: expected line 4 and more, as published 20" in problem.message
    assert problem.message.endswith("Z, got 3 lines")


def test_another_journal_of_the_same_name_is_refused(paper: Publisher, tmp_path: Path) -> None:
    paper.publish()
    paper.journal.parent.rename(tmp_path / "gone")
    paper.decide(*["accepted"] * 5)
    problem = refused(paper)
    assert (problem.code, problem.exit_code) == ("ANCESTRY", 30)


def test_an_edited_journal_is_refused(paper: Publisher) -> None:
    paper.journal.write_text(paper.journal.read_text().replace("rejected", "accepted"))
    assert refused(paper).code == "ANCESTRY"


def test_where_there_is_no_journal_there_is_nothing_to_publish(paper: Publisher) -> None:
    with pytest.raises(InputError, match="expected a journal"):
        paper.publish(journal=paper.desk.path / "logs/none.jsonl")
    assert (paper.tip, (paper.desk.path / "logs/none.jsonl").exists()) == ("", False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signer": "ann"}, "SIGNOFF-CONTEXT"),
        ({"signer": "nobody"}, "SIGNOFF-CONTEXT"),
        ({"environment": "moon"}, "POLICY-MISSING"),
    ],
    ids=str,
)
def test_only_a_service_publishes_and_only_what_the_policy_knows(paper: Publisher, changes: dict[str, object], code: str) -> None:
    assert refused(paper, **changes).code == code


def test_with_another_key_not_even_a_head_is_written(paper: Publisher) -> None:
    before = head_path(paper.journal).read_bytes()
    assert refused(paper, key=paper.desk.key("ann")).code == "SIG-UNKNOWN-KEY"
    assert head_path(paper.journal).read_bytes() == before


def test_a_published_head_that_does_not_count_is_taken_anew(paper: Publisher) -> None:
    paper.publish()
    edited = paper.held(HEAD).partition(b"\n")[0] + b"\n"
    push(paper, {HEAD: edited})
    done = paper.publish()
    assert HEAD in done.files
    assert b"SSH SIGNATURE" in paper.held(HEAD)


def test_a_published_report_that_was_changed_is_refused(paper: Publisher) -> None:
    path = f"audit/ai_decision/drift/{paper.desk.version}.20261121T101500Z.json"
    paper.desk.put(path, encode_json(drifted(MODEL, "ok")))
    paper.publish()
    paper.desk.put(path, encode_json(drifted(MODEL, "critical")))
    assert (problem := refused(paper)).code == "ADD-ONLY", problem


def push(paper: Publisher, files: dict[str, bytes]) -> None:
    """Push something to the branch, as somebody else would."""
    tip = branches.fetched(paper.git, "origin", "audit-log")
    assert branches.moved(
        paper.git, "origin", "audit-log", tip, branches.commit(paper.git, tip, files, "Somebody else", "runtime-2")
    )


class Racing:
    """Renders, and lets somebody else be faster so many times."""

    def __init__(self, paper: Publisher, times: int) -> None:
        self.paper, self.times = paper, times

    def __call__(self, before: str, environment: str, head: Statement, events: Iterable[TradingDecisionEvent]) -> str:
        """Make the page."""
        if self.times:
            self.times -= 1
            push(self.paper, {f"audit/ai_decision/heads/production/{self.times}.head": b"theirs"})
        return render(before, environment, head, events)


def race(paper: Publisher, times: int) -> str | None:
    desk = Desk(paper.desk.path, paper.clock)
    return publish(desk, desk.at("main"), paper.wish(), Racing(paper, times)).commit


def test_whoever_is_slower_builds_on_what_the_faster_one_published(paper: Publisher) -> None:
    commit = race(paper, 2)
    assert commit == paper.tip
    assert paper.held("audit/ai_decision/heads/production/0.head") == b"theirs"
    assert json.loads(paper.held(HEAD).partition(b"\n")[0])["sequence"] == 3


def test_who_is_never_fast_enough_says_so(paper: Publisher) -> None:
    with pytest.raises(GitError, match="expected to push to origin, got somebody faster 5 times"):
        race(paper, 9)


def test_a_push_that_fails_has_published_nothing(paper: Publisher) -> None:
    hook = paper.server / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitError, match="expected to push to audit-log"):
        paper.publish()
    assert (paper.tip, paper.desk.git("branch", "-a", "--list", "*audit-log")) == ("", "")
    hook.unlink()
    assert paper.publish().commit == paper.tip


def test_a_runtime_that_goes_on_writing_is_not_disturbed(paper: Publisher) -> None:
    with JsonlTradingDecisionJournal(paper.journal) as journal:
        (_, last) = list(journal.export())[-2:]
        paper.publish()
        paper.decide("accepted")
        assert len(list(journal.export())) == 4
        assert last["event"] == "decision"
    assert verify(paper.journal).whole
