"""Which jobs are due, each run once, and what came of it: recorded before it is marked, marked before the run is forgotten.

A job is a model of the roster. Its lock is held while it runs, so that two schedulers on one machine never run it twice, and the kernel
gives it back when a process dies. A job that fails is recorded, cools down, and does not stop the others.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import read_json, write_json
from bot_core.ai.audit import STATE
from bot_core.ai.pipeline_history import RUNS, PipelineExecutionRecord, append_record, retraining_event
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.config.jobs import load_schedule
from bot_core.documents.artifact import TrainedModel
from bot_core.errors import AuditError, BotCoreError, ConfigError, GitError
from bot_core.journal.append import Journal
from bot_core.journal.event import spelled
from bot_core.retraining.checkout import Checkout
from bot_core.retraining.run import CONTEST, Ended, Job, finish, go_on, metrics, standing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from bot_core.ai.schedule_rules import Standing
    from bot_core.config.runtime import RuntimeSettings
    from bot_core.documents.contest import ContestReport
    from bot_core.retraining.hosts import Host

FOLDER = Path("var/retraining")
REASON = 1024


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs jobs of a repository.

    Args:
        root: the repository here.
        settings: where the journal and the audit folder are.
        host: who is asked to merge.
        remote: where branches go; by default `origin`, else the repository here.
        base: the protected branch.
        author: who signs releases, and the key; without, they are proposed unsigned.
        clock: the present.
        say: told of a job and its step.
    """

    root: Path
    settings: RuntimeSettings
    host: Host
    remote: str | None
    base: str
    author: tuple[str, Path] | None
    clock: Callable[[], dt.datetime]
    say: Callable[[str, str], None]

    def run_due(self, names: Sequence[str], *, force: bool = False) -> list[Ran]:
        """Run those of some jobs that are due, or that were interrupted; with `force` all of them.

        Raises:
            DocumentError: the scheduler's state is damaged.
            AuditError: what a run did could not be recorded; nothing further is run.
        """
        return [ran for name in names if (ran := self._run(name, force=force)) is not None]

    def scheduler(self, name: str) -> RetrainingScheduler:
        """Return a job's scheduler, on the file that all share.

        Raises:
            ConfigError: no such model, or a schedule that is none.
        """
        schedule = load_schedule(self.root, name)
        path = self.root / self.settings.audit / STATE
        return RetrainingScheduler(job=name, schedule=schedule, persistence_path=path, clock=self.clock)

    def _run(self, name: str, *, force: bool) -> Ran | None:
        folder, now = self.root / FOLDER / name, self.clock()
        with _alone(folder) as alone:
            if not alone:
                self.say(name, "runs elsewhere on this machine")
                return None
            try:
                scheduler, job = self.scheduler(name), self._job(name, folder)
                interrupted = standing(job) is not None and _may_go_on(scheduler.state(now), now)
            except (ConfigError, GitError) as error:  # it never began, and there is no schedule to cool down by
                return Ran(self._failure(name, now, str(error)), 0.0)
            return self._recorded(job, scheduler, now) if force or interrupted or scheduler.should_retrain(now) else None

    def _recorded(self, job: Job, scheduler: RetrainingScheduler, now: dt.datetime) -> Ran:
        begun = time.monotonic()
        try:
            ended = go_on(job, now.replace(microsecond=0), lambda words: self.say(job.name, words))
        except AuditError:
            raise
        except BotCoreError as error:
            return self._failed(job, scheduler, now, str(error), begun)
        report, built = self._evidence(job, ended), read_json(job.build / "model.json", TrainedModel)
        record = PipelineExecutionRecord(
            run=ended.run.run,
            job=job.name,
            model=job.name,
            started=ended.run.started,
            finished=max(self.clock(), ended.run.started),
            outcome="failed" if ended.run.contest is not None and ended.run.contest.verdict == "worse" else ended.outcome,
            version=ended.run.version,
            branch=ended.run.branch,
            commit=ended.run.commit if ended.outcome == "proposed" else None,
            metrics=metrics(built),
            reason=ended.reason[:REASON] or None,
            report=report,
            data_rows=built.training_rows + built.validation_rows + built.test_rows,
        )
        self._record(record)
        scheduler.mark_executed(now)  # what was requested while it ran is still wanted
        finish(job)
        return Ran(record, time.monotonic() - begun)

    def _failed(self, job: Job, scheduler: RetrainingScheduler, now: dt.datetime, reason: str, begun: float) -> Ran:
        record = self._failure(job.name, now, reason)
        self._record(record)
        scheduler.mark_failure(record.finished, reason)
        return Ran(record, time.monotonic() - begun)

    def _failure(self, name: str, now: dt.datetime, reason: str) -> PipelineExecutionRecord:
        self.say(name, f"failed: {reason}")
        return PipelineExecutionRecord(
            run=f"{now:%Y%m%dT%H%M%SZ}-{name}",
            job=name,
            model=name,
            started=now,
            finished=max(self.clock(), now),
            outcome="failed",
            reason=reason[:REASON],
        )

    def _record(self, record: PipelineExecutionRecord) -> None:
        torn = append_record(self.root / self.settings.audit / RUNS, record)
        event = retraining_event(record, environment=self.settings.environment, torn=torn)
        with Journal(self.root / self.settings.journal, fsync="always") as journal:
            journal.append((spelled(event),))

    def _evidence(self, job: Job, ended: Ended) -> str | None:
        """Keep the report of what is proposed to nobody; return the path of what the outcome rests on."""
        report: ContestReport | None = ended.run.contest
        if report is None:
            return None
        if ended.run.version is not None:
            return f"{CONTEST}/{ended.run.version}.json"
        path = Path(self.settings.audit, "contest", f"{job.name}.{ended.run.started:%Y%m%dT%H%M%SZ}.json")
        write_json(self.root / path, report)
        return str(path)

    def _job(self, name: str, folder: Path) -> Job:
        return Job(name, folder, Checkout.of(self.root, folder / "tree", self.remote), self.host, self.base, self.author)


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that ended, and how long it took."""

    record: PipelineExecutionRecord
    seconds: float


def _may_go_on(state: Standing, now: dt.datetime) -> bool:
    """Say whether a run that was killed goes on: not in a pause, and not after a failure that cools down."""
    return not state.is_paused(now) and (state.cooldown_until is None or state.cooldown_until <= now)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold a job's lock if nobody else does; say whether."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
