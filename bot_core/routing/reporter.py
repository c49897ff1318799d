"""What follows from an alarm: a report in two folders, an event of the journal, and protective mode; in a thread of its own, in order.

An answer waits for none of it. A report is written, then journalled, then acted on; what cannot be done stays owed, is logged, and is
tried again with the next report and by `settle`, which returns why not. The report lies in `report_dir`, where a machine looks first, and
with the same bytes in `audit/ai_decision/drift/`, where it can be committed, answered and signed. A name is taken by linking the finished
file to it, so no report overwrites another, whichever process wrote that.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.monitoring_record import file_in, file_report
from bot_core.documents.runtime import Protected
from bot_core.errors import BotCoreError
from bot_core.governance.state import StateFolder
from bot_core.journal.append import Journal
from bot_core.journal.event import TradingDecisionEvent, spelled

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.config.routing import RoutingConfig
    from bot_core.decision.ports import Clock
    from bot_core.documents.online_drift import OnlineDrift
    from bot_core.documents.runtime import Control

LOGGER = logging.getLogger(__name__)


class Recorder(Protocol):
    """What events are recorded in, such as `JsonlTradingDecisionJournal`."""

    def record(self, event: TradingDecisionEvent, /) -> object:
        """Record an event, or raise an AuditError."""


class FileRecorder:
    """A journal's file, to which other processes may write too; heads are theirs to sign.

    Args:
        path: the file. Nothing is created before the first record.
        clock: the time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._journal = Journal(path, fsync="always", clock=clock)

    def record(self, event: TradingDecisionEvent, /) -> object:
        """Record an event, on the disk when this returns.

        Raises:
            AuditError: it is not recorded.
        """
        return self._journal.append((spelled(event),))


@dataclass
class Case:
    """A report, and how far it has come."""

    report: OnlineDrift
    local: str | None = None
    path: str | None = None
    recorded: bool = False
    guarded: bool = False


class Reporter:
    """Settles reports one after the other.

    Args:
        root: the repository's, under which all folders lie.
        config: where reports go, and how protective mode shrinks.
        recorder: the journal; without it nothing is recorded.
        clock: the time.
    """

    def __init__(self, root: Path, config: RoutingConfig, recorder: Recorder | None, clock: Clock) -> None:
        self.failures = 0
        self._root = root
        self._config = config
        self._recorder = recorder
        self._clock = clock
        self._owed: list[Case] = []
        self._mutex = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._running: list[Future[list[BotCoreError]]] = []

    @property
    def owed(self) -> int:
        """How many reports are not written, journalled and acted on yet."""
        return len(self._owed)

    def submit(self, report: OnlineDrift) -> None:
        """Take a report; what follows from it happens beside."""
        with self._mutex:
            self._owed.append(Case(report))
            self._running = [future for future in self._running if not future.done() or future.exception()]
            self._running.append(self._threads().submit(self._work))

    def settle(self) -> list[BotCoreError]:
        """Wait until all that is owed has been tried; return what could not be done."""
        with self._mutex:
            running, self._running = self._running, []
            last = self._threads().submit(self._work) if self._owed else None
        for future in running:
            future.result()
        return last.result() if last else []

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="drift-reports")
        return self._pool

    def _work(self) -> list[BotCoreError]:
        """Settle what is owed, oldest first; one that fails keeps its place and holds back none of the others."""
        failed: list[BotCoreError] = []
        for case in [*self._owed]:
            try:
                self._settle(case)
            except BotCoreError as error:
                self.failures += 1
                LOGGER.warning("drift report on %s %s is owed: %s", case.report.target, case.report.signal, error)
                failed.append(error)
            else:
                self._owed.remove(case)
        return failed

    def _settle(self, case: Case) -> None:
        report, data = case.report, encode_json(case.report)
        stem, seen = report.version or f"{report.model}.{report.target}", lambda: dt.datetime.fromisoformat(report.timestamp)
        case.local = case.local or file_in(self._root, self._config.drift.report_dir, stem, data, seen)
        case.path = case.path or file_report(self._root, "drift", stem, data, seen)
        if not case.recorded and self._recorder is not None:
            self._recorder.record(drift_event(report, case.path, self._clock()))
            case.recorded = True
        if report.level == "mass":
            self._protect(case, case.path)

    def _protect(self, case: Case, path: str) -> None:
        """Shrink the model's limits until somebody has answered the report; a model that is protected already stays so."""
        report, folder, now = case.report, StateFolder(self._root / self._config.state), self._clock()
        if any(one.model == report.model for one in folder.control().protected):
            return
        if not case.guarded and self._recorder is not None:
            self._recorder.record(guard_event(report, path, self._config.drift.mass.factor, now))
            case.guarded = True
        found = Protected(model=report.model, path=path, digest=sha256(encode_json(report)), since=now)

        def protected(control: Control) -> Control:
            if any(one.model == found.model for one in control.protected):
                return control
            return msgspec.structs.replace(control, protected=[*control.protected, found], changed=now)

        folder.change(protected)


def drift_event(report: OnlineDrift, path: str, at: dt.datetime) -> TradingDecisionEvent:
    """Make the journal's event of a report that was written."""
    facts = {"report_path": path, "digest": sha256(encode_json(report)), **_whose(report)}
    return _event("ai_drift_report", report, report.status, at, facts | {"level": report.level, "signal": report.signal})


def guard_event(report: OnlineDrift, path: str, factor: float, at: dt.datetime) -> TradingDecisionEvent:
    """Make the journal's event of limits that shrink because of a report."""
    return _event("guard_trip", report, "protective", at, {"report_path": path, "factor": factor, **_whose(report)})


def _event(kind: str, report: OnlineDrift, status: str, at: dt.datetime, facts: dict[str, object]) -> TradingDecisionEvent:
    return TradingDecisionEvent(
        event_type=kind,
        timestamp=at,
        environment=report.environment,
        portfolio="model-router",
        risk_profile="ai-monitoring",
        status=status,
        confidence=report.confidence,
        metadata=facts,
    )


def _whose(report: OnlineDrift) -> dict[str, object]:
    release = {} if report.version is None else {"version": report.version}
    return {"model": report.model, "target": report.target, "source": report.source, **release}
