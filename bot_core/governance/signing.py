"""A sign-off in the making: what is signed, what the machine found, and the document that says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.signoff import Answer, AnsweredChecklist, SignOff, Subject
from bot_core.errors import ConfigError
from bot_core.governance import checklists, evidence, layout
from bot_core.governance.promotion import desired
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot_core.documents.checklist import Item
    from bot_core.documents.environment import Entry
    from bot_core.documents.governed import Value
    from bot_core.governance.checklists import Questions
    from bot_core.governance.desk import Desk
    from bot_core.governance.evidence import Release
    from bot_core.governance.layout import Signable

LONGEST = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to say, as typed."""

    environment: str
    role: str
    signer: str
    model: str | None = None
    version: str | None = None
    domain: str | None = None
    percent: int | None = None
    reject: bool = False
    statement: str | None = None
    valid: dt.timedelta | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is about to be signed: the subject, the entry that proposes it, and for a release its evidence and the questions."""

    subject: Subject
    entry: Entry | None
    kind: Signable
    release: Release | None = None
    questions: Questions | None = None


def prepare(desk: Desk, wish: Wish) -> Prepared:
    """Find the subject in the proposal that is checked out.

    Raises:
        Refused: there is no such release, or it is not in order.
        ConfigError: the signer does not hold the role, or the proposal names no such domain.
    """
    rules = desk.rules(wish.environment)
    _require_role(desk, wish)
    file = desired(desk.view, wish.environment)
    if wish.domain is not None:
        return Prepared(_domain(desk, wish.domain, [entry.domain for entry in file.models]), None, layout.SIGNOFF)
    entry = file.entry(str(wish.model))
    if entry is not None and entry.version != wish.version:
        entry = None
    digest = _manifest_digest(desk, str(wish.model), str(wish.version))
    if wish.percent is not None:
        return Prepared(_rollout(desk, wish, digest), entry, layout.SIGNOFF)
    manifest = evidence.load(desk.view, str(wish.model), str(wish.version), digest, desk.crew)
    evidence.require_artifact(desk.view, manifest.document, desk.policy)
    reports, wrong = evidence.read_reports(desk.view, manifest.document)
    if wrong:
        raise Refused(wrong[0].code, wrong[0].path, wrong[0].message, wrong[0].hint)
    release = evidence.Release(manifest, reports)
    questions = checklists.ask(desk.view, rules, release, desk.crew, desk.now)
    subject = Subject(kind="release", name=str(wish.model), version=wish.version, digest=digest)
    return Prepared(subject, entry, layout.SIGNOFF, release, questions)


def document(desk: Desk, wish: Wish, prepared: Prepared) -> tuple[SignOff, str]:
    """Write the sign-off, and the path where it belongs.

    Raises:
        ConfigError: an answer that is none.
    """
    rules = desk.rules(wish.environment)
    allowed = dt.timedelta(days=rules.max_validity_days) if rules.max_validity_days is not None else LONGEST
    word = SignOff(
        schema="bot-core/signoff/v1",
        repository=desk.policy.repository,
        environment=wish.environment,
        subject=prepared.subject,
        role=wish.role,
        signer=wish.signer,
        decision="reject" if wish.reject else "approve",
        issued=desk.now,
        expires=desk.now + (wish.valid or allowed),
        policy_version=desk.policy.version,
        checklist=_answered(desk, wish, prepared.questions),
        conditions={name: _value(text) for name, text in wish.conditions.items()},
        statement=wish.statement,
    )
    return word, layout.signoff(wish.environment, prepared.subject, wish.role, wish.signer, desk.now)


def open_items(prepared: Prepared, wish: Wish) -> list[Item]:
    """List the questions that the signer must answer and has not."""
    items = prepared.questions.checklist.items if prepared.questions else []
    mine = [item for item in items if item.check is None and (not item.roles or wish.role in item.roles)]
    return [item for item in mine if item.id not in wish.answers]


def _answered(desk: Desk, wish: Wish, questions: Questions | None) -> AnsweredChecklist | None:
    if questions is None:
        return None
    known = {item.id: item for item in questions.checklist.items}
    if unknown := [name for name in wish.answers if name not in known]:
        msg = f"--answer: expected one of {', '.join(known)}; got {unknown[0]}"
        raise ConfigError(msg)
    answers = [_answer(desk, known[name], text) for name, text in sorted(wish.answers.items())]
    return AnsweredChecklist(id=questions.name.id, digest=questions.name.digest, answers=answers)


def _answer(desk: Desk, item: Item, text: str) -> Answer:
    word, _, rest = text.partition(":")
    if word == "pass" and not rest:
        data = desk.view.read(item.evidence) if item.evidence else None
        return Answer(item=item.id, answer="pass", evidence=sha256(data) if data is not None else None)
    until, _, reason = rest.partition(":")
    if word != "waived" or not reason:
        msg = f"--answer {item.id}: expected pass, or waived:2026-12-31:REASON; got {text}"
        raise ConfigError(msg)
    try:
        end = dt.datetime.fromisoformat(until).replace(tzinfo=dt.UTC)
    except ValueError as error:
        msg = f"--answer {item.id}: expected a date such as 2026-12-31, got {until}"
        raise ConfigError(msg) from error
    return Answer(item=item.id, answer="waived", reason=reason, expires=end)


def _require_role(desk: Desk, wish: Wish) -> None:
    person = desk.policy.person(wish.signer)
    if person is None or wish.role not in person.roles:
        holders = ", ".join(p.name for p in desk.policy.people if wish.role in p.roles) or "nobody"
        msg = f"--signer: expected somebody in the role {wish.role} ({holders}), got {wish.signer}"
        raise ConfigError(msg, hint="bot-core policy propose gives roles")


def _manifest_digest(desk: Desk, model: str, version: str) -> str:
    path = layout.manifest(model, version)
    data = desk.view.read(path)
    if data is None:
        raise Refused(
            "REL-DIGEST",
            path,
            f"{path}: expected the manifest of a release, got no file",
            f"bot-core release {model} --author … --key …",
        )
    return sha256(data)


def _domain(desk: Desk, name: str, paths: list[str]) -> Subject:
    folder = f"compliance/domains/{name}/"
    found = [path for path in dict.fromkeys(paths) if path.startswith(folder) and desk.view.read(path) is not None]
    if len(found) != 1:
        msg = f"--domain: expected one domain file of {name} in the proposal, got {', '.join(found) or 'none'}"
        raise ConfigError(msg, hint="bot-core promote writes it")
    return Subject(kind="domain", name=name, digest=f"sha256:{found[0].rsplit('/', 1)[-1].removesuffix('.yaml')}")


def _rollout(desk: Desk, wish: Wish, digest: str) -> Subject:
    """Name the newest published evidence of the release; while there is none, the release itself."""
    folder = f"audit/ai_decision/operation/{wish.environment}/{wish.version}"
    newest = max(_published(desk, folder), default=("", digest))[1]
    return Subject(kind="rollout", name=str(wish.model), version=wish.version, digest=newest, percent=wish.percent)


def _published(desk: Desk, folder: str) -> Iterator[tuple[str, str]]:
    for name in desk.view.names(folder):
        data = desk.view.read(f"{folder}/{name}")
        if name.endswith(".json") and data is not None:
            yield name, sha256(data)


def _value(text: str) -> Value:
    return int(text) if text.isdecimal() and str(int(text)) == text else text
