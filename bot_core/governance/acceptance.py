"""May a runtime follow this commit? And what must it remember of it, whatever git says later?

A commit is accepted when the last accepted one is among its first parents and its policy descends, signature by signature, from the
policy that was pinned at first contact. What restricts is kept: halts in force; keys, people and releases that count no more. Accepting
says nothing about any model yet; `decide` does.

A policy that has dropped the environment is followed too: nothing is desired there any more, and nobody's word counts for it. And a commit
that may not be followed still restricts: its halts and revocations are believed where those who were entitled before signed them.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core.documents.policy import EnvironmentPolicy
from bot_core.documents.runtime import Gone, RuntimeMemory
from bot_core.governance import chain, layout, sshsig
from bot_core.governance.crew import Crew, Withdrawn
from bot_core.governance.interventions import Memory, is_resumed, restrictions, revocations, signed_halts
from bot_core.governance.reasons import Refused
from bot_core.governance.snapshot import TOLERANCE, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot_core.documents.interventions import Halt
    from bot_core.documents.policy import Policy
    from bot_core.governance.git import Git, Touch


_NOBODY = "-"  # no role has such a name, so nobody holds it


@dataclass(frozen=True, slots=True)
class Accepted:
    """A commit to judge by: its view, the trusted policy, what is asked of the environment, and what is remembered from now on.

    `rules` ask for what nobody can give where the policy does not know the environment any more.
    """

    view: Snapshot
    policy: Policy
    rules: EnvironmentPolicy
    remembered: RuntimeMemory

    @property
    def memory(self) -> Memory:
        """What `decide` is told besides git."""
        return recalled(self.remembered)

    @property
    def dropped(self) -> Refused | None:
        """Say that the policy does not know the environment any more, where that is so."""
        return None if self.policy.environment(self.rules.name) else _unknown(self.policy, self.rules.name)


def accept(
    git: Git, tip: str, before: RuntimeMemory | None, environment: str, now: dt.datetime, pinned: str | None = None
) -> Accepted:
    """Prove that a commit may be followed, and learn what restricts from it.

    Args:
        git: the runtime's own clone.
        tip: the commit that the protected branch has now.
        before: what was remembered; nothing at first contact.
        environment: whose halts are kept.
        now: the time.
        pinned: the policy's digest to expect at first contact.

    Raises:
        Refused: ANCESTRY, POLICY-MISSING (an unknown environment only at first contact), POLICY-CHAIN, POLICY-SELF or CANON.
    """
    if before is not None and all(commit.id != before.accepted for commit in git.first_parents(tip)):
        message = (
            f"{tip[:12]}: expected {before.accepted[:12]}, the last accepted commit, among its first parents; got another history"
        )
        raise Refused("ANCESTRY", layout.POLICY, message, "restore the protected branch; nothing changes here until then")
    seen = _seen(git, tip, before.seen if before else {}, now)
    view = Snapshot(git, tip, git.tree(tip), now, seen=seen)
    policy = _policy(view, before.policy if before else pinned, before)
    rules = policy.environment(environment)
    if rules is None and before is None:
        raise _unknown(policy, environment)
    rules = rules or EnvironmentPolicy(name=environment, approvals={_NOBODY: 1}, limits={_NOBODY: 1}, reports=[])
    limits = restrictions(view, policy, rules, recalled(before) if before else Memory())
    remembered = RuntimeMemory(
        repository=policy.repository,
        policy=sha256(view.read(layout.POLICY) or b""),
        accepted=tip,
        halts=[*limits.halts, *_elsewhere(before, environment)],
        withdrawn=_gone(limits.crew.withdrawn),
        revoked=sorted(limits.revoked),
        seen=dict(seen),
    )
    return Accepted(view, policy, rules, remembered)


def reopen(git: Git, before: RuntimeMemory, environment: str, now: dt.datetime) -> Accepted:
    """Judge by the last accepted commit again, because there is none newer, or none that may be followed.

    Raises:
        Refused: the policy of that commit is none.
        GitError: the clone does not have the commit any more.
    """
    return accept(git, git.resolve(before.accepted), before, environment, now)


def restricted(accepted: Accepted, git: Git, tip: str, now: dt.datetime) -> Accepted:
    """Learn from a commit that may not be followed what restricts, and nothing else.

    Nothing of its history is believed, not even its times: whoever signed must count now, by the policy and the memory of the accepted
    commit. A halt that was ended there is no news.

    Raises:
        GitError: the clone does not have the whole commit.
    """
    policy, rules, known = accepted.policy, accepted.rules, accepted.memory
    view = _undated(git, tip, rules.name, now)
    crew, revoked = revocations(view, policy, known)
    halts = [
        signed.document for signed in signed_halts(view, Crew(policy, known.withdrawn), rules) if signed.document not in known.halts
    ]
    gone = [one for one in crew.withdrawn if not _covered(one, known.withdrawn)]
    remembered = msgspec.structs.replace(
        accepted.remembered,
        halts=[*known.halts, *(halt for halt in halts if not is_resumed(accepted.view, crew, rules, halt))],
        withdrawn=_gone([*known.withdrawn, *gone]),
        revoked=sorted(revoked),
    )
    return replace(accepted, remembered=remembered)


def recalled(memory: RuntimeMemory) -> Memory:
    """Return what `decide` takes."""
    gone = [Withdrawn(g.since, key=sshsig.key_blob(g.key) if g.key else None, person=g.person) for g in memory.withdrawn]
    return Memory(tuple(gone), frozenset(memory.revoked), tuple(memory.halts))


def _elsewhere(before: RuntimeMemory | None, environment: str) -> list[Halt]:
    """Return the halts of other environments, which this folder followed before: one look at another must not forget them."""
    return [halt for halt in before.halts if halt.environment != environment] if before else []


def _undated(git: Git, tip: str, environment: str, now: dt.datetime) -> Snapshot:
    """Look at what restricts in a commit as if it had been brought this moment."""
    tree, folders = git.tree(tip), (layout.REVOCATIONS, layout.halts(environment))
    paths = [f"{folder}/{item.name}" for folder in folders for item in git.items(tree, folder)]
    return Snapshot(git, tip, tree, now, proposed=frozenset([*paths, layout.POLICY]))


def _covered(gone: Withdrawn, known: Sequence[Withdrawn]) -> bool:
    """Say whether somebody is known to count no more since then, or longer."""
    return any((one.key, one.person) == (gone.key, gone.person) and one.since <= gone.since for one in known)


def _unknown(policy: Policy, environment: str) -> Refused:
    known = ", ".join(rules.name for rules in policy.environments)
    message = f"{layout.POLICY}: version {policy.version}: environments: expected one of {known}; got {environment}"
    return Refused("POLICY-MISSING", layout.POLICY, message, "no model decides there: bot-core policy propose, or another --env")


def _gone(withdrawn: Iterable[Withdrawn]) -> list[Gone]:
    found = {(g.since, g.key, g.person) for g in withdrawn}
    spelled = [Gone(since=since, key=_public(key) if key else None, person=person) for since, key, person in found]
    return sorted(spelled, key=lambda gone: (gone.since, gone.person or "", gone.key or ""))


def _public(blob: bytes) -> str:
    """Spell a key as a policy does: its kind, which the blob begins with, and the blob."""
    kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


def _seen(git: Git, tip: str, before: Mapping[str, dt.datetime], now: dt.datetime) -> dict[str, dt.datetime]:
    """Note when commits from the future were first seen; past ones need no note."""
    ahead = (now + TOLERANCE).timestamp()
    if not before and git.latest(tip)[tip] <= ahead:
        return {}
    return {c.id: before.get(c.id, now) for c in git.first_parents(tip) if c.seconds > ahead or c.id in before}


def _policy(view: Snapshot, pinned: str | None, before: RuntimeMemory | None) -> Policy:
    """Walk from the pinned policy to the newest, proving each step."""
    data = view.read(layout.POLICY)
    if data is None:
        message = f"{layout.POLICY}: expected a policy on the protected branch, got none"
        raise Refused("POLICY-MISSING", layout.POLICY, message, "bot-core policy init --root NAME=KEY.pub …")
    if pinned is None or sha256(data) == pinned:
        return chain.load_policy(data)
    touches: list[Touch] = []
    for touch in view.git.changes_of(view.tip, layout.POLICY):
        touches.append(touch)
        if sha256(view.git.content(touch.id) or b"") == pinned:
            break
    else:
        message = f"{layout.POLICY}: expected a policy that descends from the pinned {pinned}, got {sha256(data)}"
        raise Refused("POLICY-CHAIN", layout.POLICY, message, "ask the root people by telephone which digest is theirs")
    _prove(view, touches[::-1], recalled(before).withdrawn if before else ())
    return chain.load_policy(data)


def _prove(view: Snapshot, touches: list[Touch], withdrawn: Sequence[Withdrawn]) -> None:
    """Prove every step from one policy to the next; the signatures of each are those of the last commit that held it."""
    ends = [*(f"{touch.commit}^" for touch in touches[2:]), view.tip]
    for (old, new), end in zip(pairwise(touches), ends, strict=True):
        before, after = view.git.content(old.id), view.git.content(new.id)
        if before is None or after is None:
            message = f"{layout.POLICY}: expected a policy in every commit since the pinned one, got none in {new.commit[:12]}"
            raise Refused("POLICY-CHAIN", layout.POLICY, message, "git revert the commit that removed it")
        at = dt.datetime.fromtimestamp(view.git.latest(view.tip)[new.commit], dt.UTC)
        for reason in chain.judge(before, after, partial(view.git.blob, end), at, withdrawn=withdrawn):
            raise Refused(reason.code, reason.path, reason.message, reason.hint)
