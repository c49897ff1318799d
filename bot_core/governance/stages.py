"""How an entry came to be: since when it is active, where it was before, and which steps it took."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.environment import Environment
from bot_core.documents.interventions import Review, Rollback
from bot_core.documents.policy import Person
from bot_core.governance import layout, sshsig
from bot_core.governance.reading import parse, read_signed
from bot_core.governance.reasons import Reason, Refused
from bot_core.governance.snapshot import as_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.environment import Entry
    from bot_core.documents.policy import After, EnvironmentPolicy, RollbackRule
    from bot_core.governance.crew import Crew
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View

RUNBOOK = "docs/runbooks/ai_data_monitoring.md"


@dataclass(frozen=True, slots=True)
class Run:
    """A span during which a release stood in an environment's file; no `until`: it stands there."""

    since: dt.datetime
    until: dt.datetime | None
    entry: Entry


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry's run, and what counts for judging it.

    `judged`: when evidence is judged. `returned`: the run before, where this one is a rollback. `before`: the entry this one replaced.
    """

    since: dt.datetime
    judged: dt.datetime
    returned: Run | None
    before: Entry | None


def runs(view: View, environment: str, digest: str) -> Iterator[Run]:
    """Walk through the spans in which a release stood in an environment, newest first."""
    path = layout.environment(environment)
    until: dt.datetime | None = None
    newer: dt.datetime | None = None
    open_: tuple[dt.datetime, bytes] | None = None
    for version in view.versions(path):
        there = version.data is not None and digest.encode() in version.data
        if there and version.data is not None:
            until = newer if open_ is None else until
            open_ = (version.since, version.data)
        elif open_ is not None:
            yield _run(open_, until, path, digest)
            open_ = None
        newer = version.since
    if open_ is not None:
        yield _run(open_, until, path, digest)


def _run(found: tuple[dt.datetime, bytes], until: dt.datetime | None, path: str, digest: str) -> Run:
    file = parse(found[1], Environment, path, comments=True)
    return Run(found[0], until, next(entry for entry in file.models if entry.release == digest))


def standing(view: View, environment: EnvironmentPolicy, entry: Entry, crew: Crew, verify: Verify = sshsig.verify) -> Standing:
    """Find out since when an entry stands, and whether it returned."""
    walk = runs(view, environment.name, entry.release)
    current = next(walk)
    before = _replaced(view, environment.name, entry, current.since)
    if before is not None:
        former = next(walk, None)
        if (
            former is not None
            and former.until is not None
            and _allowed_back(view, environment, before, entry, current, former, crew, verify)
        ):
            return Standing(current.since, former.since, former, before)
    return Standing(current.since, current.since, None, before)


def _replaced(view: View, environment: str, entry: Entry, since: dt.datetime) -> Entry | None:
    """Return the model's entry just before this release came."""
    path = layout.environment(environment)
    for version in view.versions(path):
        if version.data is None or entry.release.encode() in version.data:
            continue
        if version.since <= since:
            return parse(version.data, Environment, path, comments=True).entry(entry.model)
    return None


def _allowed_back(  # noqa: PLR0913, PLR0917  # one question about eight things
    view: View, rules: EnvironmentPolicy, before: Entry, entry: Entry, current: Run, former: Run, crew: Crew, verify: Verify
) -> bool:
    """Say whether a return needs no new evidence: to the entry's own fallback, or as a signed order says, and not too far back."""
    if rules.rollback is None:
        return before.fallback == entry.version
    span = dt.timedelta(days=rules.rollback.within_days)
    if former.until is None or current.since - former.until > span:
        return False
    return before.fallback == entry.version or bool(orders(view, rules, before, entry, crew, verify))


