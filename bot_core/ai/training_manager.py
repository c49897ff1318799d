"""The half of a manager that concerns training: jobs, their runs and history, checks of their data, ensembles.

Nothing lives here either. Jobs are records of `scheduler.json`, runs are lines of `runs.jsonl`, ensembles are files of `conf/ensemble/`;
each of them is what another process, or a person at a shell, sees and changes too. Training itself is a process of its own (`processes`).
Only a check is a function and cannot be a file: it is asked by the manager that it was registered with.
"""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core._parse import convert, decode_json, encode_json, read_json
from bot_core.ai import ensembles
from bot_core.ai.audit import STATE
from bot_core.ai.monitoring_record import file_report
from bot_core.ai.occurrences import declared
from bot_core.ai.pipeline_history import RUNS, PipelineExecutionRecord, append_record, read_history, retraining_event
from bot_core.ai.processes import Runs, answer
from bot_core.ai.quality_checks import quality_event, quality_report
from bot_core.ai.schedule_words import printable
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.config.jobs import ROSTER, load_schedule, load_schedules
from bot_core.config.load import load_roster
from bot_core.config.runtime import SETTINGS, RuntimeSettings, load_settings
from bot_core.config.schedule import ScheduleConfig
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.quality_checks import QualityCheckReport
from bot_core.documents.schedule import REASON
from bot_core.errors import AuditError, ConfigError, DocumentError, QualityError, RetrainingError
from bot_core.governance import layout
from bot_core.journal.append import Journal
from bot_core.journal.event import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot_core.ai.ensembles import Definition
    from bot_core.ai.processes import Ran
    from bot_core.ai.quality_checks import DataQualityCheck, QualityIssue
    from bot_core.config.models import Aggregation
    from bot_core.documents.pipeline import Outcome
    from bot_core.documents.schedule import SchedulerState
    from bot_core.journal.event import TradingDecisionEvent

REGISTERED = "AIManager.register_training_job"
SECOND = dt.timedelta(seconds=1)
FIGURES = ("mae", "rmse", "directional_accuracy")


