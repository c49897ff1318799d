"""`bot-core revoke key | person | release`: it counts no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import read_bytes
from bot_core.cli.gate import moment
from bot_core.cli.orders import add_signer, issue
from bot_core.documents.interventions import Revocation, order_id
from bot_core.errors import ConfigError
from bot_core.governance import layout, sshsig
from bot_core.governance.desk import Desk
from bot_core.governance.interventions import require_holder

if TYPE_CHECKING:
    import argparse

EPILOG = """\
  bot-core revoke key ann.pub --compromised-since 2026-11-20T00:00:00Z …   what it signed from then on counts no more
  bot-core revoke person ann …                                             nothing that person signs from now on counts
  bot-core revoke release sha256:… …                                       the manifest's digest: this release may never decide again

one person in any approving role is enough, and nothing lifts a revocation; a new key comes with a new policy.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is revoked, and who says so."""
    parser.add_argument("kind", choices=["key", "person", "release"])
    parser.add_argument("subject", help="a public key's file, a name of the policy, or a manifest's digest")
    parser.add_argument(
        "--compromised-since", type=moment, help="for a key or a person: from this UTC time on (default: from the merge on)"
    )
    parser.add_argument("--reason", required=True, help="why")
    add_signer(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign the revocation and commit it."""
    desk = Desk.here()
    require_holder(desk.policy, arguments.signer, {role for rules in desk.policy.environments for role in rules.approvals})
    subject = _subject(desk, arguments)
    order = Revocation(
        schema="bot-core/revocation/v1",
        repository=desk.policy.repository,
        id=order_id(desk.now, arguments.kind, Path(arguments.subject).stem[:24]),
        kind=arguments.kind,
        subject=subject,
        compromised_since=arguments.compromised_since,
        signer=arguments.signer,
        issued=desk.now,
        reason=arguments.reason,
    )
    path = f"{layout.REVOCATIONS}/{order.id}.yaml"
    return issue(arguments, desk, order, path, layout.REVOCATION, f"Revoke {arguments.kind} {arguments.subject}")


def _subject(desk: Desk, arguments: argparse.Namespace) -> str:
    if arguments.kind == "key":
        return _key(Path(arguments.subject))
    if arguments.kind == "person" and desk.policy.person(arguments.subject) is None:
        msg = f"expected a person of the policy, got {arguments.subject}"
        raise ConfigError(msg, hint="grep 'name:' compliance/policy.yaml")
    if arguments.kind == "release" and not re.fullmatch(r"sha256:[0-9a-f]{64}", arguments.subject):
        msg = f"expected a manifest's digest, sha256:…, got {arguments.subject}"
        raise ConfigError(msg, hint="the `release:` of an entry, or sha256sum models/MODEL/VERSION.release.yaml")
    return str(arguments.subject)


def _key(path: Path) -> str:
    """Read a public key's file."""
    public = " ".join(read_bytes(path).decode(errors="replace").split()[:2])
    try:
        sshsig.key_blob(public)
    except sshsig.SignatureError as error:
        msg = f"{path}: expected the file of a public key: {error}"
        raise ConfigError(msg, hint="the file that ends in .pub") from error
    return public
