from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError
from bot_core.governance import layout
from bot_core.governance.gate import Judgement, gate
from bot_core.governance.git import Git
from bot_core.governance.reasons import Verdict
from tests.world import MODEL, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

PAPER = layout.environment("paper")
BARE = "schema: bot-core/environment/v1\nenvironment: paper\nmaintenance: false\n"


def judged(desk: World, head: str = "HEAD") -> Judgement:
    return gate(Git(desk.path), "main", head, desk.t0 + WEEK)


def codes(found: Judgement) -> set[str]:
    return {reason.code for reason in (*found.reasons, *(reason for decision in found.decisions for reason in decision.reasons))}


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    found = world("paper")
    found.git("switch", "-q", "-c", "proposal")
    return found


def test_no_change_may_be_merged(desk: World) -> None:
    found = judged(desk)
    assert (found.verdict, found.reasons, found.decisions, found.shown) == (Verdict.ALLOW, (), (), ())
    assert found.base == found.head == desk.git("rev-parse", "main")


def test_a_change_of_nothing_governed_may_be_merged(desk: World) -> None:
    desk.put("conf/decision/new.yaml", "1")
    desk.commit()
    assert judged(desk).verdict == Verdict.ALLOW


@pytest.mark.parametrize("change", ["maintenance", "less", "gone", "file gone"])
def test_a_change_that_only_restricts_needs_nothing(desk: World, change: str) -> None:
    text = desk.read(PAPER)
    texts = {
        "maintenance": text.replace("maintenance: false", "maintenance: true"),
        "less": text.replace("rollout: 100", "rollout: 5"),
        "gone": BARE,
    }
    if change == "file gone":
        desk.git("rm", "-q", PAPER)
    else:
        assert texts[change] != text
        desk.put(PAPER, texts[change])
    desk.commit()
    found = judged(desk)
    assert (found.verdict, found.decisions) == (Verdict.ALLOW, ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fallback: rules", "fallback: 20200101T000000Z-00000000"),
        (r"domain: .*", "domain: x"),
        (r"release: .*", f"release: sha256:{'0' * 64}"),
    ],
)
def test_any_other_change_of_an_entry_is_judged(desk: World, old: str, new: str) -> None:
    desk.put(PAPER, re.sub(old, new, desk.read(PAPER)))
    desk.commit()
    (decision,) = judged(desk).decisions
    assert (decision.environment, decision.model) == ("paper", MODEL)


def test_the_end_of_maintenance_is_judged_like_a_first_entry(desk: World) -> None:
    desk.put(PAPER, desk.read(PAPER).replace("maintenance: false", "maintenance: true"))
    desk.commit()
    desk.merge("proposal")
    desk.git("switch", "-q", "-c", "back")
    desk.edit(PAPER, "maintenance: true", "maintenance: false")
    desk.commit()
    (decision,) = judged(desk).decisions
    assert decision.verdict == Verdict.ALLOW


def test_new_sign_offs_are_shown_and_do_not_block(desk: World) -> None:
    desk.sign_off("risk", "fay", "--reject", env="paper")
    found = judged(desk)
    assert (found.verdict, found.decisions) == (Verdict.ALLOW, ())
    assert [(shown.model, shown.verdict) for shown in found.shown] == [(MODEL, Verdict.DENY)]


def test_a_broken_environment_file_is_a_reason(desk: World) -> None:
    desk.put(PAPER, BARE + "extra: 1\n")
    desk.commit()
    found = judged(desk)
    assert (codes(found), found.verdict) == ({"CANON"}, Verdict.TAMPER)


def test_the_result_of_the_merge_is_judged_by_the_base_branchs_policy(desk: World) -> None:
    desk.put("docs/a.md", "1")
    desk.commit()
    desk.git("switch", "-q", "main")
    desk.edit(layout.POLICY, "version: 1", "version: 9")
    desk.commit()
    assert judged(desk, "proposal").verdict == Verdict.ALLOW
    desk.git("rm", "-q", layout.POLICY)
    desk.git("commit", "-qm", "Delete")
    found = judged(desk, "proposal")
    assert [reason.message for reason in found.reasons] == [
        "compliance/policy.yaml: expected a policy on the protected branch, got none"
    ]
    assert found.verdict == Verdict.DENY


def test_no_such_branch_and_a_conflict_are_sentences(desk: World) -> None:
    with pytest.raises(GitError, match="expected a commit named nonsense"):
        judged(desk, "nonsense")
    desk.put(PAPER, BARE)
    desk.commit()
    desk.git("switch", "-q", "main")
    desk.edit(PAPER, "maintenance: false", "maintenance: true")
    desk.edit(PAPER, "rollout: 100", "rollout: 5")
    desk.commit()
    with pytest.raises(GitError, match="got conflicts"):
        judged(desk, "proposal")
