"""May a runtime follow this commit, and what does it remember of it?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256_file
from bot_core.documents.interventions import Halt
from bot_core.errors import GitError
from bot_core.governance import layout, sshsig
from bot_core.governance.acceptance import Accepted, accept, recalled, reopen, restricted
from bot_core.governance.git import Git
from bot_core.governance.reading import parse
from bot_core.governance.reasons import Refused
from tests.attacks import forge
from tests.attacks.acts import DAY, HOUR, release_of, signed_by
from tests.attacks.acts import forge as forged
from tests.unit.runtime.machine import drop_paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.runtime import RuntimeMemory
    from tests.world import Stage, World

    Worlds = Callable[[Stage], World]


def met(
    desk: World, before: RuntimeMemory | None = None, tip: str = "main", env: str = "paper", pinned: str | None = None
) -> Accepted:
    """Accept a commit as a machine would."""
    git = Git(desk.path)
    return accept(git, git.resolve(tip), before, env, desk.now, pinned)


def refused(desk: World, code: str, before: RuntimeMemory | None = None, **more: str) -> Refused:
    """Ask for a commit that must be refused."""
    with pytest.raises(Refused) as caught:
        met(desk, before, **more)
    assert caught.value.code == code, caught.value
    return caught.value


def policy_digest(desk: World) -> str:
    return sha256_file(desk.path / layout.POLICY)


def halt(desk: World, env: str = "paper", who: str = "ann") -> str:
    desk.ok("halt", env, "--all", *signed_by(desk, who), "--reason", "x", "--state", "none")
    return desk.find(f"compliance/halts/{env}/*-all.yaml")


# --- first contact ---


def test_at_first_contact_policy_commit_and_repository_are_remembered(world: Worlds) -> None:
    desk = world("paper")
    found = met(desk)
    tip = desk.git("rev-parse", "main")
    assert (found.view.tip, found.rules.name, found.policy.version) == (tip, "paper", 1)
    known = found.remembered
    assert (known.repository, known.policy, known.accepted) == ("quant/models", policy_digest(desk), tip)
    assert (known.halts, known.withdrawn, known.revoked, known.seen) == ([], [], [], {})


def test_a_pinned_policy_is_compared_at_first_contact(world: Worlds) -> None:
    desk = world("configured")
    assert met(desk, pinned=policy_digest(desk)).policy.version == 1
    problem = refused(desk, "POLICY-CHAIN", pinned="sha256:" + "0" * 64)
    assert f"expected a policy that descends from the pinned sha256:{'0' * 64}, got {policy_digest(desk)}" in problem.message
    assert problem.exit_code == 30


def test_an_older_pin_leads_to_the_newest_policy_step_by_step(world: Worlds) -> None:
    desk = world("configured")
    pinned = policy_digest(desk)
    for who in ("gus", "fay"):
        forge.policy(desk, "--drop", who)
    assert met(desk, pinned=pinned).policy.version == 3


def test_without_a_policy_or_its_environment_nothing_is_accepted(world: Worlds) -> None:
    desk = world("configured")
    assert "expected one of paper, production; got moon" in refused(desk, "POLICY-MISSING", env="moon").message
    known = met(desk).remembered
    desk.git("rm", "-q", layout.POLICY)
    desk.commit()
    assert "expected a policy on the protected branch, got none" in refused(desk, "POLICY-MISSING", known).message


# --- history ---


def test_the_same_commit_and_a_descendant_are_accepted(world: Worlds) -> None:
    desk = world("configured")
    known = met(desk).remembered
    assert met(desk, known).remembered == known
    desk.put("docs/new.md", "1")
    tip = desk.commit()
    assert met(desk, known).remembered == replace(known, accepted=tip)


@pytest.mark.parametrize("how", ["older", "amended", "unrelated", "foxtrot"])
def test_another_history_is_refused(world: Worlds, how: str) -> None:
    desk = world("configured")
    desk.put("docs/new.md", "1")
    desk.commit()
    known = met(desk).remembered
    if how == "older":
        desk.git("reset", "-q", "--hard", "HEAD^")
    elif how == "amended":
        desk.git("commit", "-q", "--amend", "-m", "Rewritten")
    elif how == "unrelated":
        desk.git("switch", "-q", "--orphan", "other")
        desk.git("checkout", "-q", known.accepted, "--", ".")
        desk.commit()
        desk.git("branch", "-qf", "main", "other")
    else:  # the accepted commit becomes a second parent: what it brought would count from another time
        desk.git("switch", "-qc", "side", "HEAD^")
        desk.put("docs/other.md", "1")
        desk.commit()
        desk.git("merge", "-q", "--no-ff", "-m", "Foxtrot", "main")
        desk.git("branch", "-qf", "main", "side")
    problem = refused(desk, "ANCESTRY", known)
    assert f"expected {known.accepted[:12]}, the last accepted commit, among its first parents" in problem.message
    assert reopen(Git(desk.path), known, "paper", desk.now).remembered == known


def test_what_is_not_there_cannot_be_opened_again(world: Worlds) -> None:
    desk = world("configured")
    with pytest.raises(GitError):
        reopen(Git(desk.path), replace(met(desk).remembered, accepted="0" * 40), "paper", desk.now)


# --- the policy chain ---


def test_a_policy_signed_by_the_root_quorum_is_followed(world: Worlds) -> None:
    desk = world("configured")
    known = met(desk).remembered
    forge.policy(desk, "--drop", "gus")
    found = met(desk, known)
    assert found.policy.version == 2
    assert found.policy.person("gus") is None
    assert found.remembered.policy == policy_digest(desk) != known.policy


@pytest.mark.parametrize("signers", [(), ("ann",), ("ben",)])
def test_below_the_quorum_it_is_not(world: Worlds, signers: tuple[str, ...]) -> None:
    desk = world("configured")
    known = met(desk).remembered
    desk.ok("policy", "propose", "--drop", "gus")
    forge.sign_policy(desk, *signers) if signers else None
    assert "root people of the old policy" in refused(desk, "POLICY-SELF", known).message


def test_each_of_several_steps_between_two_passes_is_proven(world: Worlds) -> None:
    desk = world("configured")
    known = met(desk).remembered
    for who in ("gus", "fay", "eve"):
        forge.policy(desk, "--drop", who)
        desk.put(f"docs/{who}.md", "between")
        desk.commit()
    assert met(desk, known).policy.version == 4


def test_one_unsigned_step_among_signed_ones_breaks_the_chain(world: Worlds) -> None:
    desk = world("configured")
    known = met(desk).remembered
    forge.policy(desk, "--drop", "gus")
    forge.policy(desk, "--drop", "fay", signers=("ann",))
    forge.policy(desk, "--drop", "eve")
    refused(desk, "POLICY-SELF", known)


def test_a_policy_that_was_taken_out_between_breaks_the_chain(world: Worlds) -> None:
    desk = world("configured")
    known = met(desk).remembered
    text = desk.read(layout.POLICY)
    desk.git("rm", "-q", layout.POLICY)
    desk.commit()
    desk.put(layout.POLICY, text + "# the same, with a comment\n")
    forge.sign_policy(desk, "ann", "ben")
    assert "expected a policy in every commit since the pinned one, got none" in refused(desk, "POLICY-CHAIN", known).message


def test_a_replayed_older_policy_is_none_that_descends(world: Worlds) -> None:
    desk = world("configured")
    first = {path: desk.read(path) for path in (layout.POLICY, *(f"{layout.POLICY}.{who}.sig" for who in ("ann", "ben")))}
    forge.policy(desk, "--drop", "gus")
    known = met(desk).remembered
    for path, text in first.items():
        desk.put(path, text)
    desk.commit()
    refused(desk, "POLICY-CHAIN", known)


def test_an_unsigned_policy_that_was_reverted_has_changed_nothing(world: Worlds) -> None:
    desk = world("configured")
    known = met(desk).remembered
    desk.ok("policy", "propose", "--drop", "gus")
    refused(desk, "POLICY-SELF", known)
    desk.git("revert", "--no-edit", "HEAD")
    assert met(desk, known).remembered.policy == known.policy


def test_a_revoked_root_person_carries_no_policy_any_more(world: Worlds) -> None:
    desk = world("configured")
    since = f"{desk.t0 - DAY:%Y-%m-%dT%H:%M:%SZ}"
    desk.ok("revoke", "person", "ben", "--compromised-since", since, "--reason", "x", *signed_by(desk, "cid"))
    known = met(desk).remembered
    assert [gone.person for gone in known.withdrawn] == ["ben"]
    forge.policy(desk, "--drop", "gus")
    refused(desk, "POLICY-SELF", known)


# --- a policy that drops the environment ---


def test_a_policy_that_drops_the_environment_is_followed_and_asks_for_what_nobody_can_give(world: Worlds) -> None:
    desk = world("paper")
    path = halt(desk)
    known = met(desk).remembered
    desk.ok("resume", "paper", "--role", "risk", *signed_by(desk, "ann"), "--reason", "mended")
    drop_paper(desk)
    found = met(desk, known)
    assert (found.policy.version, found.rules.name) == (2, "paper")
    assert found.dropped is not None
    assert "version 2: environments: expected one of production; got paper" in found.dropped.message
    assert found.remembered.accepted == desk.git("rev-parse", "main")
    assert found.remembered.halts == known.halts  # nobody can end them there
    assert desk.read(path)
    refused(desk, "POLICY-MISSING")  # at first contact it is a slip of the pen


def test_an_environment_that_comes_back_is_asked_for_as_before(world: Worlds) -> None:
    desk = world("paper")
    known, text = met(desk).remembered, desk.read(layout.POLICY)
    drop_paper(desk)
    without = met(desk, known).remembered
    start, end = text.index("environments:\n"), len(text)
    now = desk.read(layout.POLICY)
    forge.policy(desk, edits=((now[now.index("environments:\n") :], text[start:end]),))
    found = met(desk, without)
    assert (found.dropped, found.rules) == (None, met(desk).rules)


# --- what a commit that may not be followed restricts all the same ---


def unfollowed(desk: World, known: RuntimeMemory) -> RuntimeMemory:
    """Return what is remembered after a commit that is refused."""
    git = Git(desk.path)
    with pytest.raises(Refused):
        met(desk, known)
    return restricted(reopen(git, known, "paper", desk.now), git, git.resolve("main"), desk.now).remembered


@pytest.mark.parametrize("how", ["policy", "amended"])
def test_a_refused_commit_teaches_its_signed_halts_and_revocations(world: Worlds, how: str) -> None:
    desk = world("paper")
    desk.put("docs/new.md", "1")
    desk.commit()
    known = met(desk).remembered
    if how == "policy":
        desk.ok("policy", "propose", "--drop", "eve")
    else:
        desk.git("commit", "-q", "--amend", "-m", "Rewritten")
    halt(desk)
    release = release_of(desk, desk.version)
    for words in (("key", desk.keys / "dora.pub"), ("person", "gus"), ("release", release)):
        desk.ok("revoke", *words, "--reason", "x", *signed_by(desk, "ann"))
    found = unfollowed(desk, unfollowed(desk, known))
    assert (found.accepted, found.policy) == (known.accepted, known.policy)
    assert [one.reason for one in found.halts] == ["x"]
    assert release in found.revoked
    assert {gone.person for gone in found.withdrawn} == {"gus", None}
    assert len(found.withdrawn) == 2
    desk.shift = HOUR
    assert unfollowed(desk, found) == found  # a second look learns nothing twice


@pytest.mark.parametrize("who", ["eve", "mallory", "ben"])
def test_what_is_not_signed_by_somebody_entitled_teaches_nothing(world: Worlds, who: str) -> None:
    desk = world("paper")
    desk.ok("revoke", "person", "ben", "--reason", "x", *signed_by(desk, "ann"))
    known = met(desk).remembered
    path = halt(desk)
    document = parse(desk.read(path).encode(), Halt, path)
    desk.git("reset", "-q", "--hard", "HEAD^")
    desk.ok("policy", "propose", "--drop", "eve")
    forged(desk, replace(document, signer=who), path, layout.HALT, who)
    assert unfollowed(desk, known).halts == []


def test_times_of_a_history_that_is_not_followed_are_not_believed(world: Worlds) -> None:
    desk = world("paper")
    path = halt(desk)
    document = parse(desk.read(path).encode(), Halt, path)
    desk.git("reset", "-q", "--hard", "HEAD^")
    desk.ok("revoke", "person", "ann", "--reason", "x", *signed_by(desk, "fay"))
    known = met(desk).remembered
    desk.git("reset", "-q", "--hard", "HEAD^^")
    desk.shift = -DAY  # before ann was revoked, says the commit
    forged(desk, document, path, layout.HALT, "ann")
    desk.shift = dt.timedelta()
    assert unfollowed(desk, known).halts == []


def test_a_halt_that_was_ended_is_not_learned_again_from_an_older_history(world: Worlds) -> None:
    desk = world("paper")
    halt(desk)
    older = desk.git("rev-parse", "HEAD")
    desk.ok("resume", "paper", "--role", "risk", *signed_by(desk, "ann"), "--reason", "mended")
    known = met(desk).remembered
    desk.git("reset", "-q", "--hard", older)
    assert unfollowed(desk, known) == known


def test_a_resume_of_a_history_that_is_not_followed_ends_nothing(world: Worlds) -> None:
    desk = world("paper")
    halt(desk)
    known = met(desk).remembered
    desk.ok("policy", "propose", "--drop", "eve")
    desk.ok("resume", "paper", "--role", "risk", *signed_by(desk, "ann"), "--reason", "mended")
    assert unfollowed(desk, known).halts == known.halts


# --- what is never unlearned ---


def test_a_halt_is_remembered_whatever_becomes_of_its_file(world: Worlds) -> None:
    desk = world("paper")
    path = halt(desk)
    known = met(desk).remembered
    assert [one.reason for one in known.halts] == ["x"]
    forge.withdraw(desk, path)
    found = met(desk, known)
    assert found.remembered.halts == known.halts == list(found.memory.halts)


def test_a_halt_that_the_quorum_ended_is_forgotten(world: Worlds) -> None:
    desk = world("paper")
    halt(desk)
    known = met(desk).remembered
    desk.ok("resume", "paper", "--role", "risk", *signed_by(desk, "ann"), "--reason", "mended")
    assert met(desk, known).remembered.halts == []


def test_a_look_at_another_environment_forgets_no_halt(world: Worlds) -> None:
    desk = world("paper")
    path = halt(desk)
    known = met(desk).remembered
    forge.withdraw(desk, path)
    elsewhere = met(desk, known, env="production").remembered
    assert met(desk, elsewhere).remembered.halts == known.halts


def test_keys_people_and_releases_stay_revoked(world: Worlds) -> None:
    desk = world("paper")
    release = release_of(desk, desk.version)
    for words in (("key", desk.keys / "dora.pub"), ("person", "gus"), ("release", release)):
        desk.ok("revoke", *words, "--reason", "x", *signed_by(desk, "ann"))
    known = met(desk).remembered
    desk.git("rm", "-qr", layout.REVOCATIONS)
    desk.commit("The revocations are gone")
    found = met(desk, known)
    assert release in found.remembered.revoked
    assert found.memory.revoked == {*found.remembered.revoked} == {*known.revoked}
    assert found.remembered.withdrawn == known.withdrawn
    public = " ".join((desk.keys / "dora.pub").read_text().split()[:2])
    assert {(gone.person, gone.key) for gone in known.withdrawn} == {("gus", None), (None, public)}
    assert {gone.key for gone in recalled(known).withdrawn} == {None, sshsig.key_blob(public)}


def test_a_commit_from_the_future_counts_from_when_it_was_first_seen(world: Worlds) -> None:
    desk = world("paper")
    desk.shift = 30 * DAY
    path = halt(desk)
    tip = desk.git("rev-parse", "HEAD")
    desk.shift = dt.timedelta()
    first = met(desk)
    assert first.remembered.seen == {tip: first.view.now}
    assert first.view.since(path) == first.view.now
    later = accept(Git(desk.path), tip, first.remembered, "paper", desk.now + HOUR)
    assert later.remembered.seen == first.remembered.seen
    assert later.view.since(path) == first.view.now