def orders(view: View, rules: EnvironmentPolicy, before: Entry, entry: Entry, crew: Crew, verify: Verify) -> list[Signed[Rollback]]:
    """List the signed orders for a return, when they are enough."""
    folder = layout.rollbacks(rules.name, entry.model)
    found = []
    for name in view.names(folder):
        if not name.endswith(".yaml"):
            continue
        try:
            signed = read_signed(view, f"{folder}/{name}", Rollback, layout.ROLLBACK, crew, verify)
        except Refused:
            continue
        order = signed.document
        fits = (order.environment, order.model, order.from_version, order.to_version, order.to_release, order.repository) == (
            rules.name,
            entry.model,
            before.version,
            entry.version,
            entry.release,
            crew.policy.repository,
        )
        if (
            fits
            and f"{order.id}.yaml" == name
            and isinstance(signed.signer, Person)
            and set(signed.signer.roles) & set(rules.approvals)
        ):
            found.append(signed)
    asked = rules.rollback.approvals_any if rules.rollback else 1
    return found if len({s.document.signer for s in found}) >= asked else []


def was_before(view: View, after: After, entry: Entry, at: dt.datetime) -> Iterator[Reason]:
    """Say whether the release was long enough where it must have been before."""
    path = layout.environment(after.environment)
    longest: dt.timedelta | None = None
    for run in runs(view, after.environment, entry.release):
        if run.since <= at:
            longest = max(longest or dt.timedelta(), min(run.until or at, at) - run.since)
        if longest is not None and longest >= dt.timedelta(days=after.days):
            return
    if longest is None:
        message = f"{path}: expected {entry.model} {entry.version} active there for {after.days} days first, got never"
        yield Reason("STAGE-ORDER", path, message, f"bot-core promote {entry.model} {entry.version} --env {after.environment}")
    else:
        message = f"{path}: expected {entry.model} {entry.version} active there for {after.days} days, got {longest.days} days"
        yield Reason("STAGE-ORDER", path, message, f"merge in {(dt.timedelta(days=after.days) - longest).days + 1} days")


def first_activation(view: View, environment: str, entry: Entry, since: dt.datetime) -> bool:
    """Say whether the model never stood in the environment before this run."""
    path, line = layout.environment(environment), f"model: {entry.model}\n".encode()
    return not any(version.since < since and version.data and line in version.data for version in view.versions(path))


def minutes_missing(
    view: View, rules: EnvironmentPolicy, entry: Entry, at: dt.datetime, crew: Crew, verify: Verify
) -> Iterator[Reason]:
    """Say which roles have not signed the go-live minutes as they stood."""
    if rules.go_live is None:
        return
    text = as_of(view, layout.MINUTES, at)
    name = f"{rules.name}.{entry.model}"
    answers = reviews(view, "minutes", name, crew, verify)
    digest = "" if text is None else sha256(text)
    signed = {s.document.role for s in answers if s.document.digest == digest and s.document.decision == "approve"}
    for role in rules.go_live.minutes:
        if role not in signed:
            message = f"{layout.MINUTES}: expected the minutes of {entry.model}'s go-live signed by {role}, got no such signature"
            command = f"bot-core review minutes {name} {layout.MINUTES} --role {role} --signer NAME --key KEY --approve"
            yield Reason("GO-LIVE", layout.MINUTES, message, command)


def reviews(view: View, kind: str, name: str, crew: Crew, verify: Verify = sshsig.verify) -> list[Signed[Review]]:
    """List the signed answers to a file by people who hold the role they answer in, newest last."""
    folder = layout.reviews(kind, name)
    found = []
    for file in view.names(folder):
        if not file.endswith(".yaml"):
            continue
        try:
            signed = read_signed(view, f"{folder}/{file}", Review, layout.REVIEW, crew, verify)
        except Refused:
            continue
        answer = signed.document
        fits = (answer.kind, answer.id, answer.repository) == (kind, name, crew.policy.repository)
        if fits and isinstance(signed.signer, Person) and answer.role in signed.signer.roles:
            found.append(signed)
    return sorted(found, key=lambda s: s.document.issued)


def review_due(rule: RollbackRule, run: Standing, now: dt.datetime) -> dt.datetime | None:
    """Return when the review of a rollback is or was due."""
    return run.since + dt.timedelta(hours=rule.review_hours) if run.returned is not None and now >= run.since else None
