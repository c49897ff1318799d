"""Who has approved what an entry needs: the release, the limits it decides within, the step of its rollout."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.signoff import Subject
from bot_core.governance import layout
from bot_core.governance.bench import expiry
from bot_core.governance.reasons import Reason
from bot_core.governance.signoffs import Asked, collect
from bot_core.governance.stages import percent_before

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot_core.documents.domain import Domain
    from bot_core.documents.environment import Entry
    from bot_core.documents.governed import Value
    from bot_core.governance.bench import Bench
    from bot_core.governance.signoffs import Collected
    from bot_core.governance.snapshot import View
    from bot_core.governance.stages import Standing


def limits(bench: Bench, entry: Entry, domain: Domain, stand: Standing, authors: frozenset[str]) -> Iterator[Reason]:
    """Say which roles have not approved the domain file: its limits and rules."""
    if not bench.rules.limits:
        return
    digest = f"sha256:{entry.domain.rsplit('/', 1)[-1].removesuffix('.yaml')}"
    subject = Subject(kind="domain", name=domain.name, digest=digest)
    asked = Asked(subject, bench.rules, bench.rules.limits, expiry(bench, stand, entry.domain), authors)
    collected = collect(bench.view, bench.limits.crew, asked, bench.verify)
    for role, count in collected.lacking.items():
        message = f"{entry.domain}: expected {count} more approval of these limits and rules by {role}, got {_why(role, collected)}"
        command = f"bot-core sign-off --domain {domain.name} --env {bench.rules.name} --role {role} --signer NAME --key KEY"
        yield Reason("LIMITS", entry.domain, message, command)
    yield from _rejected(entry.domain, collected)


def rollout(bench: Bench, entry: Entry, stand: Standing, authors: frozenset[str]) -> Iterator[Reason]:
    """Say whether the rollout stands on one of the policy's steps, none skipped, and who has not approved the step."""
    rule, path = bench.rules.rollout, layout.environment(bench.rules.name)
    if rule is None:
        return
    where = f"{path}: {entry.model}: rollout"
    allowed = _steps_open(bench, entry, stand, sorted(rule.steps))
    if entry.rollout not in allowed:
        message = f"{where}: expected one of {', '.join(map(str, allowed))}, got {entry.rollout}"
        yield Reason("ROLLOUT-STEP", path, message, "take the steps one by one: bot-core promote … --rollout PERCENT")
        return
    if entry.rollout == min(rule.steps) or not rule.forward:
        return
    subject = Subject(kind="rollout", name=entry.model, version=entry.version, digest=entry.release, percent=entry.rollout)
    digests = _rollout_evidence(bench.view, bench.rules.name, entry)
    asked = Asked(subject, bench.rules, rule.forward, stand.judged, authors, digests=digests)
    collected = collect(bench.view, bench.limits.crew, asked, bench.verify)
    for role, count in collected.lacking.items():
        message = f"{where}: expected {count} more approval of the step to {entry.rollout} % by {role}, got {_why(role, collected)}"
        tail = f"--env {bench.rules.name} --role {role} --signer NAME --key KEY"
        command = f"bot-core sign-off {entry.model} {entry.version} --rollout {entry.rollout} {tail}"
        yield Reason("ROLE-MISSING", path, message, command)
    yield from _rejected(path, collected)


def _steps_open(bench: Bench, entry: Entry, stand: Standing, steps: Sequence[int]) -> list[int]:
    """List the steps that a release may stand on: up to the one above where it stood, at first the lowest, after a rollback as before."""
    stood = percent_before(bench.view, bench.rules.name, entry)
    if stood is None and stand.returned is not None:
        stood = stand.returned.entry.rollout
    highest = steps[0] if stood is None else next((step for step in steps if step > stood), steps[-1])
    return [step for step in steps if step <= highest]


def _rollout_evidence(view: View, environment: str, entry: Entry) -> frozenset[str]:
    """Return the digests that a step's sign-off may name: of the published evidence, or of the manifest while there is none."""
    folder = f"audit/ai_decision/operation/{environment}/{entry.version}"
    found = frozenset(sha256(view.read(f"{folder}/{name}") or b"") for name in view.names(folder) if name.endswith(".json"))
    return found or frozenset({entry.release})


def approvals(bench: Bench, entry: Entry, collected: Collected) -> Iterator[Reason]:
    """Say which roles have not approved the release, why what they signed does not count, and who said no."""
    path = layout.environment(bench.rules.name)
    for role, count in collected.lacking.items():
        message = f"{path}: {entry.model} {entry.version}: expected {count} more approval by {role}, got {_why(role, collected)}"
        tail = f"--env {bench.rules.name} --role {role} --signer NAME --key KEY"
        yield Reason("ROLE-MISSING", path, message, f"bot-core sign-off {entry.model} {entry.version} {tail}")
        yield from (reason for refused, reason in collected.refused if refused == role)
    yield from _same_person(path, collected)
    yield from _rejected(path, collected)


def _same_person(path: str, collected: Collected) -> Iterator[Reason]:
    """Say that approvals are there, but not enough people."""
    for role in collected.lacking:
        people = {s.document.signer for s in collected.approvals if s.document.role == role}
        others = {s.document.signer for s in collected.approvals if s.document.role != role}
        for person in sorted(people & others):
            message = f"{path}: expected {role} to be signed by somebody who signs no other role, got {person}"
            yield Reason("SOD-SAME-PERSON", path, message, f"another person in the role {role} must sign")


def _rejected(path: str, collected: Collected) -> Iterator[Reason]:
    for signed in collected.rejections:
        word = signed.document
        message = (
            f"{signed.path}: {word.role}: expected approval, got the rejection of {word.signer}: {word.statement or 'no statement'}"
        )
        yield Reason("ROLE-REJECTED", path, message, "answer the objection; the same person may then approve")


def _why(role: str, collected: Collected) -> str:
    codes = sorted({reason.code for refused, reason in collected.refused if refused == role})
    return f"sign-offs that do not count ({', '.join(codes)})" if codes else "none that counts"


def merged(collected: Collected) -> tuple[dict[str, Value], list[Reason]]:
    """Merge the signers' conditions: the strictest number (of `min_…` the largest, else the smallest); else all must say the same."""
    merged: dict[str, Value] = {}
    conflicts = []
    for signed in collected.approvals:
        for name, value in signed.document.conditions.items():
            held = merged.setdefault(name, value)
            if held == value:
                continue
            old, new = _number(held), _number(value)
            if old is None or new is None:
                message = f"{signed.path}: conditions.{name}: expected {held}, as another signer says, got {value}"
                conflicts.append(Reason("SIGNOFF-CONTEXT", signed.path, message, "agree on the condition and sign again"))
            elif (new > old) if name.startswith("min_") else (new < old):
                merged[name] = value
    return merged, conflicts


def _number(value: Value) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
