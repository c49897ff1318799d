from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.governance import changes
from bot_core.governance.git import FILE, Change, Git
from bot_core.governance.snapshot import Snapshot
from tests.memory_view import MODEL, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

RELEASE = f"models/{MODEL}/{VERSION}.json"
HALT = "compliance/halts/paper/stop.yaml"
STATE = "compliance/environments/paper.yaml"


def codes(*words: str) -> list[str]:
    """Judge changes given as `STATUS MODE PATH`."""
    return [reason.code for reason in changes.judge([Change(*word.split(" ", 2)) for word in words])]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (f"A {FILE} {RELEASE}", []),
        (f"M {FILE} {RELEASE}", ["REL-IMMUTABLE"]),
        (f"D 000000 {RELEASE}", ["REL-IMMUTABLE"]),
        (f"A {FILE} {HALT}", []),
        (f"M {FILE} {HALT}", ["ADD-ONLY"]),
        (f"D 000000 {HALT}", ["ADD-ONLY"]),
        (f"T 120000 {HALT}", ["PATH", "ADD-ONLY"]),
        (f"M {FILE} {STATE}", []),
        (f"D 000000 {STATE}", []),
        (f"A 100755 {STATE}", ["PATH"]),
        (f"A 120000 {STATE}", ["PATH"]),
        ("A 160000 compliance/module", ["PATH"]),
        (f"A {FILE} models/{MODEL}/{VERSION}.pkl", ["FORMAT"]),
        (f"A {FILE} compliance/notes.txt", ["PATH"]),
        (f"A {FILE} Compliance/policy.yaml", ["PATH"]),
        (f"A {FILE} compliance\\policy.yaml", ["PATH"]),
        (f"A {FILE} compliance", ["PATH"]),
        (f"A {FILE} compliance/environments/päper.yaml", ["PATH"]),
        ("A 120000 docs/link.md", []),
        ("D 000000 README.md", []),
    ],
)
def test_each_kind_of_file_has_its_changes(change: str, expected: list[str]) -> None:
    assert codes(change) == expected


def test_policy_and_state_never_change_together() -> None:
    policy = f"M {FILE} compliance/policy.yaml"
    assert codes(policy, f"M {FILE} {STATE}") == ["MIXED-CHANGE"]
    assert codes(f"M {FILE} compliance/checklists/c.yaml", f"M {FILE} {STATE}") == ["MIXED-CHANGE"]
    assert codes(policy, f"A {FILE} {HALT}") == []


def test_a_deleted_sign_off_is_told_how_to_go_back() -> None:
    (reason,) = changes.judge([Change("D", "000000", HALT)])
    assert reason.message == f"{HALT}: expected a file that is only ever added, got it deleted"
    assert reason.hint == "bot-core rollback restores the environment's file alone"


def test_too_many_files_are_one_reason() -> None:
    many = [Change("A", FILE, f"compliance/halts/paper/h{i}.yaml") for i in range(changes.MOST_FILES + 1)]
    (reason,) = changes.judge(many)
    assert reason.message == "compliance, models, audit: expected at most 5000 changed files, got 5001"
    assert list(changes.judge(many[1:])) == []


def judged(desk: World, *, policy: bool = False) -> list[str]:
    """Judge what HEAD changes against main."""
    git = Git(desk.path)
    tip = git.resolve("main")
    base, tree = git.tree(tip), git.tree(git.resolve("HEAD"))
    proposed = git.changes(base, tree)
    view = Snapshot(git, tip, tree, desk.t0, frozenset(change.path for change in proposed))
    found = changes.judge_policy(view, base, proposed) if policy else changes.collisions(view, proposed)
    return [f"{reason.code}: {reason.message}" for reason in found]


def test_names_that_differ_by_case_only_collide(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    desk.git("switch", "-q", "-c", "proposal")
    desk.put("compliance/checklists/Model-promotion-v1.yaml", "x")
    desk.commit()
    sentence = "expected names that differ by more than case, got another like it"
    assert judged(desk) == [
        f"PATH: compliance/checklists/{name}: {sentence}" for name in ("Model-promotion-v1.yaml", "model-promotion-v1.yaml")
    ]


def test_what_the_policy_generates_and_names_must_be_there(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    desk.git("switch", "-q", "-c", "proposal")
    desk.put("CODEOWNERS", "* @eve\n")
    desk.put("compliance/checklists/model-promotion-v1.yaml", "x\n")
    desk.commit()
    found = judged(desk, policy=True)
    assert found[0] == "GENERATED: CODEOWNERS: expected what compliance/policy.yaml generates, got another text"
    assert found[1].startswith("REL-DIGEST: compliance/checklists/model-promotion-v1.yaml: expected sha256:")
    assert len(found) == 2


def test_a_policy_is_never_deleted(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    desk.git("switch", "-q", "-c", "proposal")
    desk.git("rm", "-q", "compliance/policy.yaml")
    desk.git("commit", "-qm", "Delete")
    assert judged(desk, policy=True) == ["POLICY-CHAIN: compliance/policy.yaml: expected a policy, got it deleted"]


def test_a_change_of_nothing_that_the_policy_rules_is_not_judged(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    desk.git("switch", "-q", "-c", "proposal")
    desk.put("docs/a.md", "1")
    desk.commit()
    assert judged(desk, policy=True) == []
