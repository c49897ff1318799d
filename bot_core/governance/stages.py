"""How an entry came to be: since when it is active, where it was before, and which steps it took."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.environment import Environment
from bot_core.documents.interventions import Review, Rollback
from bot_core.documents.policy import Person
from bot_core.governance import layout, quorum, sshsig
from bot_core.governance.reading import parse, read_signed
from bot_core.governance.reasons import Reason, Refused
from bot_core.governance.snapshot import as_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.environment import Entry
    from bot_core.documents.policy import After, EnvironmentPolicy
    from bot_core.governance.crew import Crew
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View

DAY = dt.timedelta(days=1)
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
    """Walk through the spans in which a release stood in an environment, newest first; `entry` as it stood last."""
    run: Run | None = None
    until: dt.datetime | None = None
    for since, file in _states(view, environment, digest):
        entry = _of_release(file, digest)
        if entry is not None:
            run = Run(since, until, entry) if run is None else replace(run, since=since)
        elif run is not None:
            yield run
            run = None
        until = since
    if run is not None:
        yield run


def _states(view: View, environment: str, word: str) -> Iterator[tuple[dt.datetime, Environment | None]]:
    """Walk through an environment's states, newest first: nothing for one that does not say `word`, broken ones left out.

    The entries count, never the text: a comment may say anything.
    """
    path = layout.environment(environment)
    for version in view.versions(path):
        if version.data is None or word.encode() not in version.data:
            yield version.since, None
            continue
        if (file := _document(version.data, path)) is not None:
            yield version.since, file


@lru_cache(maxsize=4096)
def _document(data: bytes, path: str) -> Environment | None:
    try:
        return parse(data, Environment, path, comments=True)
    except Refused:
        return None


def _of_release(file: Environment | None, digest: str) -> Entry | None:
    return next((entry for entry in file.models if entry.release == digest), None) if file else None


def percent_before(view: View, environment: str, entry: Entry) -> int | None:
    """Return the percent that an entry's release had just before the one it has, without a break; nothing where it began so."""
    for _, file in _states(view, environment, entry.release):
        found = _of_release(file, entry.release)
        if found is None or found.rollout != entry.rollout:
            return found.rollout if found else None
    return None


def standing(view: View, environment: EnvironmentPolicy, entry: Entry, crew: Crew, verify: Verify = sshsig.verify) -> Standing:
    """Find out since when an entry stands, and whether it returned."""
    walk = runs(view, environment.name, entry.release)
    current = next(walk)
    before = _replaced(view, environment.name, entry)
    if before is not None and (before.fallback == entry.version or view.names(layout.rollbacks(environment.name, entry.model))):
        former = next(walk, None)
        if (
            former is not None
            and former.until is not None
            and _allowed_back(view, environment, before, entry, current, former, crew, verify)
        ):
            return Standing(current.since, former.since, former, before)
    return Standing(current.since, current.since, None, before)


def _replaced(view: View, environment: str, entry: Entry) -> Entry | None:
    """Return the model's entry just before this release came."""
    for _, file in _states(view, environment, entry.model):
        found = file.entry(entry.model) if file else None
        if found is None or found.release != entry.release:
            return found
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
    came = next(runs(view, rules.name, before.release)).since  # an order ends what stands; it is no order for the next time
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
            and signed.since >= came
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
        yield Reason("STAGE-ORDER", path, message, f"merge in {-((longest - dt.timedelta(days=after.days)) // DAY)} days")


def wrong_fallback(environment: str, entry: Entry, stand: Standing) -> Iterator[Reason]:
    """Say that an entry leads back elsewhere than to rules or to what it replaced: nobody signed such a way."""
    known = {"rules": "rules"}
    if stand.before is not None:
        known[stand.before.version] = "the release before"
    if stand.returned is not None:
        known[stand.returned.entry.fallback] = "as it was"
    if entry.fallback not in known:
        path = layout.environment(environment)
        message = f"{path}: {entry.model}: fallback: expected one of {', '.join(known)}, got {entry.fallback}"
        yield Reason(
            "STAGE-ORDER", path, message, "bot-core promote writes it; bot-core rollback --to VERSION goes elsewhere, signed"
        )


def first_activation(view: View, environment: str, entry: Entry, since: dt.datetime) -> bool:
    """Say whether the model never stood in the environment before this run."""
    states = _states(view, environment, entry.model)
    return not any(when < since and file is not None and file.entry(entry.model) for when, file in states)


def minutes_missing(  # one question about six things
    view: View, rules: EnvironmentPolicy, entry: Entry, at: dt.datetime, authors: frozenset[str], crew: Crew, verify: Verify
) -> Iterator[Reason]:
    """Say which roles have not signed the go-live minutes as they stood; people count as they do for approvals."""
    if rules.go_live is None:
        return
    text = as_of(view, layout.MINUTES, at)
    name = f"{rules.name}.{entry.model}"
    answers = reviews(view, "minutes", name, crew, verify)
    digest = "" if text is None else sha256(text)
    last = {(s.document.role, s.document.signer): s.document for s in answers if s.document.digest == digest}
    barred = frozenset[str]() if rules.author_may_sign else authors
    signed: dict[str, set[str]] = {}
    for (role, signer), answer in last.items():
        if answer.decision == "approve" and signer not in barred:
            signed.setdefault(role, set()).add(signer)
    lacking = quorum.missing(dict.fromkeys(rules.go_live.minutes, 1), signed, distinct=rules.distinct_people)
    for role in rules.go_live.minutes:
        if role in lacking:
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


def removed(view: View, environment: str, oldest: dt.datetime) -> Iterator[tuple[str, dt.datetime]]:
    """Name the models whose entries were taken out, newest first, and when; as far back as `oldest`."""
    path = layout.environment(environment)
    newer: tuple[dt.datetime, set[str]] | None = None
    for version in view.versions(path):
        file = _document(version.data, path) if version.data else None
        models = {entry.model for entry in file.models} if file else set[str]()
        if newer is not None:
            yield from ((model, newer[0]) for model in sorted(models - newer[1]))
        if version.since < oldest:
            return
        newer = (version.since, models)
