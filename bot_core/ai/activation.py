"""From what git desires to what may decide: judged, proven, kept as bytes, and written as one file.

1. Each entry of the environment is judged by `decide`. Allowed: it is proven (bytes, golden outputs, limits and rules) and becomes a plan.
2. Not allowed, or not provable: the plan before stays, if the commit at which it was good would still allow it today, with every halt,
   revocation and expiry known now, and if nobody and no later report has said no to it since. Otherwise its rules decide; where not
   even its domain is approved, nobody does.
3. The way back is proven beforehand, and so is each release that somebody asked for on this machine, by the same function.
4. Where no model decides, the release that is withheld, or the last one known, still says on which bars its rules do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import PREFIX, sha256
from bot_core._parse import encode_json
from bot_core.ai.outcomes import Outcome, reason_of, status
from bot_core.ai.plan import compile_plan
from bot_core.ai.withholding import withheld
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.runtime import Active, ModelStatus, Servable
from bot_core.errors import BotCoreError
from bot_core.governance import layout
from bot_core.governance.decide import decide
from bot_core.governance.git import Git
from bot_core.governance.overlay import with_desired, with_only
from bot_core.governance.promotion import desired
from bot_core.governance.reading import parse
from bot_core.governance.reasons import Refused
from bot_core.governance.snapshot import Snapshot
from bot_core.governance.stages import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.environment import Entry, Environment
    from bot_core.documents.runtime import Control
    from bot_core.governance.acceptance import Accepted
    from bot_core.governance.decide import Decision
    from bot_core.governance.snapshot import View
    from bot_core.governance.state import StateFolder

_STOPS_RULES = frozenset({"LIMITS", "CANON"})
_SAYS_NO = frozenset({"ROLE-REJECTED", "RPT-FAILED"})


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What may decide, how each model stands, and the decisions behind it."""

    active: Active
    models: tuple[ModelStatus, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Activation:
    """One evaluation of an environment at an accepted commit.

    Args:
        accepted: the commit, the policy, what is remembered.
        folder: where bytes are kept.
        now: the time.
        max_age: how old a model may be.
        proved: releases that have proven themselves to this process, and need not again.
    """

    accepted: Accepted
    folder: StateFolder
    now: dt.datetime
    max_age: dt.timedelta = dt.timedelta(days=365)
    proved: set[bytes] = field(default_factory=set, repr=False)
    _earlier: dict[str, Snapshot] = field(default_factory=dict, repr=False)

    @property
    def environment(self) -> str:
        """Which environment is judged."""
        return self.accepted.rules.name

    def evaluate(self, before: Active | None, control: Control) -> Evaluation:
        """Return what may decide now, and why what git desires is not in force where it is not.

        `before` is what was in force; one of another environment counts for nothing.
        """
        before = before if before is not None and before.environment == self.environment else None
        outcomes, maintenance = self._outcomes(before)
        plans = [outcome.plan for outcome in outcomes if outcome.plan]
        rules = self._rules(before, outcomes)
        active = Active(
            environment=self.environment,
            commit=self.accepted.view.tip,
            verified=self.now,
            maintenance=maintenance,
            plans=plans,
            fallbacks=[back for outcome in outcomes if (back := self._fallback(outcome.entry))],
            pins=[pin for named in control.models.values() if (pin := self._pin(named.model, named.version, named.artifact))],
            withheld=list(withheld(partial(self.proven, self.accepted.view), self.compiled, before, outcomes, rules)),
            rules=rules,
            refused={
                outcome.model: sorted({reason.code for reason in outcome.reasons}) for outcome in outcomes if not outcome.plan
            },
        )
        models = tuple(status(outcome, active) for outcome in outcomes)
        return Evaluation(active, models, tuple(outcome.decision for outcome in outcomes if outcome.decision))

    def judged(self, entry: Entry) -> Servable:
        """Prove a release as if the environment desired this entry now.

        Raises:
            BotCoreError: the first reason against it, with its code; or why it cannot be served.
        """
        view = with_desired(self.accepted.view, self.environment, entry, self.now)
        (decision,) = self._decide(view, entry.model)
        if decision.reasons:
            first = max(decision.reasons, key=lambda reason: reason.verdict)
            raise Refused(first.code, first.path, first.message, first.hint)
        return self.proven(view, entry, decision)

    def proven(self, view: View, entry: Entry, decision: Decision) -> Servable:
        """Keep all that a release needs, and let it prove itself; see `compile_plan` for what is raised."""
        manifest = parse(_bytes(view, layout.manifest(entry.model, entry.version)), ReleaseManifest, "manifest")
        archived = f"audit/ai_decision/config/{entry.version}.json"
        drift, forward = (next((r for r in manifest.reports if r.kind == kind), None) for kind in ("drift", "walk_forward"))
        record = Servable(
            model=entry.model,
            version=entry.version,
            release=entry.release,
            artifact=self.folder.keep(_bytes(view, manifest.artifact.path)),
            domain=self.folder.keep(_bytes(view, entry.domain)),
            config=self._archived(view, archived, manifest.source.config),
            drift=self._archived(view, drift.path, drift.digest) if drift else None,
            walk_forward=self._archived(view, forward.path, forward.digest) if forward else None,
            rollout=entry.rollout,
            conditions=dict(decision.conditions),
            commit=self.accepted.view.tip,
            expires=decision.expires,
        )
        self.compiled(record)
        return record

    def compiled(self, record: Servable) -> None:
        """Let a release prove itself, once for as long as nothing about it changes; see `compile_plan` for what is raised."""
        key = encode_json(msgspec.structs.replace(record, commit="0" * 40, expires=None))
        if key not in self.proved:
            compile_plan(record, self.folder.blob, clock=lambda: self.now, max_age=self.max_age)
            self.proved.add(key)

    def _archived(self, view: View, path: str, digest: str) -> str | None:
        """Keep an archived file that the manifest names; nothing where there is none."""
        data = view.read(path)
        if data is None:
            return None
        if sha256(data) != digest:
            message = f"{path}: expected {digest}, as the manifest says, got {sha256(data)}"
            raise Refused(code="REL-DIGEST", path=path, message=message, hint="git log the file; restore what was released")
        return self.folder.keep(data)

    # --- the environment's entries ---

    def _outcomes(self, before: Active | None) -> tuple[list[Outcome], bool]:
        if (dropped := self.accepted.dropped) is not None:  # nothing is desired here, whatever the file says
            known = {*before.rules, *(old.model for old in before.plans)} if before else set()
            return [Outcome(model, None, None, (dropped.reason,)) for model in sorted(known)], bool(before and before.maintenance)
        try:
            file = desired(self.accepted.view, self.environment)
            decisions = self._decide(self.accepted.view)
        except Refused as problem:  # the file itself is broken: what was good before may stay
            left = before.plans if before else []
            return [Outcome(old.model, None, self._kept(old), (problem.reason,)) for old in left], bool(
                before and before.maintenance
            )
        return [self._outcome(entry, decision, before) for entry, decision in _paired(file, decisions)], file.maintenance

    def _outcome(self, entry: Entry, decision: Decision, before: Active | None) -> Outcome:
        reasons = decision.reasons
        if not reasons:
            try:
                return Outcome(entry.model, entry, self.proven(self.accepted.view, entry, decision), (), decision)
            except BotCoreError as problem:
                reasons = (reason_of(problem, layout.manifest(entry.model, entry.version)),)
        old = before.plan(entry.model) if before else None
        return Outcome(entry.model, entry, self._kept(old) if old else None, reasons, decision)

    def _kept(self, old: Servable) -> Servable | None:
        """Return a plan that was good before, if the commit at which it was would still allow it now."""
        try:
            view = self._at(old.commit)
            entry = desired(view, self.environment).entry(old.model)
            if entry is None or entry.release != old.release or self._is_rejected(entry):
                return None
            (decision,) = self._decide(view, old.model)
            return None if decision.reasons else msgspec.structs.replace(self.proven(view, entry, decision), commit=old.commit)
        except BotCoreError:  # it is not there any more, or cannot be proven any more: it stays no longer
            return None

    def _is_rejected(self, entry: Entry) -> bool:
        """Say whether the newest commit holds somebody's no to a release, or a later report against it."""
        (decision,) = self._decide(with_only(self.accepted.view, self.environment, entry, self.now), entry.model)
        return bool(_SAYS_NO & {reason.code for reason in decision.reasons})

    def _at(self, commit: str) -> Snapshot:
        """Look at an earlier commit; with a reader of its own, for a reader remembers one history."""
        if commit == self.accepted.view.tip:
            return self.accepted.view
        if commit not in self._earlier:
            git = Git(self.accepted.view.git.root)
            self._earlier[commit] = Snapshot(git, commit, git.tree(commit), self.now, seen=self.accepted.remembered.seen)
        return self._earlier[commit]

    def _decide(self, view: View, model: str | None = None) -> list[Decision]:
        models = None if model is None else frozenset({model})
        return decide(view, self.environment, self.accepted.policy, self.now, models=models, memory=self.accepted.memory)

    def _rules(self, before: Active | None, outcomes: list[Outcome]) -> dict[str, str]:
        """Say whose rules decide where no plan does: of each entry whose limits are approved, and of what stood before."""
        kept = dict(before.rules) if before else {}
        for outcome in outcomes:
            if outcome.plan:
                kept[outcome.model] = outcome.plan.domain
            elif outcome.entry and self._limits_approved(outcome):
                data = self.accepted.view.read(outcome.entry.domain)
                if data is not None and sha256(data) == _named(outcome.entry.domain):
                    kept[outcome.model] = self.folder.keep(data)
        return kept

    def _limits_approved(self, outcome: Outcome) -> bool:
        """Say whether limits and rules were judged, and nothing was against them; a release that cannot be judged ends that early."""
        judged = outcome.decision is not None and (outcome.decision.standing is not None or not self.accepted.rules.limits)
        return judged and not _STOPS_RULES & {reason.code for reason in outcome.reasons}

    # --- beside them ---

    def _fallback(self, entry: Entry | None) -> Servable | None:
        """Prove where a rollback of an entry would lead; nothing where that is to its rules, or where it would be refused."""
        if entry is None or entry.fallback == "rules":
            return None
        former = self.former(entry.model, entry.fallback)
        try:
            return self.judged(former) if former else None
        except BotCoreError:
            return None

    def _pin(self, model: str, version: str, artifact: str) -> Servable | None:
        """Prove a release that somebody asked for on this machine; nothing where git would refuse it today."""
        try:
            entry = self.entry_of(model, version)
            found = self.judged(entry) if entry else None
        except BotCoreError:
            return None
        return found if found and found.artifact == artifact else None

    def entry_of(self, model: str, version: str) -> Entry | None:
        """Return the entry with which a release stands in the environment, or stood there last; nothing if it never did."""
        now = desired(self.accepted.view, self.environment).entry(model)
        return now if now is not None and now.version == version else self.former(model, version)

    def former(self, model: str, version: str) -> Entry | None:
        """Return the entry as it stood when a release was last active here."""
        data = self.accepted.view.read(layout.manifest(model, version))
        run = next(runs(self.accepted.view, self.environment, sha256(data)), None) if data else None
        return run.entry if run else None


def entry_digest(entry: Entry | None) -> str | None:
    """Name what git desires of a model, so that a change of it can be seen."""
    return None if entry is None else sha256(encode_json(entry))


def _paired(file: Environment, decisions: list[Decision]) -> Iterator[tuple[Entry, Decision]]:
    by_model = {decision.model: decision for decision in decisions}
    return ((entry, by_model[entry.model]) for entry in file.models)


def _bytes(view: View, path: str) -> bytes:
    data = view.read(path)
    if data is None:
        raise Refused(code="REL-DIGEST", path=path, message=f"{path}: expected a file, got none", hint="git log the file")
    return data


def _named(path: str) -> str:
    return PREFIX + path.rsplit("/", 1)[-1].removesuffix(".yaml")
