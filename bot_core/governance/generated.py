"""Files that the policy generates: for an auditor who has only OpenSSH, and for a forge that asks people to look.

The policy decides; `allowed_signers` and `CODEOWNERS` repeat it, and the gate compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.documents.policy import ROOT
from bot_core.governance import layout

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from bot_core.documents.policy import Person, Policy, PublicKey, Service

_KINDS = ("policy", "release", "signoff", "review", "rollback", "halt", "resume", "revocation")
_HEAD = "# Written from compliance/policy.yaml by bot-core; do not edit. The policy decides; this file repeats it."


def allowed_signers(policy: Policy) -> bytes:
    """Spell people and services for `ssh-keygen -Y verify -f`."""
    return "".join(f"{line}\n" for line in (_HEAD, *_signers(policy))).encode()


def codeowners(policy: Policy) -> bytes:
    """Spell who is asked to look at what; a forge's approval is a courtesy, the signature decides."""
    approvers = {role for rules in policy.environments for role in rules.approvals}
    owners = {
        "/compliance/": approvers | {ROOT},
        "/models/": approvers,
        "/audit/": approvers,
        "/CODEOWNERS": {ROOT},
        "/.github/": {ROOT},
    }
    lines = [f"{place} {' '.join(found)}" for place, roles in owners.items() if (found := _emails(policy, roles))]
    return "".join(f"{line}\n" for line in (_HEAD, *lines)).encode()


def files(policy: Policy) -> dict[str, bytes]:
    """Return both by path."""
    return {layout.ALLOWED_SIGNERS: allowed_signers(policy), layout.CODEOWNERS: codeowners(policy)}


def _signers(policy: Policy) -> Iterator[str]:
    for person in policy.people:
        yield from (_signer(person, key, _KINDS) for key in person.keys)
    for service in policy.services:
        yield from (_signer(service, key, tuple(kind for kind in service.may if kind != "propose_revert")) for key in service.keys)


def _signer(owner: Person | Service, key: PublicKey, kinds: tuple[str, ...]) -> str:
    spaces = ",".join(f"{kind}@bot-core" for kind in kinds)
    until = f',valid-before="{_openssh(key.valid_until)}"' if key.valid_until else ""
    return f'{owner.name} namespaces="{spaces}",valid-after="{_openssh(key.valid_from)}"{until} {" ".join(key.public.split()[:2])}'


def _openssh(time: dt.datetime) -> str:
    return f"{time:%Y%m%d%H%M%S}Z"


def _emails(policy: Policy, roles: set[str]) -> list[str]:
    return [email for person in policy.people if roles & set(person.roles) for email in person.emails]