class TrainingManager:
    """A repository's training; see `AIManager` for the arguments."""

    def __init__(
        self,
        *,
        root: Path | str,
        settings: RuntimeSettings | None,
        decision_journal: Path | str | None,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self.root = Path(root)
        self.clock = clock
        self._settings = settings
        self._decision_journal = decision_journal
        self._checks: dict[str, DataQualityCheck] = {}

    @property
    def settings(self) -> RuntimeSettings:
        """The machine's settings. A ConfigError where there are none."""
        self._settings = self._settings or load_settings(self.root / SETTINGS)
        return self._settings

    # --- jobs ---

    def register_training_job(self, name: str, schedule: dt.timedelta | str | None = None) -> SchedulerState:
        """Write a model's job into the scheduler's state, for every process; return the state.

        Args:
            name: a model of the roster.
            schedule: an interval, or five fields of cron in the zone and calendar that are declared; without it what `conf/schedule/`
                declares. Another than that is an override, which `bot-core schedule show` names and a later call without one ends.

        Raises:
            ConfigError: no such model, or no such schedule.
            DocumentError: the scheduler's file is damaged.
            AuditError: it is not recorded.
        """
        own, scheduler = load_schedule(self.root, name), self._scheduler(name)
        wanted = _schedule(schedule, own)
        return scheduler.follow() if declared(wanted) == declared(own) else scheduler.override(wanted, reason=REGISTERED)

    def run_due_training_jobs(self, now: dt.datetime | None = None) -> list[PipelineExecutionRecord]:
        """Train what is due, in a process of its own; return the runs, which are in the history and in the journal.

        The data of a due job that has checks is judged first: where they are critical the job fails, cools down, and is not trained.

        Args:
            now: judge as of this time; by default each process by its clock.

        Raises:
            RetrainingError: the process gave no answer, so nobody knows what it did but the history.
            AuditError: a run is not in the history, or could not be recorded.
            DocumentError: the scheduler's file or the history is damaged.
            ConfigError: the roster or a schedule is not what is allowed.
        """
        roster = list(load_schedules(self.root))
        due = [name for name in roster if self._scheduler(name).should_retrain(now)]
        refused = {name: record for name in due if (record := self._refused(name)) is not None}
        left = [name for name in (roster if now is None else due) if name not in refused]
        if not left:
            return list(refused.values())
        words = () if now is None else ("--force",)  # it was judged here; without a time the process looks itself
        told = answer(self.root, Runs, "schedule", "run", *left, *words, ends=(0, 1))
        return [*refused.values(), *map(self._recorded, told.runs)]

    def run_pipeline(self, model: str) -> PipelineExecutionRecord:
        """Reproduce one model in a process of its own, and record it; nothing is released or proposed.

        Raises:
            ConfigError: no such model.
            QualityError: its checks are critical; nothing was started.
            RetrainingError: it could not be reproduced; the history and the journal say so too.
            AuditError: it could not be recorded.
        """
        self._require_model(model)
        started = self.clock()
        if (report := self._judged(model)) is not None and report[0].status == "critical":
            msg = f"{model}: expected checks that find the data sound, got a critical report: {report[1]}"
            raise QualityError(msg, hint=f"{report[1]} names each issue; nothing was trained")
        try:
            answer(self.root, dict[str, object], "repro", model)
            trained = read_json(self.root / "build" / model / "model.json", TrainedModel)
        except (RetrainingError, DocumentError) as error:
            self._append(self._record_of(model, started, outcome="failed", reason=error.message))
            raise
        return self._append(self._record_of(model, started, outcome="kept", reason="reproduced, not proposed", trained=trained))

    def pipeline_history(self, model: str | None = None) -> list[PipelineExecutionRecord]:
        """Return the runs of a model, or all, oldest first, whichever process made them.

        Raises:
            DocumentError: the history is damaged; the sentence names the line.
        """
        return read_history(self._audit / RUNS, model=model)

    # --- checks of the data ---

    def register_data_quality_check(self, check: DataQualityCheck) -> None:
        """Ask this check before each training of its job, in the place of one that had its name.

        Raises:
            ConfigError: its job is no model of the roster.
        """
        if check.job_name is not None:
            self._require_model(check.job_name)
        self._checks[check.name] = check

    def record_data_quality_issues(self, job_name: str, issues: Iterable[QualityIssue] = (), *, source: str = "") -> str:
        """Ask the checks of a job, write what they and the caller say as a report, and journal it; return the report's path.

        Args:
            job_name: a model of the roster.
            issues: what the caller found.
            source: where the data comes from.

        Raises:
            ConfigError: no such model.
            DocumentError: an issue that is none.
            AuditError: the report, or its event, could not be written.
        """
        self._require_model(job_name)
        return self._reported(job_name, issues, source)[1]

    # --- ensembles ---

    def register_ensemble(
        self,
        name: str,
        components: Mapping[str, str] | Sequence[str],
        *,
        aggregation: Aggregation = "mean",
        weights: Mapping[str, float] | None = None,
        override: bool = False,
    ) -> Definition:
        """Declare an ensemble in `conf/ensemble/`; see `ensembles.register_ensemble`."""
        return ensembles.register_ensemble(self.root, name, components, aggregation=aggregation, weights=weights, override=override)

    def snapshot_ensembles(self) -> dict[str, Definition]:
        """Return what is declared now; `diff_ensemble_snapshots` compares two. See `ensembles.snapshot_ensembles`."""
        return ensembles.snapshot_ensembles(self.root)

    def restore_ensembles(self, snapshot: Mapping[str, Definition]) -> list[Path]:
        """Declare again what a snapshot holds, and nothing else; see `ensembles.restore_ensembles`."""
        return ensembles.restore_ensembles(self.root, snapshot)

    # --- what these come down to ---

    @property
    def _audit(self) -> Path:
        return self.root / self.settings.audit

    def _scheduler(self, job: str) -> RetrainingScheduler:
        path = self._audit / STATE
        return RetrainingScheduler(job=job, schedule=load_schedule(self.root, job), persistence_path=path, clock=self.clock)

    def _require_model(self, name: str) -> None:
        roster = load_roster(self.root / ROSTER)
        if name not in roster:
            msg = f"{self.root / ROSTER}: models: expected one of {', '.join(roster)}; got {name}"
            raise ConfigError(msg, hint="a job has the name of a model of the roster")

    def _recorded(self, ran: Ran) -> PipelineExecutionRecord:
        """Return the record of a run that a process told of; one that it did not record is no run."""
        found = next((one for one in reversed(self.pipeline_history()) if (one.run, one.job) == (ran.run, ran.job)), None)
        if found is None:
            msg = f"{self._audit / RUNS}: expected a record of {ran.run}, got none"
            raise AuditError(msg, hint="what was done is not proven; bot-core schedule show")
        return found

    def _refused(self, job: str) -> PipelineExecutionRecord | None:
        """Judge a due job's data by its checks; where they are critical, let the job fail and cool down."""
        started = self.clock()
        found = self._judged(job)
        if found is None or found[0].status != "critical":
            return None
        reason = f"the data is critical: {', '.join(issue.code for issue in found[0].issues)}"
        self._scheduler(job).mark_failure(self.clock(), reason)
        return self._append(self._record_of(job, started, outcome="failed", reason=reason, report=found[1]))

    def _judged(self, job: str) -> tuple[QualityCheckReport, str] | None:
        """Ask the checks of a job; nothing where it has none."""
        asked = any(check.concerns(job) for check in self._checks.values())
        return self._reported(job, (), "") if asked else None

    def _reported(self, job: str, issues: Iterable[QualityIssue], source: str) -> tuple[QualityCheckReport, str]:
        """Ask, write, journal."""
        checks = list(self._checks.values())
        report = quality_report(job, checks, issues, environment=self._environment(), source=source, at=self.clock())
        data = encode_json(report)
        decode_json(data, QualityCheckReport, f"{job}: issues")
        path = file_report(self.root, report.category, job, data, self.clock)
        self._journal(quality_event(report, path))
        return report, path

    def _record_of(
        self,
        model: str,
        started: dt.datetime,
        *,
        outcome: Outcome,
        reason: str,
        report: str | None = None,
        trained: TrainedModel | None = None,
    ) -> PipelineExecutionRecord:
        figures = trained.metrics.summary if trained else None
        return PipelineExecutionRecord(
            run=f"{layout.stamp(started.astimezone(dt.UTC))}-{model[:40]}-{secrets.token_hex(4)}",
            job=model,
            model=model,
            started=started,
            finished=max(self.clock(), started),
            outcome=outcome,
            metrics={name: getattr(figures, name) for name in FIGURES} if figures else {},
            reason=printable(reason)[:REASON],
            report=report,
        )

    def _append(self, record: PipelineExecutionRecord) -> PipelineExecutionRecord:
        torn = append_record(self._audit / RUNS, record)
        self._journal(retraining_event(record, environment=self._environment(), torn=torn))
        return record

    def _environment(self) -> str:
        return self.settings.environment

    def _journal(self, event: TradingDecisionEvent) -> None:
        path = self.root / self.settings.journal if self._decision_journal is None else Path(self._decision_journal)
        with Journal(path, fsync="always") as journal:
            journal.append((spelled(event),))


def _schedule(given: dt.timedelta | str | None, own: ScheduleConfig) -> ScheduleConfig:
    """Return the schedule that is asked for; what it does not say is as declared."""
    if given is None:
        return own
    plain = {**to_builtins(own), "every": None, "cron": given}
    if isinstance(given, dt.timedelta):
        if given % SECOND:
            msg = f"schedule: expected whole seconds, got {given}"
            raise ConfigError(msg, hint="timedelta(hours=6)")
        plain |= {"every": f"{given // SECOND}s", "cron": None, "calendar": None}
    return convert(plain, ScheduleConfig, "schedule", error=ConfigError)
