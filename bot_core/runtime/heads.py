"""Who signed a journal's head: a key, and by the policy the service it belongs to.

A head counts when its signature fits its first line, the policy gives the key to a service that may publish heads, and the key was valid
and not revoked when the head says it was taken. Where there is no policy, a key can be named instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.governance import layout, sshsig
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from bot_core.governance.sshsig import SignatureError
from bot_core.journal.head import NAMESPACE

if TYPE_CHECKING:
    from bot_core.governance.crew import Crew
    from bot_core.governance.sshsig import Signature
    from bot_core.journal.head import Head


def signature_of(head: Head, where: str) -> Signature | None:
    """Check a head's signature; nothing where it is unsigned.

    Raises:
        Refused: SIG-BAD or SIG-NAMESPACE.
    """
    if not head.signature:
        return None
    try:
        return sshsig.verify(head.said, head.signature, NAMESPACE)
    except SignatureError as error:
        raise Refused(error.code, where, f"{where}: {error}", "take the head from where it is published") from error


def require_key(found: Signature | None, blob: bytes, where: str) -> None:
    """Prove that a head is signed with one key.

    Raises:
        Refused: SIG-BAD: it is unsigned; SIG-UNKNOWN-KEY: another key.
    """
    wanted = sshsig.fingerprint(blob)
    if found is None:
        raise Refused(code="SIG-BAD", path=where, message=f"{where}: expected a head signed with {wanted}, got an unsigned one")
    if found.key != blob:
        message = f"{where}: expected a head signed with {wanted}, got one signed with {sshsig.fingerprint(found.key)}"
        raise Refused(code="SIG-UNKNOWN-KEY", path=where, message=message)


def publisher(head: Head, found: Signature, crew: Crew, where: str) -> str:
    """Return the service that a head's key belongs to.

    Raises:
        Refused: SIG-UNKNOWN-KEY, SIG-EXPIRED-KEY, SIG-REVOKED or SIG-NO-TOUCH.
    """
    for service in crew.policy.services:
        if "head" in service.may and any(sshsig.key_blob(key.public) == found.key for key in service.keys):
            crew.key_of(service.name, found, head.statement.taken, where)
            return service.name
    message = f"{where}: expected the key of a service that may publish heads, got {sshsig.fingerprint(found.key)}"
    raise Refused(
        code="SIG-UNKNOWN-KEY", path=where, message=message, hint="bot-core policy propose names services and what they may"
    )


def crew_here() -> Crew | None:
    """Return the people and services of the policy here; nothing where there is no policy.

    Raises:
        GitError: there is no repository here, or its history was cut off.
        Refused: CANON or POLICY-CHAIN.
    """
    desk = Desk.here()
    return desk.crew if desk.view.read(layout.POLICY) is not None else None
