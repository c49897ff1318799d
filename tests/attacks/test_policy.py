"""Attacks on the policy: who gives whom the right to sign. The base branch's policy decides, and only its root quorum changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.governance import layout
from tests.attacks.forge import expect, on_main, policy, reword, seal, sign_policy, stranger, window
from tests.world import MODEL, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.forge import Outcome
    from tests.world import Stage, World

CHECKLIST = "compliance/checklists/model-promotion-v1.yaml"


@pytest.fixture
def branch(world: Callable[[Stage], World]) -> World:
    """Start a pull request from a repository where a model is active in paper."""
    desk = world("paper")
    desk.git("switch", "-qc", "change")
    return desk


def by_hand(desk: World, *edits: tuple[str, str], signers: tuple[str, ...] = ("ann", "ben")) -> None:
    """Change the policy without the command that would not write such a thing, and sign it."""
    for old, new in edits:
        desk.edit(layout.POLICY, old, new)
    sign_policy(desk, *signers)


def follows(desk: World, version: int = 2, previous: str = "") -> tuple[str, str]:
    """Return the edit that numbers the next policy."""
    digest = previous or sha256(desk.read(layout.POLICY).encode())
    return "version: 1\n", f"version: {version}\nprevious: {digest}\n"


# --- the way it should go ---


def test_a_policy_that_both_roots_signed_is_allowed(branch: World) -> None:
    policy(branch, "--person", f"mallory={stranger(branch)}.pub:risk")
    expect(branch, 0)


def test_somebody_can_be_dropped(branch: World) -> None:
    policy(branch, "--drop", "fay")
    expect(branch, 0)
    assert "fay" not in branch.read(layout.POLICY) + branch.read(layout.ALLOWED_SIGNERS)


# --- who signs a change ---


def test_an_author_cannot_join_the_policy_by_the_own_signature(branch: World) -> None:
    key = stranger(branch)
    branch.ok("policy", "propose", "--person", f"mallory={key}.pub:root,risk")
    branch.ok("policy", "sign", "--signer", "mallory", "--key", key)
    expect(branch, 20, "POLICY-SELF")


def test_whom_a_pull_request_adds_to_the_policy_signs_nothing_in_it(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    key = stranger(desk)
    policy(desk, "--person", f"mallory={key}.pub:risk")
    reword(desk, "risk", signer="mallory", key=key)
    expect(desk, 30, "MIXED-CHANGE", "SIG-UNKNOWN-KEY", "ROLE-MISSING")


@pytest.mark.parametrize("signer", ["ann", "ben"])
def test_one_of_two_roots_is_not_enough(branch: World, signer: str) -> None:
    policy(branch, "--drop", "fay", signers=(signer,))
    expect(branch, 20, "POLICY-SELF")


def test_lowering_the_quorum_takes_the_quorum_that_it_lowers(branch: World) -> None:
    policy(branch, edits=(("root_quorum: 2", "root_quorum: 1"),), signers=("ann",))
    expect(branch, 20, "POLICY-SELF")


def test_the_new_roots_cannot_replace_the_old_ones(branch: World) -> None:
    for name in ("cid", "dora"):
        branch.edit(layout.POLICY, f"  - name: {name}\n    roles:\n", f"  - name: {name}\n    roles:\n      - root\n")
    for name in ("ann", "ben"):
        branch.edit(layout.POLICY, f"  - name: {name}\n    roles:\n      - root\n", f"  - name: {name}\n    roles:\n")
    branch.ok("policy", "propose")
    sign_policy(branch, "cid", "dora")
    expect(branch, 20, "POLICY-SELF")
    sign_policy(branch, "ann", "ben")
    expect(branch, 0)


def test_a_root_cannot_sign_in_the_name_of_the_other(branch: World) -> None:
    policy(branch, "--drop", "fay", signers=("ann",))
    seal(branch, layout.POLICY, branch.key("ann"), layout.POLICY_KIND, f"{layout.POLICY}.ben.sig")
    branch.commit()
    expect(branch, 20, "POLICY-SELF")


def test_a_signature_for_another_kind_of_document_does_not_count(branch: World) -> None:
    policy(branch, "--drop", "fay", signers=("ann",))
    seal(branch, layout.POLICY, branch.key("ben"), layout.SIGNOFF, f"{layout.POLICY}.ben.sig")
    branch.commit()
    expect(branch, 20, "POLICY-SELF")


def test_signatures_hold_for_the_bytes_that_were_signed(branch: World) -> None:
    policy(branch, "--drop", "fay")
    branch.edit(layout.POLICY, "max_validity_days: 120", "max_validity_days: 3650")
    branch.commit()
    expect(branch, 20, "POLICY-SELF")


def test_a_revoked_root_signs_no_policy(branch: World) -> None:
    with on_main(branch):
        branch.ok("revoke", "key", f"{branch.key('ann')}.pub", "--reason", "stolen", "--signer", "fay", "--key", branch.key("fay"))
    policy(branch, "--drop", "gus")
    expect(branch, 20, "POLICY-SELF")


@pytest.mark.parametrize(("days", "outcome"), [(7, (20, "POLICY-SELF")), (9, (0,))])
def test_a_root_signs_while_the_key_is_valid(branch: World, days: int, outcome: Outcome) -> None:
    with on_main(branch):
        policy(branch, edits=(window(branch, "ann", valid_until=days),))
    branch.git("merge", "-q", "main")
    policy(branch, "--drop", "fay")
    expect(branch, *outcome)


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_signatures_that_stand_stay(branch: World, change: str) -> None:
    sig = f"{layout.POLICY}.ann.sig"
    if change == "deleted":
        branch.git("rm", "-q", sig)
    else:
        seal(branch, layout.POLICY, stranger(branch), layout.POLICY_KIND, sig)
    branch.commit()
    expect(branch, 20, "POLICY-SELF")


# --- from one version to the next ---


def test_an_older_policy_cannot_be_played_again(branch: World) -> None:
    old = branch.git("rev-parse", "main")
    with on_main(branch):
        policy(branch, "--drop", "fay")
    branch.git("merge", "-q", "main")
    branch.git("checkout", "-q", old, "--", "compliance", layout.CODEOWNERS)
    branch.commit("Restore the policy as it was signed")
    expect(branch, 30, "POLICY-CHAIN")


@pytest.mark.parametrize(
    ("version", "previous"),
    [(3, ""), (1, ""), (2, "sha256:" + "0" * 64)],
    ids=["version skipped", "version kept", "another previous"],
)
def test_a_policy_follows_the_one_before(branch: World, version: int, previous: str) -> None:
    by_hand(branch, follows(branch, version, previous))
    expect(branch, 30, "POLICY-CHAIN")


def test_a_policy_that_follows_the_one_before_is_allowed(branch: World) -> None:
    by_hand(branch, follows(branch))
    expect(branch, 0)


def test_a_policy_without_previous_is_no_follower(branch: World) -> None:
    by_hand(branch, ("version: 1\n", "version: 2\n"))
    expect(branch, 30, "POLICY-CHAIN")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("repository: quant/models", "repository: quant/other"),
        ("root_quorum: 2", "root_quorum: 3"),
        ("  - name: gus\n", "  - name: ann\n"),
        ("  - name: paper\n", "  - name: production\n"),
        ("ssh-ed25519 ", "ssh-rsa "),
    ],
    ids=["another repository", "a quorum beyond the roots", "one name twice", "one environment twice", "a key of another type"],
)
def test_a_policy_makes_sense_in_itself(branch: World, old: str, new: str) -> None:
    by_hand(branch, follows(branch), (old, new))
    expect(branch, 30, "POLICY-CHAIN")


def test_two_people_cannot_share_a_key(branch: World) -> None:
    keys = [(branch.keys / f"{name}.pub").read_text().split()[1] for name in ("ann", "gus")]
    by_hand(branch, follows(branch), (keys[1], keys[0]))
    expect(branch, 30, "POLICY-CHAIN")


def test_the_policy_cannot_be_deleted(branch: World) -> None:
    branch.git("rm", "-q", layout.POLICY)
    branch.commit()
    expect(branch, 30, "POLICY-CHAIN")


# --- what a pull request carries besides ---


def test_a_dismissed_signer_does_not_count_on_a_branch_where_the_policy_still_lists_him(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    with on_main(desk):
        policy(desk, "--drop", "cid", "--person", f"mallory={stranger(desk)}.pub:platform")
    assert "name: cid\n" in desk.read(layout.POLICY)
    expect(desk, 30, "SIG-UNKNOWN-KEY", "ROLE-MISSING", "GO-LIVE")


def test_a_newer_policy_that_still_lists_everybody_changes_nothing(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    with on_main(desk):
        policy(desk, "--person", f"mallory={stranger(desk)}.pub:platform")
    expect(desk, 0)


def test_a_weaker_policy_and_a_promotion_cannot_share_a_pull_request(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    policy(desk, edits=(("max_age_days: 45", "max_age_days: 4500"),))
    expect(desk, 20, "MIXED-CHANGE")


def test_a_weaker_policy_does_not_judge_the_promotion_that_it_comes_with(world: Callable[[Stage], World]) -> None:
    desk = world("proposed")
    policy(desk, edits=(("      data: 1\n      platform: 1\n      risk: 1\n", "      risk: 1\n"),))
    expect(desk, 20, "MIXED-CHANGE", "ROLE-MISSING", "LIMITS", "GO-LIVE")


@pytest.mark.parametrize("path", [layout.ALLOWED_SIGNERS, layout.CODEOWNERS])
@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_what_the_policy_generates_is_not_written_by_hand(branch: World, path: str, change: str) -> None:
    branch.put(path, branch.read(path) + "* @mallory\n")
    if change == "deleted":
        branch.git("rm", "-qf", path)
    branch.commit()
    expect(branch, 30, "GENERATED")


def test_a_checklist_is_the_one_that_the_policy_names(branch: World) -> None:
    weaker = branch.read(CHECKLIST).replace("    waivable: true\n", "").replace("    check: reports_ok\n", "    waivable: true\n")
    branch.put(CHECKLIST, weaker)
    branch.commit()
    expect(branch, 30, "REL-DIGEST")


def test_a_checklist_cannot_be_deleted(branch: World) -> None:
    branch.git("rm", "-q", CHECKLIST)
    branch.commit()
    expect(branch, 30, "REL-DIGEST")


def test_a_checklist_that_both_roots_put_into_the_policy_is_allowed(branch: World) -> None:
    old = sha256(branch.read(CHECKLIST).encode())
    branch.edit(CHECKLIST, "no alert is open", "no alert has been open for a week")
    policy(branch, edits=((old, sha256(branch.read(CHECKLIST).encode())),))
    expect(branch, 0)


# --- no policy ---


def test_an_environment_that_the_policy_does_not_know_holds_nothing(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    text = desk.read(layout.environment("production"))
    desk.put(layout.environment("staging"), text.replace("environment: production", "environment: staging"))
    desk.commit()
    expect(desk, 20, "POLICY-MISSING")


def test_a_repository_without_policy_allows_nothing(branch: World) -> None:
    branch.git("checkout", "-q", "--orphan", "bare")
    branch.git("rm", "-rqf", "--cached", "compliance/policy.yaml")
    (branch.path / layout.POLICY).unlink()
    branch.commit("No policy")
    branch.git("switch", "-qc", "first")
    branch.put("compliance/environments/paper.yaml", f"# {MODEL}\n" + branch.read("compliance/environments/paper.yaml"))
    branch.commit()
    expect(branch, 20, "POLICY-MISSING", base="bare")
    code, _, err = branch.run("promote", MODEL, branch.version, "--env", "paper")
    assert (code, "POLICY-MISSING" in err) == (20, True), err


def test_the_first_policy_needs_no_policy_before_it_but_never_passes_the_gate(branch: World) -> None:
    branch.git("checkout", "-q", "--orphan", "bare")
    branch.git("rm", "-rqf", "compliance/policy.yaml")
    branch.commit("No policy")
    branch.git("switch", "-qc", "first")
    branch.ok("policy", "init", *(word for name in PEOPLE for word in ("--root", f"{name}={branch.key(name)}.pub")))
    expect(branch, 20, "POLICY-MISSING", "POLICY-SELF", base="bare")
    for name in ("ann", "ben"):
        branch.ok("policy", "sign", "--signer", name, "--key", branch.key(name))
    expect(branch, 20, "POLICY-MISSING", base="bare")
