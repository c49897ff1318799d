"""The live performance of every release that may decide here, as far as the journal and the bars go.

What is known is a function of the journal's lines and of the bars' file alone: each decision on record first brings the bars up to its own,
and with them the labels that are known by then. So a process that is started again knows what the one before knew, a person who reads the
same files sees the same, and nobody sees ahead. What was said of a release, and that rules decide in its place since, is read from the
journal as well.

A release is followed that decides on bars and has its walk-forward report with it; others are not, and `unwatched` says why.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import decode_json
from bot_core.ai.degradation import expectation
from bot_core.ai.live_performance import LivePerformance
from bot_core.ai.performance_judge import PerformanceJudge, Whose
from bot_core.ai.predictor import Predictor
from bot_core.config.models import CsvBars
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import AuditError, BotCoreError, ReleaseError
from bot_core.journal.chain import event
from bot_core.journal.event import decode
from bot_core.journal.rotation import Follower
from bot_core.runtime.active import DEGRADED
from bot_core.runtime.bars import BarTail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from bot_core.ai.plan import Plan
    from bot_core.journal.event import TradingDecisionEvent
    from bot_core.runtime.active import ActivePlans, InForce
    from bot_core.runtime.drift_watch import DriftWatch
    from bot_core.runtime.service import Feed

    Release = tuple[str, str]

DECISION, REPORTED, TRIPPED = "decision", "ai_degradation_report", "guard_trip"
_READ = tuple(f'{{"event_type":"{kind}",'.encode() for kind in (DECISION, REPORTED, TRIPPED))


@dataclass
class Followed:
    """A release that is followed. `owed`: the path and digest of a report beyond the second bound that nothing followed from yet.

    `drift`: what watches its inputs, outputs and losses as they come, where that is asked for.
    """

    whose: Whose
    plan: Plan
    tail: BarTail
    performance: LivePerformance
    judge: PerformanceJudge
    drift: DriftWatch | None = None
    owed: tuple[str, str] | None = None

    def take(self, each: TradingDecisionEvent) -> None:
        """Take what the journal has of the release."""
        facts = each.metadata
        if each.event_type == DECISION:
            self._decided(each)
        elif each.event_type == TRIPPED and each.status == DEGRADED:
            self._start_anew()
        elif each.event_type == REPORTED and facts.get("reason") in {"silent", "request", "fall_back"}:
            self.judge.say(facts["reason"])  # type: ignore[arg-type]  # one of the three
            if facts["reason"] == "fall_back":
                self.owed = (str(facts["report_path"]), str(facts["digest"]))
                if facts.get("enforce") is not True:
                    self._start_anew()

    def _decided(self, each: TradingDecisionEvent) -> None:
        time, features = _bar_time(each), each.metadata.get("features")
        if time is None or not isinstance(features, dict):
            return
        for bar in self.tail.until(time):
            for row in self.performance.bar(bar):
                self.judge.take(row, each.timestamp)
                if self.drift is not None:
                    self.drift.known(row.losses.model, each.timestamp)
        self.performance.decided(time, features)
        if self.drift is not None:
            self.drift.decided(each, time, features)

    def _start_anew(self) -> None:
        self.owed = None
        self.performance.forget()
        self.judge.restart()


class PerformanceFollower:
    """Follows a journal.

    Args:
        plans: what may decide.
        journal: the file.
        feeds: instrument → its bars.
        environment: whose decisions count.
        enforce: whether the second bound stops a release.
        clock: the present; a release that is in force and silent from now on is silent. Without it only the journal's own times count.
        drift: makes what watches a release beside that, where it is asked for.
    """

    def __init__(
        self,
        plans: ActivePlans,
        journal: Path,
        feeds: Mapping[str, Feed],
        *,
        environment: str,
        enforce: bool,
        clock: Callable[[], dt.datetime] | None = None,
        drift: Callable[[Plan], DriftWatch] | None = None,
    ) -> None:
        self.plans = plans
        self.environment = environment
        self.enforce = enforce
        self.followed: dict[Release, Followed] = {}
        self.unwatched: dict[Release, BotCoreError] = {}
        self._follower = Follower(journal)
        self._feeds = feeds
        self._clock = clock
        self._drift = drift
        self._state: InForce | None = None
        self._broken: AuditError | None = None

    def read(self) -> list[BotCoreError]:
        """Take what the journal has by now; return why a release is followed no more.

        Raises:
            AuditError: a line does not follow the one before it, or its event is none; from then on always the same.
        """
        if self._broken is not None:
            raise self._broken
        failed: list[BotCoreError] = []
        try:
            failed.extend(self._follow())
            for each in self._events(self._follower):
                failed.extend(self._take(each))
        except (ValueError, msgspec.DecodeError) as error:
            msg = f"{self._follower.path}: line {self._follower.place.sequence}: {error}"
            self._broken = AuditError(msg, hint=f"bot-core journal verify {self._follower.path}")
            raise self._broken from error
        return failed

    def close(self) -> None:
        """Close all files."""
        self._follower.close()
        for one in self.followed.values():
            one.tail.close()

    def _take(self, each: TradingDecisionEvent) -> list[BotCoreError]:
        release = _release(each)
        if release not in self.followed:
            return [] if release in self.unwatched else self._follow()  # which takes this event too
        return self._taken(release, each)

    def _taken(self, release: Release, each: TradingDecisionEvent) -> list[BotCoreError]:
        try:
            self.followed[release].take(each)
        except BotCoreError as error:
            self.unwatched[release] = error
            self.followed.pop(release).tail.close()
            return [error]
        return []

    def _events(self, follower: Follower) -> Iterator[TradingDecisionEvent]:
        for line in follower.lines():
            if event(line).startswith(_READ) and (each := decode(event(line))).environment == self.environment:
                yield each

    def _follow(self) -> list[BotCoreError]:
        """Follow every release that may come to decide; one that may no more stays known, with what it has shown."""
        if (state := self.plans.current()) is self._state:
            return []
        self._state, before = state, {*self.followed}
        for plan in (*state.plans.values(), *state.spare):
            release = (plan.record.model, plan.record.version)
            if release in self.followed or release in self.unwatched:
                continue
            try:
                self.followed[release] = self._of(plan)
            except BotCoreError as error:
                self.unwatched[release] = error
        return self._caught_up(self.followed.keys() - before)

    def _caught_up(self, new: AbstractSet[Release]) -> list[BotCoreError]:
        """Let new releases take what was read before anybody followed them."""
        failed: list[BotCoreError] = []
        if not new or not self._follower.place.sequence:
            return failed
        with Follower(self._follower.path) as again:
            for each in self._events(again):
                if again.place.sequence > self._follower.place.sequence:
                    break
                if (release := _release(each)) in new & self.followed.keys():
                    failed.extend(self._taken(release, each))
        return failed

    def _of(self, plan: Plan) -> Followed:
        record, artifact, config = plan.record, plan.inference.artifact, plan.config
        data = config.data if config else None
        if artifact is None or config is None or not isinstance(data, CsvBars) or data.instrument not in self._feeds:
            raise _unfit(plan, "a model that decides on bars which come here")
        if record.walk_forward is None:
            raise _unfit(plan, "its walk-forward report, archived with it")
        report = decode_json(
            self.plans.folder.blob(record.walk_forward), WalkForwardReport, f"walk-forward report of {record.version}"
        )
        expected = expectation(report, record.walk_forward)
        feed, whose = self._feeds[data.instrument], Whose(record.model, record.version, self.environment, self.enforce)
        predict, names = Predictor.load(artifact).predict, artifact.feature_names
        return Followed(
            whose,
            plan,
            BarTail(feed.config, feed.root),
            LivePerformance(config.target, artifact.metadata.training.task, expected, predict=predict, names=names),
            PerformanceJudge(whose, expected, config.monitoring.degradation, since=self._clock() if self._clock else None),
            self._drift(plan) if self._drift else None,
        )


def _release(each: TradingDecisionEvent) -> Release:
    return str(each.metadata.get("model")), str(each.metadata.get("version"))


def _bar_time(each: TradingDecisionEvent) -> float | None:
    said = each.metadata.get("bar")
    try:
        return dt.datetime.fromisoformat(said).timestamp() if isinstance(said, str) else None
    except ValueError:
        return None


def _unfit(plan: Plan, expected: str) -> ReleaseError:
    msg = f"{plan.record.model} {plan.record.version}: live performance: expected {expected}; got none"
    return ReleaseError(msg, hint="it decides without being compared with its evidence; bot-core release archives what is needed")
