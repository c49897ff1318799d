"""Checks of a training job's data that people add, asked in a thread of their own: what they say becomes a report.

A check that raises, or that answers with something else than issues, is a failing check: a critical issue which names it and what it
raised. So a check that is broken stops a training as one does that found something; it is never passed over.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core._digest import sha256
from bot_core._parse import convert, encode_json
from bot_core.documents.quality_checks import QualityCheckReport, QualityIssue
from bot_core.documents.status import worst
from bot_core.journal.event import TradingDecisionEvent

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["DataQualityCheck", "QualityCheckReport", "QualityIssue", "ask", "quality_event", "quality_report"]

FAILED = "check-failed"


@dataclass(frozen=True, slots=True)
class DataQualityCheck:
    """A check of a job's data.

    Args:
        name: who is named with an issue.
        callback: returns the issues there are now; none where all is well.
        tags: words that the report repeats.
        source: where the data comes from that it looks at.
        job_name: the model of the roster whose job it belongs to; without it every job's.
    """

    name: str
    callback: Callable[[], Iterable[QualityIssue]]
    tags: tuple[str, ...] = ()
    source: str = ""
    job_name: str | None = None

    def concerns(self, job: str) -> bool:
        """Say whether a job's data is what it looks at."""
        return self.job_name in (None, job)


def ask(check: DataQualityCheck) -> list[QualityIssue]:
    """Return a check's issues, under its name; of one that raises, that it does."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: [_named(issue, check.name) for issue in check.callback()])
    problem = answer.exception()
    if problem is None:
        return answer.result()
    message = f"{check.name}: expected issues, got {type(problem).__name__}: {problem}"
    return [QualityIssue(code=FAILED, status="critical", message=message[:4000], check=check.name)]


def quality_report(
    job: str, checks: Sequence[DataQualityCheck], issues: Iterable[QualityIssue], *, environment: str, source: str, at: dt.datetime
) -> QualityCheckReport:
    """Ask the checks that concern a job, and put what they say beside the issues that are known already.

    Args:
        job: a model of the roster.
        checks: those of others are not asked.
        issues: what is known already.
        environment: where this is recorded.
        source: where the data comes from; by default what the checks say.
        at: the time of the report.
    """
    asked = [check for check in checks if check.concerns(job)]
    found = [*issues, *(issue for check in asked for issue in ask(check))]
    return QualityCheckReport(
        model=job,
        environment=environment,
        status=worst(issue.status for issue in found),
        generated_at=at,
        source=source or ", ".join(dict.fromkeys(check.source for check in asked if check.source)),
        tags=list(dict.fromkeys(tag for check in asked for tag in check.tags)),
        checks=[check.name for check in asked],
        issues=found,
    )


def quality_event(report: QualityCheckReport, report_path: str) -> TradingDecisionEvent:
    """Make the journal's `ai_data_quality_report` of a report that was written."""
    return TradingDecisionEvent(
        event_type="ai_data_quality_report",
        timestamp=report.generated_at,
        environment=report.environment,
        portfolio="ai-manager",
        risk_profile="ai-monitoring",
        status=report.status,
        schedule=report.model,
        metadata={
            "report_path": report_path,
            "digest": sha256(encode_json(report)),
            "model": report.model,
            "issues": [issue.code for issue in report.issues],
        },
    )


def _named(issue: QualityIssue, check: str) -> QualityIssue:
    return convert({**to_builtins(issue), "check": check}, QualityIssue, "issue")
