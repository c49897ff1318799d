"""What follows when a release does worse than its evidence said: a report, a request for retraining, and then rules in its place.

From the journal's tail, beside the decisions: nothing here can slow one down. A report is written, then journalled, then acted on. Beyond
the first bound retraining is asked for. Beyond the second the release is named in `control.json`, in whose place the rules decide from the
next bar on, in this process and after a restart, until somebody in an approving role has answered the report in a signed review; another
release of the model is not meant by it. What could not be done is tried again at the next look.

With `routing` in the machine's settings the same look watches each release for drift as it runs; see `bot_core.runtime.drift_watch`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.audit import STATE
from bot_core.ai.monitoring_record import report_event, write_report
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.config.routing import load_routing
from bot_core.documents.runtime import Degraded
from bot_core.errors import BotCoreError
from bot_core.routing.panel import Panel
from bot_core.runtime.active import DEGRADED
from bot_core.runtime.drift_watch import DriftWatch, watched_as
from bot_core.runtime.following import PerformanceFollower
from bot_core.runtime.records import guarded
from bot_core.runtime.service import beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot_core.ai.plan import Plan
    from bot_core.documents.degradation import Reason
    from bot_core.documents.runtime import Control
    from bot_core.runtime.following import Followed
    from bot_core.runtime.service import Feed
    from bot_core.runtime.station import Station

LOOK_S = 1.0


class PerformanceWatch:
    """Looks at the live performance of what decides, and does what follows.

    Args:
        station: what the process decides with.
        feeds: instrument → its bars.
        journal: the journal's file; by default that of the settings.
    """

    def __init__(self, station: Station, feeds: Mapping[str, Feed], *, journal: Path | None = None) -> None:
        settings = station.settings
        self.follower = PerformanceFollower(
            station.plans,
            journal or Path(settings.journal),
            feeds,
            environment=settings.environment,
            enforce=settings.enforce_monitoring,
            clock=station.clock,
            drift=_drift(station),
        )
        self._station = station
        self._wanted: dict[str, tuple[str, str]] = {}

    def look(self) -> list[BotCoreError]:
        """Read on and act; return what could not be done, which the next look tries again."""
        try:
            failed = self.follower.read()
        except BotCoreError as error:
            return [error]
        state = self._station.plans.current()
        for (model, version), one in [*self.follower.followed.items()]:
            plan = state.plans.get(model)
            failed.extend(self._attended(one, in_force=plan is not None and plan.record.version == version))
            failed.extend(one.drift.settle() if one.drift else ())
        return failed

    def close(self) -> None:
        """Close all files."""
        self.follower.close()

    def _attended(self, one: Followed, *, in_force: bool) -> Iterator[BotCoreError]:
        reason = one.judge.due(self._station.clock()) if in_force else None
        steps = [partial(self._say, one, reason)] if reason else []
        for step in (*steps, partial(self._fall_back, one), partial(self._request, one.whose.model)):
            try:
                step()
            except BotCoreError as error:
                yield error

    def _say(self, one: Followed, reason: Reason) -> None:
        """Write and journal a report; what is to follow from it is owed from then on."""
        station, report = self._station, one.judge.report(reason)
        path = write_report(station.root, report, station.clock)
        station.writer.put(partial(report_event, report, path, station.clock())).wait()
        one.judge.say(reason)
        if reason == "fall_back" and one.whose.enforce:
            one.owed = (path, sha256(encode_json(report)))
        if reason != "silent":
            share = f"{report.excess or 0.0:.0%} worse than its walk-forward report since {report.since}"
            self._wanted[one.whose.model] = (f"degradation of {one.whose.version}: {share}", path)

    def _fall_back(self, one: Followed) -> None:
        """Let the rules decide in a release's place; a release that is named already stays so."""
        if one.owed is None:
            return
        (path, digest), (model, version, environment, _), now = one.owed, one.whose, self._station.clock()
        found = Degraded(model=model, version=version, path=path, digest=digest, since=now)

        def degraded(control: Control) -> Control:
            if any(each.digest == digest for each in control.degraded):
                return control
            return msgspec.structs.replace(control, degraded=[*control.degraded, found], changed=now)

        self._station.plans.folder.change(degraded)
        facts = {"report_path": path, "version": version}
        self._station.writer.put(partial(guarded, model, environment, DEGRADED, now, facts)).wait()
        one.owed = None

    def _request(self, model: str) -> None:
        """Make the model's training due, where that is owed."""
        if model not in self._wanted:
            return
        (reason, path), plans = self._wanted[model], self._station.plans.current()
        known = [plan for plan in (*plans.plans.values(), *plans.spare) if plan.record.model == model]
        schedule = next((plan.config.schedule for plan in known if plan.config), None)
        state = self._station.root / self._station.settings.audit / STATE
        RetrainingScheduler(job=model, schedule=schedule, persistence_path=state, clock=self._station.clock).request(reason, path)
        del self._wanted[model]


def _drift(station: Station) -> Callable[[Plan], DriftWatch] | None:
    """Return what watches a release as the machine's settings ask for it."""
    if station.settings.routing is None:
        return None
    config = watched_as(load_routing(station.root / station.settings.routing), station.settings)
    if config.drift.signal is not None:  # a detector whose package is missing stops the start, and not the watching of one release
        Panel("signal", config.drift.signal, station.clock())
    return partial(DriftWatch, config=config, root=station.root, clock=station.clock)


@contextmanager
def watched(station: Station, feeds: Mapping[str, Feed], stop: threading.Event) -> Iterator[list[BotCoreError]]:
    """Watch beside the decisions, and once more at the end.

    Yields what could not be done, each thing once; see `bot_core.runtime.service.beside` for `stop`.
    """
    ended, failures = threading.Event(), list[BotCoreError]()
    watch = PerformanceWatch(station, feeds)

    def look() -> None:
        told = {str(error) for error in failures}
        failures.extend(error for error in watch.look() if str(error) not in told)

    def keep() -> None:
        while not ended.wait(LOOK_S):
            look()
        look()

    try:
        with beside(keep, ended, stop):
            yield failures
    finally:
        watch.close()
