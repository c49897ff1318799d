"""From one policy to the next: version plus one, the digest of the one before, and the root quorum of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.policy import ROOT, Policy
from bot_core.governance import layout, sshsig
from bot_core.governance.crew import Crew
from bot_core.governance.reading import check, parse
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from bot_core.documents.policy import Person, Service
    from bot_core.governance.crew import Withdrawn
    from bot_core.governance.reading import Verify

    Read = Callable[[str], bytes | None]

PROPOSE = "bot-core policy propose, then bot-core policy sign by every root person"


def load_policy(data: bytes) -> Policy:
    """Read a policy and prove that it makes sense in itself.

    Raises:
        Refused: CANON or POLICY-CHAIN.
    """
    policy = parse(data, Policy, layout.POLICY, comments=True)
    owners = [person.name for person in policy.people] + [service.name for service in policy.services]
    for what, names in (("people and services", owners), ("environments", [rules.name for rules in policy.environments])):
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Refused(
                "POLICY-CHAIN", layout.POLICY, f"{layout.POLICY}: {what}: expected each name once, got {twice} twice", PROPOSE
            )
    _require_keys(policy)
    _require_quorums(policy)
    return policy


def signed_by(
    data: bytes, policy: Policy, read: Read, at: dt.datetime, verify: Verify = sshsig.verify, withdrawn: Sequence[Withdrawn] = ()
) -> set[str]:
    """Name the root people of `policy` whose signatures stand beside the policy's bytes; who is revoked counts no more."""
    found = set()
    for person in policy.people:
        path = f"{layout.POLICY}.{person.name}.sig"
        armored = read(path)
        if ROOT not in person.roles or armored is None:
            continue
        try:
            signature = check(data, armored, layout.POLICY, layout.POLICY_KIND, person.name, verify)
            Crew(policy, withdrawn).key_of(person.name, signature, at, path)
        except Refused:
            continue
        found.add(person.name)
    return found


def judge(
    old: bytes, new: bytes, read: Read, at: dt.datetime, verify: Verify = sshsig.verify, withdrawn: Sequence[Withdrawn] = ()
) -> Iterator[Reason]:
    """Say what stands between two policies."""
    before, after = load_policy(old), load_policy(new)
    path = layout.POLICY
    if after.version != before.version + 1 or after.previous != sha256(old):
        expected = f"version {before.version + 1} and previous {sha256(old)}"
        yield Reason(
            "POLICY-CHAIN", path, f"{path}: expected {expected}, got {after.version} and {after.previous or 'none'}", PROPOSE
        )
    if after.repository != before.repository:
        yield Reason("POLICY-CHAIN", path, f"{path}: repository: expected {before.repository}, got {after.repository}", PROPOSE)
    for which, policy in (("old", before), ("new", after)):
        yield from unsigned(policy, which, signed_by(new, policy, read, at, verify, withdrawn))


def unsigned(policy: Policy, which: str, signed: set[str]) -> Iterator[Reason]:
    """Say that fewer root people than the quorum of a policy have signed."""
    if len(signed) < policy.root_quorum:
        got = f"{len(signed)} ({', '.join(sorted(signed)) or 'nobody'})"
        message = f"{layout.POLICY}: expected the signatures of {policy.root_quorum} root people of the {which} policy, got {got}"
        yield Reason("POLICY-SELF", layout.POLICY, message, "bot-core policy sign --signer NAME --key KEY")


def _require_keys(policy: Policy) -> None:
    seen: dict[bytes, str] = {}
    owners: list[Person | Service] = [*policy.people, *policy.services]
    for owner in owners:
        for key in owner.keys:
            try:
                blob = sshsig.key_blob(key.public)
            except sshsig.SignatureError as error:
                raise Refused("POLICY-CHAIN", layout.POLICY, f"{layout.POLICY}: {owner.name}: keys: {error}", PROPOSE) from error
            if seen.setdefault(blob, owner.name) != owner.name:
                message = f"{layout.POLICY}: {owner.name}: keys: expected keys of nobody else, got one of {seen[blob]}"
                raise Refused("POLICY-CHAIN", layout.POLICY, message, PROPOSE)


def _require_quorums(policy: Policy) -> None:
    roots = [person.name for person in policy.people if ROOT in person.roles]
    if len(roots) < policy.root_quorum:
        message = (
            f"{layout.POLICY}: root_quorum: expected at most {len(roots)}, as many as hold the role root, got {policy.root_quorum}"
        )
        raise Refused("POLICY-CHAIN", layout.POLICY, message, PROPOSE)
    for rules in policy.environments:
        if not rules.approvals:
            message = f"{layout.POLICY}: environments: {rules.name}: approvals: expected at least one role, got none"
            raise Refused("POLICY-CHAIN", layout.POLICY, message, PROPOSE)
