"""A checklist's questions: what the machine answers, and whether a signer answered the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.checklist import Checklist
from bot_core.governance import layout, operation, sshsig
from bot_core.governance.reading import parse
from bot_core.governance.reasons import Reason, Refused
from bot_core.governance.snapshot import as_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from bot_core.documents.checklist import Item
    from bot_core.documents.policy import ChecklistName, EnvironmentPolicy
    from bot_core.documents.signoff import Answer, SignOff
    from bot_core.governance.crew import Crew
    from bot_core.governance.evidence import Release
    from bot_core.governance.operation import Running
    from bot_core.governance.reading import Verify
    from bot_core.governance.snapshot import View


@dataclass(frozen=True, slots=True)
class Questions:
    """A checklist as the policy names it, what the machine found, and the time that waivers are judged at.

    `running`: what the environment before shows, where an item asks for it.
    """

    name: ChecklistName
    checklist: Checklist
    machine: Mapping[str, bool]
    at: dt.datetime
    running: Running | None = None


def ask(
    view: View, rules: EnvironmentPolicy, release: Release, crew: Crew, at: dt.datetime, verify: Verify = sshsig.verify
) -> Questions | None:
    """Read the checklist of an environment, and answer what the machine can; nothing where the policy names none.

    Extracts of a running environment are looked for only where an item asks for them.

    Raises:
        Refused: as `read`.
    """
    if rules.checklist is None:
        return None
    checklist = read(view, rules.checklist, at)
    asked = any(item.check in operation.CHECKS for item in checklist.items)
    running = operation.running(view, rules, release.manifest, crew, at, verify) if asked else None
    return Questions(rules.checklist, checklist, release.machine(running), at, running)


def read(view: View, name: ChecklistName, at: dt.datetime) -> Checklist:
    """Read the checklist that a policy names.

    Raises:
        Refused: REL-DIGEST: the file is not the one the policy names; CANON.
    """
    path = layout.checklist(name.id)
    data = as_of(view, path, at)
    got = "no file" if data is None else sha256(data)
    if data is None or got != name.digest:
        message = f"{path}: expected the checklist that the policy names, {name.digest}, got {got}"
        raise Refused("REL-DIGEST", path, message, "git checkout the approved file, or bot-core policy propose with the new digest")
    return parse(data, Checklist, path, comments=True)


def failures(view: View, questions: Questions) -> list[Reason]:
    """List the items that the machine says no to, whoever signed: its own checks, and files that are not as they were approved."""
    path = layout.checklist(questions.name.id)
    found = []
    for item in questions.checklist.items:
        if item.check is not None and not questions.machine[item.check]:
            found.append(_refused(item, item.check, path, questions))
        if item.document is not None and _digest(view, item.document.path, questions.at) != item.document.digest:
            message = f"{path}: {item.id}: expected {item.document.path} as approved, {item.document.digest}, got another text"
            found.append(
                Reason(
                    "CHECK-FAILED",
                    item.document.path,
                    message,
                    "put the approved text back, or propose a checklist with the new digest",
                )
            )
    return found


def _refused(item: Item, question: str, path: str, questions: Questions) -> Reason:
    """Say that the machine says no; what a running environment has not shown yet is outstanding, not refused."""
    expected = f"{path}: {item.id}: expected {question}, which the machine decides; got"
    gap = questions.running.gap(question) if questions.running and question in operation.CHECKS else None
    if gap is not None:
        return Reason(gap.code, gap.path, f"{expected} {gap.got} ({item.text})", gap.hint)
    return Reason("CHECK-FAILED", path, f"{expected} no ({item.text})", "another release, or better evidence: dvc repro")


def answered(word: SignOff, path: str, questions: Questions, view: View) -> None:
    """Prove that a sign-off answers its questions.

    Raises:
        Refused: CHECK-FAILED.
    """
    given = word.checklist
    if given is None or (given.id, given.digest) != (questions.name.id, questions.name.digest):
        got = "none" if given is None else f"{given.id} {given.digest}"
        raise _failed(path, f"checklist: expected {questions.name.id} {questions.name.digest}, got {got}")
    answers = {answer.item: answer for answer in given.answers}
    known = {item.id for item in questions.checklist.items}
    if unknown := [item for item in answers if item not in known]:
        raise _failed(path, f"checklist: expected items of {questions.name.id}, got {', '.join(unknown)}")
    for item in questions.checklist.items:
        _require(item, answers.get(item.id), word, path, questions, view)


def _require(item: Item, answer: Answer | None, word: SignOff, path: str, questions: Questions, view: View) -> None:
    if item.check is not None:
        if answer is not None and (answer.answer != "pass" or not questions.machine[item.check]):
            raise _failed(path, f"{item.id}: expected what the machine decides ({item.check}), got {answer.answer}")
        return
    if item.roles and word.role not in item.roles:
        return
    if answer is None:
        raise _failed(
            path,
            f"{item.id}: expected an answer of {word.role}, got none ({item.text})",
            f"bot-core sign-off … --answer {item.id}=pass",
        )
    if answer.answer == "waived":
        _require_waiver(item, answer, path, questions)
    elif item.evidence is not None and answer.evidence != _digest(view, item.evidence, questions.at):
        raise _failed(path, f"{item.id}: expected the digest of {item.evidence} as it stands, got {answer.evidence or 'none'}")


def _require_waiver(item: Item, answer: Answer, path: str, questions: Questions) -> None:
    if not item.waivable:
        raise _failed(path, f"{item.id}: expected pass, for the item allows no waiver; got waived")
    if answer.reason is None or answer.expires is None or answer.expires <= questions.at:
        raise _failed(
            path,
            f"{item.id}: expected a waiver with a reason and an end still to come, got {answer.reason!r} until {answer.expires}",
        )


def _digest(view: View, path: str, at: dt.datetime) -> str:
    data = as_of(view, path, at)
    return "no file" if data is None else sha256(data)


def _failed(path: str, sentence: str, hint: str = "bot-core sign-off again") -> Refused:
    return Refused("CHECK-FAILED", path, f"{path}: {sentence}", hint)
