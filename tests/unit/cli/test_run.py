"""`bot-core run`, as one command: what it says, what it leaves, and when it refuses."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bot_core.journal.head import head_path, read_head
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import drop_paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime_world import RuntimeWorld

RUN = ("run", "--env", "paper")
JOURNAL = "logs/decision_journal/decisions.jsonl"


@pytest.fixture
def world(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    return runtime(followed=True)


def replay(world: RuntimeWorld, bars: int, *words: object) -> tuple[int, str, str]:
    return world.run(*RUN, "--repo", world.origin, "--replay", bars, *words)


def decisions(world: RuntimeWorld) -> list[dict[str, object]]:
    return [event for event in world.journal() if event["event_type"] == "decision"]


def test_a_replay_says_every_decision_and_the_account(world: RuntimeWorld) -> None:
    code, out, err = replay(world, 20)
    assert code == 0, err
    lines = out.splitlines()
    found = decisions(world)
    assert len(found) == 20
    assert lines[0].startswith(f"2017-12-29 02:00 eurusd {MODEL} learned ")
    assert [line.split()[:2] for line in lines[:20]] == [
        [str(event["metadata"]["bar"])[:10], str(event["metadata"]["bar"])[11:16]]  # type: ignore[index]  # plain JSON
        for event in found
    ]
    assert lines[-1].startswith("paper account: equity ")
    assert f"{MODEL}: Synced" in err


def test_what_it_says_is_what_it_recorded(world: RuntimeWorld) -> None:
    code, out, err = replay(world, 300, "--format", "json")
    assert code == 0, err
    said = json.loads(out)
    rows = {(row["model"], row["version"], row["arm"], row["status"]): row["decisions"] for row in said["decisions"]}
    recorded = Counter(
        (event["strategy"], event["metadata"]["version"], event["metadata"]["arm"], event["status"])  # type: ignore[index]
        for event in decisions(world)
    )
    assert rows == dict(recorded)
    assert sum(rows.values()) == 300
    assert said["account"]["last_equity"] > 0.0


def test_quiet_says_the_sums_only(world: RuntimeWorld) -> None:
    code, out, _ = replay(world, 20, "--quiet")
    assert code == 0
    assert [line.partition(":")[0] for line in out.splitlines()][-1] == "paper account"
    assert not [line for line in out.splitlines() if line.startswith("2017")]
    assert f"{MODEL} {world.active()}: learned" in out


def test_it_ends_with_a_head_and_the_account_on_the_disk(world: RuntimeWorld) -> None:
    replay(world, 20)
    path = world.path / JOURNAL
    head = read_head(head_path(path))
    assert head is not None
    assert head.statement.sequence == len(path.read_bytes().splitlines())
    assert world.state("paper.paper")["marks"]["eurusd"]["close"] > 1.0  # type: ignore[index]  # plain JSON
    assert world.run("journal", "verify", JOURNAL)[0] == 0


def test_replayed_again_it_decides_on_no_bar_twice(world: RuntimeWorld) -> None:
    replay(world, 20)
    equity = world.state("paper.paper")
    code, out, err = replay(world, 20)
    assert code == 0, err
    assert len(decisions(world)) == 20
    assert world.state("paper.paper") == equity
    assert out.splitlines()[0].startswith("paper account")


def test_another_file_than_the_archived_one(world: RuntimeWorld) -> None:
    text = world.read("data/eurusd_1h.csv").splitlines(keepends=True)
    world.put("feed.csv", "".join(text[:100]))
    code, out, err = replay(world, 1_000, "--bars", "eurusd=feed.csv")
    assert code == 0, err
    assert len(decisions(world)) == 99
    assert out.splitlines()[0].endswith("rules rejected: warming_up, rule_matched")


def test_while_it_is_detached_here_the_rules_decide_from_the_start(world: RuntimeWorld) -> None:
    world.put("var/models/control.json", json.dumps({"schema": "bot-core/control/v1", "detached": True, "reason": "we look"}))
    code, out, err = replay(world, 5)
    assert code == 0, err
    assert {line.partition("rules rejected: ")[2] for line in out.splitlines()[:5]} == {"rule_matched, detached"}


@pytest.mark.parametrize("state", ["var/models", "fresh"])
def test_started_while_git_halts_the_model_the_rules_decide(world: RuntimeWorld, state: str) -> None:
    world.ok("halt", "paper", "--all", *signed_by(world, "ann"), "--reason", "It drifts.", "--state", "none")
    world.push()
    code, out, err = replay(world, 5, "--state", state)
    assert code == 0, err
    assert {line.partition("rules rejected: ")[2] for line in out.splitlines()[:5]} == {"HALTED, rule_matched"}
    assert len(decisions(world)) == 5


def test_started_while_its_environment_is_dropped_the_rules_decide(world: RuntimeWorld) -> None:
    drop_paper(world)
    world.push()
    code, out, err = replay(world, 5)
    assert code == 0, err
    assert {line.partition("rules rejected: ")[2] for line in out.splitlines()[:5]} == {"POLICY-MISSING, rule_matched"}


REFUSED: dict[str, tuple[tuple[object, ...], int, str]] = {
    "no bars to replay": (("--replay", "0"), 2, "--replay: expected a number of bars above zero, got 0"),
    "a pair that is none": (("--replay", "5", "--bars", "feed.csv"), 2, "--bars: expected INSTRUMENT=FILE, got feed.csv"),
    "an instrument that no model reads": (("--replay", "5", "--bars", "gold=x.csv"), 2, "--bars: expected one of eurusd; got gold"),
    "no such file": (("--replay", "5", "--bars", "eurusd=x.csv"), 2, "x.csv: expected a readable CSV file, got No such file"),
    "no such settings": (("--replay", "5", "--settings", "x.yaml"), 2, "x.yaml: expected a readable file"),
}


@pytest.mark.parametrize(("words", "code", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_it_refuses(world: RuntimeWorld, words: tuple[object, ...], code: int, sentence: str) -> None:
    got, _, err = world.run(*RUN, "--repo", world.origin, *words)
    assert (got, decisions(world)) == (code, [])
    assert sentence in err
    assert not {"Traceback", "FAULT"} & set(err.replace("[", " ").replace("]", " ").split())


def test_a_folder_in_which_nothing_is_in_force_has_nothing_to_decide(world: RuntimeWorld) -> None:
    code, _, err = replay(world, 5, "--env", "production", "--state", "elsewhere")
    assert code == 2
    assert "production: expected a model that decides on bars, got none" in err


def test_a_journal_that_cannot_be_written_is_no_success(world: RuntimeWorld) -> None:
    world.put("blocked", "a file where a folder should be")
    code, _, err = replay(world, 5, "--journal", "blocked/decisions.jsonl")
    assert code == 1, err
    assert "blocked/decisions.jsonl" in err


def test_a_damaged_account_is_not_begun_anew(world: RuntimeWorld) -> None:
    world.put("var/models/paper.paper.json", "{")
    code, _, err = replay(world, 5)
    assert code == 2
    assert "paper.paper.json: expected JSON" in err
    assert decisions(world) == []


def test_its_help_shows_how(help_of: Callable[[str], str]) -> None:
    said = help_of("run")
    assert "bot-core run --env paper --replay 500" in said
    assert "--bars INSTRUMENT=FILE" in said
