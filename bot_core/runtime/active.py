"""What may decide now, for the process that decides: the state folder, followed.

Two files say it, and looking at both costs two `stat` calls, at most every `look_s` seconds. A change is compiled beside what is in
force and swapped by one assignment, so a decision has one state from end to end. What cannot be read or proven means no: no plan where
`active.json` is damaged, nothing at all where `control.json` is.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import encode_json
from bot_core.ai.plan import Plan, RuleBook, compile_plan, compile_rules
from bot_core.decision.ports import utc_now
from bot_core.errors import BotCoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bot_core.documents.runtime import Active, Control, Servable
    from bot_core.governance.state import StateFolder

LOOK_S = 0.02
DEGRADED = "degraded"
"""The code where a release does worse than its evidence said, so that the rules decide."""
_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides, at one moment.

    `plans`: model → plan; `books`: model → the rules that decide where it has none; `why`: model → the codes why it has none; `spare`:
    plans that may come to decide at any time, or on whose bars the rules decide; `detached`: why no model may decide, whatever git says;
    `protected`: models whose limits are shrunk; `problem`: what could not be read.
    """

    environment: str = ""
    commit: str = ""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    books: Mapping[str, RuleBook] = field(default_factory=dict)
    why: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spare: tuple[Plan, ...] = ()
    maintenance: bool = False
    detached: str | None = None
    protected: frozenset[str] = frozenset()
    problem: BotCoreError | None = None

    def is_protected(self, model: str, share: float) -> bool:
        """Say whether a model's limits are shrunk: its own, or all since so large a share of the models is."""
        if not self.protected:
            return False
        return model in self.protected or len(self.protected & self.plans.keys()) >= share * max(len(self.plans), 1)


class ActivePlans:
    """Follows a state folder.

    Args:
        folder: the state folder.
        clock: the present, with its zone.
        max_age: how old a model may be.
        look_s: seconds between two looks at the files.
    """

    def __init__(
        self,
        folder: StateFolder,
        *,
        clock: Callable[[], dt.datetime] = utc_now,
        max_age: dt.timedelta = dt.timedelta(days=365),
        look_s: float = LOOK_S,
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._max_age = max_age
        self._look_s = look_s
        self._lock = threading.Lock()
        self._next = 0.0
        self._stamp: _Stamp | None = None
        self._state = InForce()
        self._compiled: dict[bytes, Plan] = {}
        self._books: dict[str, RuleBook] = {}

    def current(self) -> InForce:
        """Return what is in force; looks at the files if it is time to. Several threads may ask; one looks, the others wait for it."""
        if time.monotonic() >= self._next:
            with self._lock:
                self._look()
        return self._state

    def _look(self) -> None:
        if time.monotonic() < self._next:
            return
        stamp = (_stamp(self.folder.active_path), _stamp(self.folder.control_path))
        if stamp != self._stamp:
            self._state = self._read()
            self._stamp = stamp
        self._next = time.monotonic() + self._look_s

    def _read(self) -> InForce:
        try:
            control = self.folder.control()
        except BotCoreError as error:
            return InForce(detached=f"control.json cannot be read: {error.message}", problem=error)
        try:
            active = self.folder.active()
        except BotCoreError as error:
            return InForce(books=self._state.books, problem=error, detached="active.json cannot be read")
        return InForce() if active is None else self._state_of(active, control)

    def _state_of(self, active: Active, control: Control) -> InForce:
        problems: list[BotCoreError] = []
        plans = dict(self._plans([*active.plans], problems))
        aside: list[BotCoreError] = []
        spare = tuple(plan for _, plan in self._plans([*active.fallbacks, *active.pins], aside))
        named = control.models.get(control.default or "")
        if named is not None:  # somebody asked for this release here; where it is not proven, none of that model decides
            plans.pop(named.model, None)
            plans |= {plan.record.model: plan for plan in spare if plan.record.artifact == named.artifact}
            problems += aside if named.model not in plans else []
        stopped = {model for halt in control.halts for model in plans if _stops(halt.model, halt.version, plans[model].record)}
        worse = {one.model for one in control.degraded if one.model in plans and plans[one.model].record.version == one.version}
        detached = (control.reason or "detached on this machine") if control.detached else None
        kept = {model: plan for model, plan in plans.items() if model not in stopped | worse and detached is None}
        withheld = [plan for model, plan in plans.items() if model not in kept]
        withheld += [plan for _, plan in self._plans(active.withheld, aside)]  # only now, so that nobody can ask for one of these
        self._forget(active)
        return InForce(
            environment=active.environment,
            commit=active.commit,
            plans=kept,
            books=self._rules(active, problems),
            why={model: tuple(codes) for model, codes in active.refused.items()}
            | dict.fromkeys(worse, (DEGRADED,))
            | dict.fromkeys(stopped, ("HALTED",)),
            spare=(*spare, *withheld),
            maintenance=active.maintenance,
            detached=detached,
            protected=frozenset(found.model for found in control.protected),
            problem=problems[0] if problems else None,
        )

    def _plans(self, records: list[Servable], problems: list[BotCoreError]) -> Iterator[tuple[str, Plan]]:
        for record in records:
            try:
                key = _key(record)
                if key not in self._compiled:
                    self._compiled[key] = compile_plan(record, self.folder.blob, clock=self._clock, max_age=self._max_age)
                yield record.model, self._compiled[key]
            except BotCoreError as error:
                problems.append(error)

    def _rules(self, active: Active, problems: list[BotCoreError]) -> dict[str, RuleBook]:
        found = {}
        for model, digest in active.rules.items():
            try:
                if digest not in self._books:
                    self._books[digest] = compile_rules(digest, self.folder.blob)
                found[model] = self._books[digest]
            except BotCoreError as error:
                problems.append(error)
        return found

    def _forget(self, active: Active) -> None:
        kept = {_key(record) for record in (*active.plans, *active.fallbacks, *active.pins, *active.withheld)}
        self._compiled = {key: plan for key, plan in self._compiled.items() if key in kept}


def _key(record: Servable) -> bytes:
    """Name all of a record but the commit at which it was found good: that changes nothing about how it decides."""
    return encode_json(msgspec.structs.replace(record, commit="0" * 40))


def _stops(model: str | None, version: str | None, record: Servable) -> bool:
    return model is None or (model == record.model and version in (None, record.version))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
