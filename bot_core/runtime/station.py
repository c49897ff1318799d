"""What a running process decides with: what is in force, the journal, the autotrader, its settings, the time; and how it keeps reports."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.data_monitoring import report_event, write_report
from bot_core.decision.ports import utc_now
from bot_core.documents.monitoring import InferenceDrift
from bot_core.documents.runtime import Protected
from bot_core.errors import BotCoreError
from bot_core.runtime.records import cancelled, guarded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.documents.monitoring import InferenceQuality
    from bot_core.documents.runtime import Control
    from bot_core.runtime.active import ActivePlans, InForce
    from bot_core.runtime.autotrader import Autotrader
    from bot_core.runtime.writer import JournalWriter

    Report = InferenceQuality | InferenceDrift

MAINTENANCE = "maintenance"


@dataclass(frozen=True)
class Station:
    """What the loops of one process share.

    Args:
        plans: what is in force.
        writer: the journal.
        autotrader: where accepted decisions go.
        settings: notional, risk profile, budgets, protection.
        clock: the present, with its zone.
        root: the repository's, under which reports lie.
        room: held from a look at the account to the order that follows from it.
    """

    plans: ActivePlans
    writer: JournalWriter
    autotrader: Autotrader
    settings: RuntimeSettings
    clock: Callable[[], dt.datetime] = utc_now
    root: Path = Path()
    room: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def record(self, report: Report) -> None:
        """Write a monitoring report, journal it, and shrink the limits where it says that the world has moved.

        Raises:
            AuditError: it could not be written or journalled, so nothing may act on it.
        """
        path = write_report(self.root, report, self.clock)
        self.writer.put(partial(report_event, report, path, self.clock())).wait()
        if isinstance(report, InferenceDrift) and report.drifted_share >= self.settings.protection.features > 0.0:
            self._protect(report, path)

    def maintain(self, state: InForce) -> list[BotCoreError]:
        """Pause and resume the autotrader as the environment's file says; what a pause cancels is recorded. Return what was not."""
        trader, failed = self.autotrader, list[BotCoreError]()
        if state.maintenance and trader.paused is None:
            for order in trader.pause(MAINTENANCE):
                try:
                    self.writer.put(partial(cancelled, order, state.environment, self.clock())).wait()
                except BotCoreError as error:  # it is cancelled all the same
                    failed.append(error)
        elif not state.maintenance and trader.paused == MAINTENANCE:
            trader.resume()
        return failed

    def _protect(self, report: InferenceDrift, path: str) -> None:
        """Shrink a model's limits until somebody has answered the report; a model that is protected already stays so."""
        if any(one.model == report.model for one in self.plans.folder.control().protected):
            return
        now = self.clock()
        found = Protected(model=report.model, path=path, digest=sha256(encode_json(report)), since=now)
        facts = {"report_path": path, "version": report.version, "factor": self.settings.protection.factor}
        self.writer.put(partial(guarded, report.model, report.environment, "protective", now, facts)).wait()

        def protected(control: Control) -> Control:
            if any(one.model == found.model for one in control.protected):
                return control
            return msgspec.structs.replace(control, protected=[*control.protected, found], changed=now)

        self.plans.folder.change(protected)
