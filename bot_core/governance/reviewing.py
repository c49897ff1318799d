"""A signed answer to a file: that it stands, that it is no cause for action, or where it is being worked on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core._digest import sha256
from bot_core.documents.interventions import Review
from bot_core.errors import ConfigError
from bot_core.governance import layout, writing

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.governance.desk import Desk

Decision = Literal["approve", "dismiss", "ticket"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says of a file in a role: `kind` and `name` are what it is filed under, `file` is its path from the root."""

    kind: Literal["report", "alert", "incident", "minutes", "rollback"]
    name: str
    file: str
    role: str
    signer: str
    decision: Decision
    ticket: str | None = None
    statement: str | None = None


def give(desk: Desk, answer: Answer, key: Path) -> tuple[str, ...]:
    """Sign an answer and commit it by itself; return the paths of the document and of its signature.

    Raises:
        ConfigError: no such committed file, nobody in that role, or words that would not be read back.
        SigningError: the key gave no signature.
        Refused: the policy does not know the key for this person, or the same was said already in other words.
        GitError: other changes are staged, or git refuses.
    """
    document, path = answered(desk, answer)
    writing.require_readable(document, path)
    files = writing.signed(document, path, layout.REVIEW, key, desk.crew, desk.now)
    writing.commit(desk.root, files, f"Review {answer.kind} {answer.name} as {answer.role}")
    return tuple(files)


def answered(desk: Desk, answer: Answer) -> tuple[Review, str]:
    """Make the document of an answer, to be signed, and the path it belongs at. The file is named by its digest, as committed.

    Raises:
        ConfigError: no such committed file, or nobody in that role.
    """
    data = desk.view.read(answer.file)
    if data is None:
        msg = f"{answer.file}: expected a committed file, got none"
        raise ConfigError(msg, hint=f"git add {answer.file} && git commit")
    person = desk.policy.person(answer.signer)
    if person is None or answer.role not in person.roles:
        msg = f"--signer: expected somebody in the role {answer.role}, got {answer.signer}"
        raise ConfigError(msg, hint="bot-core policy propose gives roles")
    document = Review(
        schema="bot-core/review/v1",
        repository=desk.policy.repository,
        kind=answer.kind,
        id=answer.name,
        path=answer.file,
        digest=sha256(data),
        role=answer.role,
        signer=answer.signer,
        decision=answer.decision,
        ticket=answer.ticket,
        issued=desk.now,
        statement=answer.statement,
    )
    return document, f"{layout.reviews(answer.kind, answer.name)}/{answer.role}.{answer.signer}.{layout.stamp(desk.now)}.yaml"
