"""Pages under docs/compliance/, rendered from the signed files. They show; they are never a source, and never block a merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.governance import layout, stages
from bot_core.reporting.numerals import NONE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from bot_core.documents.interventions import Review
    from bot_core.documents.policy import Policy
    from bot_core.governance.crew import Crew
    from bot_core.governance.decide import Decision
    from bot_core.governance.reading import Signed
    from bot_core.governance.snapshot import Snapshot
    from bot_core.governance.standings import Place

FOLDER = "docs/compliance"
SIGNOFF_PAGE = f"{FOLDER}/ai_pipeline_signoff.md"
POLICY_PAGE = f"{FOLDER}/policy.md"
EMPTY = "There is no policy in this repository, so nothing may decide. `bot-core policy init` writes the first one."
_HEAD = "<!-- Written by `bot-core docs render` from the signed files; do not edit. -->"


def pages(view: Snapshot, found: list[Place] | None, policy: Policy | None, crew: Crew | None) -> dict[str, str]:
    """Render all pages by path; without a policy, their empty state."""
    if found is None or policy is None or crew is None:
        return {SIGNOFF_PAGE: _page("Sign-offs", [EMPTY]), POLICY_PAGE: _page("Policy", [EMPTY])}
    return {
        SIGNOFF_PAGE: _page("Sign-offs", _signoffs(view, found, crew)),
        POLICY_PAGE: _page("Policy", _policy(policy)),
    }


def _page(title: str, lines: list[str] | Iterator[str]) -> str:
    return "\n".join([_HEAD, "", f"# {title}", "", *lines, ""])


def _signoffs(view: Snapshot, found: list[Place], crew: Crew) -> Iterator[str]:
    for place in found:
        yield from (f"## {place.environment}", "", f"Condition: {place.condition}.", "")
        if not place.decisions:
            yield from ("No model: rules decide.", "")
        for decision in place.decisions:
            yield from _entry(decision)
    yield from ("## Post-incident review", "")
    answers = [signed for place in found for decision in place.decisions for signed in _reviews(view, place, decision, crew)]
    if not answers:
        yield "No rollback has been reviewed yet."
    else:
        yield from ("| what | role | signed by | answer | when |", "| - | - | - | - | - |")
        yield from (_review(signed.document) for signed in answers)


def _reviews(view: Snapshot, place: Place, decision: Decision, crew: Crew) -> list[Signed[Review]]:
    return stages.reviews(view, "rollback", f"{place.environment}.{decision.model}", crew)


def _review(answer: Review) -> str:
    text = f"{answer.decision}{f' ({answer.ticket})' if answer.ticket else ''}"
    return f"| {answer.id} | {answer.role} | {answer.signer} | {text} | {_day(answer.issued)} |"


def _entry(decision: Decision) -> Iterator[str]:
    yield from (f"### {decision.model} `{decision.version}`: {decision.verdict.name}", "")
    yield from ("| role | state | signed by | until |", "| - | - | - | - |")
    for role in decision.roles:
        yield f"| {role.role} | {role.state} | {', '.join(role.signers) or NONE} | {_day(role.expires)} |"
    yield ""
    if decision.conditions:
        yield from ("Conditions: " + ", ".join(f"{name} {value}" for name, value in sorted(decision.conditions.items())) + ".", "")
    for reason in decision.reasons:
        yield f"- **{reason.code}** {reason.message}"
    if decision.reasons:
        yield ""


def _policy(policy: Policy) -> Iterator[str]:
    yield from (f"Version {policy.version} of `{policy.repository}`; {policy.root_quorum} root people sign a change of it.", "")
    yield from ("| person | roles | keys until |", "| - | - | - |")
    for person in policy.people:
        until = ", ".join(_day(key.valid_until) for key in person.keys)
        yield f"| {person.name} | {', '.join(person.roles) or NONE} | {until} |"
    yield from ("", "| environment | approvals | reports | waiting |", "| - | - | - | - |")
    for rules in policy.environments:
        asked = ", ".join(f"{role} {count}" for role, count in rules.approvals.items())
        reports = ", ".join(f"{rule.kind}{' (beats its baseline)' if rule.beats_baseline else ''}" for rule in rules.reports)
        waiting = f"{rules.after.days} days in {rules.after.environment}" if rules.after else NONE
        yield f"| {rules.name} | {asked} | {reports} | {waiting} |"
    yield from ("", f"The file itself: `{layout.POLICY}`.")


def _day(time: dt.datetime | None) -> str:
    return f"{time:%Y-%m-%d}" if time else NONE
