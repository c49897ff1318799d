"""What the gate and status print: for people, for programs, for a forge.

A file's name or a statement may hold characters that a terminal, a forge or a parser obeys: they are spelled out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot_core.reporting.numerals import NONE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from bot_core.governance.decide import Decision
    from bot_core.governance.gate import Judgement
    from bot_core.governance.reasons import Reason

MARKS = {"approved": "✓", "missing": "·", "rejected": "✗"}


def as_json(found: Judgement) -> dict[str, object]:
    """Return the gate's answer as the design page spells it."""
    environments: dict[str, dict[str, object]] = {}
    for decision in (*found.decisions, *found.shown):
        environments.setdefault(decision.environment, {})[decision.model] = {role.role: role.state for role in decision.roles}
    return {
        "verdict": found.verdict.name,
        "base": found.base,
        "head": found.head,
        "reasons": [_plain(reason) for reason in reasons(found)],
        "notes": [_plain(_visible(note)) for decision in (*found.decisions, *found.shown) for note in decision.notes],
        "environments": environments,
    }


def reasons(found: Judgement) -> list[Reason]:
    """List everything that stands against the merge, worst first."""
    everything = [*found.reasons, *(reason for decision in found.decisions for reason in decision.reasons)]
    return [_visible(reason) for reason in sorted(dict.fromkeys(everything), key=lambda reason: -reason.verdict)]


def as_lines(found: Judgement) -> Iterator[str]:
    """Say it to people: the verdict, why not, with what to do, and who has signed what."""
    yield f"{found.verdict.name}  {found.head[:12]} into {found.base[:12]}"
    for reason in reasons(found):
        yield from _lines(reason)
    for decision in (*found.decisions, *found.shown):
        yield ""
        yield from matrix(decision)


def matrix(decision: Decision, now: dt.datetime | None = None) -> Iterator[str]:
    """Show who has approved an entry and who has not."""
    yield f"{decision.environment}  {decision.model} {decision.version}  {decision.verdict.name}"
    width = max((len(role.role) for role in decision.roles), default=0)
    for role in decision.roles:
        left = f", {(role.expires - now).days} days left" if now and role.expires else ""
        who = ", ".join(role.signers) or NONE
        yield f"  {MARKS[role.state]} {role.role.ljust(width)}  {role.state:<8}  {len(role.signers)} of {role.asked}  {who}{left}"
    if decision.conditions:
        yield "  conditions: " + ", ".join(f"{name} {_spelled(str(value))}" for name, value in sorted(decision.conditions.items()))
    for note in decision.notes:
        yield f"  note: {_visible(note).message}"


def explained(decision: Decision) -> Iterator[str]:
    """Say why an entry may not decide."""
    for reason in decision.reasons:
        yield from _lines(_visible(reason))


def as_workflow(found: Judgement) -> tuple[str, str]:
    """Return a forge's annotations and the Markdown of the job's summary."""
    kind = {"PENDING": "warning"}
    notes = [
        f"::{kind.get(reason.verdict.name, 'error')} file={_field(reason.path)},title={reason.code}::{_data(_sentence(reason))}"
        for reason in reasons(found)
    ]
    return "\n".join([*notes, f"verdict: {found.verdict.name}"]), "\n".join([*_summary(found), ""])


def as_junit(found: Judgement) -> str:
    """Return the reasons as a JUnit report: one case per reason, none failing means ALLOW."""
    from xml.sax.saxutils import escape, quoteattr  # noqa: PLC0415  # pulls in urllib, for this format alone

    cases = [
        f'  <testcase classname="gate" name={quoteattr(f"{reason.code} {reason.path}")}>'
        f"<failure message={quoteattr(reason.message)}>{escape(reason.hint)}</failure></testcase>"
        for reason in reasons(found)
    ]
    count = len(cases)
    passed = [] if cases else ['  <testcase classname="gate" name="ALLOW"/>']
    head = f'<testsuite name="bot-core gate" tests="{count or 1}" failures="{count}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, *passed, "</testsuite>"])


def _summary(found: Judgement) -> Iterable[str]:
    yield f"## bot-core gate: {found.verdict.name}\n"
    for decision in (*found.decisions, *found.shown):
        yield f"### {decision.environment}: {decision.model} {decision.version} — {decision.verdict.name}\n"
        yield "| role | state | signed by |\n| - | - | - |"
        yield from (f"| {role.role} | {role.state} | {', '.join(role.signers) or NONE} |" for role in decision.roles)
        yield ""
    if reasons(found):
        yield "| code | what | what to do |\n| - | - | - |"
        yield from (f"| {reason.code} | {_cell(reason.message)} | {_cell(reason.hint)} |" for reason in reasons(found))


def _visible(reason: Reason) -> Reason:
    return replace(reason, path=_spelled(reason.path), message=_spelled(reason.message), hint=_spelled(reason.hint))


def _spelled(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plain(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "path": reason.path, "message": reason.message, "hint": reason.hint}


def _lines(reason: Reason) -> Iterator[str]:
    yield f"  {reason.code}: {reason.message}"
    if reason.hint:
        yield f"    → {reason.hint}"


def _sentence(reason: Reason) -> str:
    return f"{reason.message} → {reason.hint}" if reason.hint else reason.message


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _field(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
