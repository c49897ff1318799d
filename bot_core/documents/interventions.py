"""Short signed orders that act at once: halt and resume, revoke, roll back, and the signed answer to a report or to minutes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.governed import Governed, Name, Role, Text, Time

if TYPE_CHECKING:
    import datetime as dt


def order_id(now: dt.datetime, *parts: str) -> str:
    """Name an order by its time and subject.

    >>> order_id(dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC), "decision_engine")
    '20261121101500-decision-engine'
    """
    words = "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts if part)
    return f"{now:%Y%m%d%H%M%S}-{words}"[:80].rstrip("-")


class Halt(Governed, frozen=True, kw_only=True):
    """`compliance/halts/<env>/<id>.yaml`: a release, or without one everything, stops at once. One person is enough."""

    schema: Literal["bot-core/halt/v1"]
    repository: Text
    environment: Name
    id: Name
    model: Name | None = None
    version: Version | None = None
    signer: Name
    issued: Time
    reason: Text


class Resume(Governed, frozen=True, kw_only=True):
    """`compliance/resumes/<env>/<id>/<role>.<signer>.yaml`: one role's word that a halt may end."""

    schema: Literal["bot-core/resume/v1"]
    repository: Text
    environment: Name
    halt: Name
    role: Role
    signer: Name
    issued: Time
    reason: Text


class Revocation(Governed, frozen=True, kw_only=True):
    """`compliance/revocations/<id>.yaml`: a key, a person or a release counts no more. `compromised_since` reaches back."""

    schema: Literal["bot-core/revocation/v1"]
    repository: Text
    id: Name
    kind: Literal["key", "person", "release"]
    subject: Text
    compromised_since: Time | None = None
    signer: Name
    issued: Time
    reason: Text


class Rollback(Governed, frozen=True, kw_only=True):
    """`compliance/rollbacks/<env>/<model>/<id>.yaml`: who ordered a return to another release than the entry's fallback."""

    schema: Literal["bot-core/rollback/v1"]
    repository: Text
    environment: Name
    model: Name
    id: Name
    from_version: Version
    to_version: Version
    to_release: Digest
    signer: Name
    issued: Time
    reason: Text
    incident: Text | None = None


class Review(Governed, frozen=True, kw_only=True):
    """`compliance/reviews/<kind>/<id>/<role>.<signer>.yaml`: a signed answer to a file, named by digest."""

    schema: Literal["bot-core/review/v1"]
    repository: Text
    kind: Literal["report", "alert", "incident", "minutes", "rollback"]
    id: Name
    path: Text
    digest: Digest
    role: Role
    signer: Name
    decision: Literal["approve", "dismiss", "ticket"]
    ticket: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    issued: Time
    statement: Text | None = None
