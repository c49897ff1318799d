"""A sign-off: one person, in one role, for one subject, in one environment, says yes or no, and to what."""

from __future__ import annotations

from typing import Literal

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.governed import Count, Governed, Name, Percent, Role, Text, Time, Value

SubjectKind = Literal["release", "domain", "rollout"]


class Subject(Governed, frozen=True, kw_only=True):
    """What is signed. `digest`: of the manifest, of the domain file, or of the rollout's evidence; `version`: release and rollout."""

    kind: SubjectKind
    name: Name
    version: Version | None = None
    digest: Digest
    percent: Percent | None = None


class Answer(Governed, frozen=True, kw_only=True):
    """One checklist item's answer. A waiver needs a reason and an end; an item that asks for a file needs its digest."""

    item: Text
    answer: Literal["pass", "waived"]
    evidence: Digest | None = None
    reason: Text | None = None
    expires: Time | None = None


class AnsweredChecklist(Governed, frozen=True, kw_only=True):
    """Which checklist, by content, and the answers."""

    id: Name
    digest: Digest
    answers: list[Answer] = []


class SignOff(Governed, frozen=True, kw_only=True):
    """`compliance/signoffs/<env>/<name>/<version or digest>/<kind>.<role>.<signer>.<issued>.yaml`, signed by the signer."""

    schema: Literal["bot-core/signoff/v1"]
    repository: Text
    environment: Name
    subject: Subject
    role: Role
    signer: Name
    decision: Literal["approve", "reject"]
    issued: Time
    expires: Time
    policy_version: Count
    checklist: AnsweredChecklist | None = None
    conditions: dict[Role, Value] = {}
    statement: Text | None = None
