"""Documents from canonical bytes and back, and who signed them.

A signed document is believed when its spelling is canonical, its signature fits its exact bytes and its kind's namespace, the key belongs
to the person it names, and that key was valid when the document became effective.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import msgspec

from bot_core._digest import sha256
from bot_core._parse import convert
from bot_core.documents.policy import Policy
from bot_core.errors import CanonicalError, DocumentError
from bot_core.governance import canonical, layout, sshsig
from bot_core.governance.layout import SIG
from bot_core.governance.reasons import Refused
from bot_core.governance.snapshot import as_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.policy import Person, PublicKey, Service
    from bot_core.governance.crew import Crew
    from bot_core.governance.layout import Signable
    from bot_core.governance.snapshot import View
    from bot_core.governance.sshsig import Signature

    Verify = Callable[[bytes, bytes, str], Signature]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Signed(Generic[T]):
    """A document with its file, digest, effective time, and the key and person or service that signed it."""

    document: T
    path: str
    digest: str
    since: dt.datetime
    signer: Person | Service
    key: PublicKey


def parse(data: bytes, kind: type[T], path: str, *, comments: bool = False) -> T:
    """Read a canonical document.

    Raises:
        Refused: CANON: another spelling, or not a document of this kind.
    """
    try:
        plain = canonical.load(data, path, comments=comments)
        document = convert(plain, kind, path)
    except CanonicalError as error:
        raise Refused("CANON", path, error.message, error.hint or f"bot-core fmt {path}") from error
    except DocumentError as error:
        raise Refused("CANON", path, error.message, error.hint or "docs/schemas/ has what such a document holds") from error
    if problem := _respelled(plain, msgspec.to_builtins(document, builtin_types=(dt.datetime,))):
        raise Refused(
            "CANON", path, f"{path}: {problem}: expected a UTC time spelled as 2026-11-21T10:15:00Z", f"bot-core fmt {path}"
        )
    return document


def spell(document: msgspec.Struct) -> bytes:
    """Write a document in the one accepted spelling."""
    return canonical.dump(cast("dict[str, object]", msgspec.to_builtins(document)))


def read(view: View, path: str, kind: type[T], *, comments: bool = False) -> T | None:
    """Read an unsigned document, or nothing where there is no file; see `parse` for what is raised."""
    data = view.read(path)
    return None if data is None else parse(data, kind, path, comments=comments)


def read_signed(view: View, path: str, kind: type[T], signable: Signable, crew: Crew, verify: Verify = sshsig.verify) -> Signed[T]:
    """Read a document and prove who signed it, as of its effective time.

    The document names its signer in `signer` (a manifest: in `author`).

    Raises:
        Refused: CANON, SIG-BAD, SIG-NAMESPACE, SIG-UNKNOWN-KEY, SIG-EXPIRED-KEY, SIG-REVOKED or SIG-NO-TOUCH.
    """
    data, armored = view.read(path), view.read(path + SIG)
    if data is None:
        raise Refused("SIG-BAD", path, f"{path}: expected the document that {path}{SIG} signs, got no file", f"git log -- {path}")
    document = parse(data, kind, path, comments=signable.comments)
    name = str(getattr(document, "signer", None) or getattr(document, "author", ""))
    signature = check(data, armored, path, signable, name, verify)
    since = view.since(path)
    signer, key = signer_of(view, crew, name, signature, since, path)
    return Signed(document, path, sha256(data), since, signer, key)


def signer_of(
    view: View, crew: Crew, name: str, signature: Signature, since: dt.datetime, path: str
) -> tuple[Person | Service, PublicKey]:
    """Find who signed: a key of the present policy, or, for what was there before it came, one of the policy of that time.

    So a signer who leaves stops no production, and lifts no halt and no revocation.

    Raises:
        Refused: SIG-UNKNOWN-KEY, SIG-EXPIRED-KEY, SIG-REVOKED or SIG-NO-TOUCH.
    """
    try:
        return crew.key_of(name, signature, since, path)
    except Refused as problem:
        earlier = problem.code == "SIG-UNKNOWN-KEY" and since < view.since(layout.POLICY)
        then = as_of(view, layout.POLICY, since) if earlier else None
        if then is None:
            raise
        former = parse(then, Policy, layout.POLICY, comments=True)
        return replace(crew, policy=former).key_of(name, signature, since, path)


def check(data: bytes, armored: bytes | None, path: str, signable: Signable, name: str, verify: Verify) -> Signature:
    """Prove that a signature fits the bytes and the kind.

    Raises:
        Refused: SIG-BAD or SIG-NAMESPACE.
    """
    if armored is None:
        hint = f"ssh-keygen -Y sign -n {signable.namespace} -f KEY {path}"
        raise Refused("SIG-BAD", path, f"{path}: expected a signature of {name} in {path}{SIG}, got no file", hint)
    try:
        return verify(data, armored, signable.namespace)
    except sshsig.SignatureError as error:
        raise Refused(error.code, path, f"{path}{SIG}: {error}", "sign the document as it stands again") from error


def _respelled(plain: object, spelled: object, place: str = "") -> str:
    """Return the place where the typed value is spelled otherwise than the document spells it, or nothing."""
    if isinstance(plain, dict) and isinstance(spelled, dict):
        pairs = ((plain[key], spelled[key], f"{place}.{key}".lstrip(".")) for key in plain if key in spelled)
        return next((found for old, new, where in pairs if (found := _respelled(old, new, where))), "")
    if isinstance(plain, list) and isinstance(spelled, list):
        triples = ((old, new, f"{place}[{i}]") for i, (old, new) in enumerate(zip(plain, spelled, strict=True)))
        return next((found for old, new, where in triples if (found := _respelled(old, new, where))), "")
    if isinstance(spelled, dt.datetime):
        spelled = msgspec.to_builtins(spelled.astimezone(dt.UTC))
    return "" if plain == spelled else place
