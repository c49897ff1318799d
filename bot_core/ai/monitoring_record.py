"""How reports of a running model become records: files under names of their own, an event of the journal each, found again at a start.

A report is written, then journalled, then acted on; whoever does it in another order acts on what nobody can check. A name is taken by
linking the finished file to it, so that of two processes which report in the same second neither overwrites the other.
"""

from __future__ import annotations

import datetime as dt
import os
from itertools import count
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import encode_json, read_bytes, write_bytes
from bot_core.documents.degradation import DegradationReport
from bot_core.documents.monitoring import InferenceDrift, InferenceQuality
from bot_core.documents.reports import read_report
from bot_core.documents.status import worst
from bot_core.errors import AuditError, DocumentError
from bot_core.governance import layout
from bot_core.journal.event import TradingDecisionEvent

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.decision.ports import Clock
    from bot_core.documents.reports import Category
    from bot_core.documents.status import Status

Report = InferenceQuality | InferenceDrift | DegradationReport
FOLDER = "audit/ai_decision"
SECOND = dt.timedelta(seconds=1)


def write_report(root: Path, report: Report, clock: Clock) -> str:
    """Write a report under a name that nobody has taken; return its path from the root.

    The name says the second. Where another report of the release has it, whoever wrote that, the next free second is taken.

    Raises:
        AuditError: it could not be written.
    """
    return file_report(root, report.category, report.version, encode_json(report), clock)


def file_report(root: Path, category: str, stem: str, data: bytes, clock: Clock) -> str:
    """Write a report's bytes as `<stem>.<time>.json` into a category's folder; see `write_report`."""
    return file_in(root, f"{FOLDER}/{category}", stem, data, clock)


def file_in(root: Path, folder: str, stem: str, data: bytes, clock: Clock) -> str:
    """Write a report's bytes as `<stem>.<time>.json` into any folder under the root; see `write_report`."""
    now = clock().astimezone(dt.UTC)
    draft = root / folder / f".{stem}.{os.getpid()}.{id(data)}.draft"
    write_bytes(draft, data)
    try:
        paths = (f"{folder}/{stem}.{layout.stamp(now + later * SECOND)}.json" for later in count())
        return next(path for path in paths if _linked(draft, root / path))
    except OSError as error:
        msg = f"{root / folder}: expected to write a report, got {error.strerror or error}"
        raise AuditError(msg, hint="nothing may act on it; free space or fix permissions") from error
    finally:
        draft.unlink()


def report_event(report: Report, report_path: str, at: dt.datetime) -> TradingDecisionEvent:
    """Make the journal's event of a report that was written: `ai_<category>_report`, of a degradation with its figures."""
    return TradingDecisionEvent(
        event_type=f"ai_{report.category}_report",
        timestamp=at,
        environment=report.environment,
        portfolio="ai-manager",
        risk_profile="ai-monitoring",
        status=report.status,
        metadata={
            "report_path": report_path,
            "digest": sha256(encode_json(report)),
            "model": report.model,
            "version": report.version,
            "enforce": report.policy.enforce,
            **_figures(report),
        },
    )


def _figures(report: Report) -> dict[str, object]:
    """Say why a degradation is reported, and how large it is."""
    if not isinstance(report, DegradationReport):
        return {}
    facts = {"reason": report.reason, "ratio": report.ratio, "excess": report.excess, "since": report.since}
    return {name: value for name, value in facts.items() if value is not None}


def newest_status(root: Path, *, version: str, environment: str, rows: int) -> Status:
    """Return what the newest whole window of a release in an environment was, so that a restart does not forget a critical one.

    What cannot be read is critical; where there is no report it is ok.

    Args:
        root: the repository's.
        version: the release.
        environment: where it decides.
        rows: decisions in a whole window; shorter ones, from a shutdown, do not count.
    """
    return worst(_newest(root, category, version, environment, rows) for category in ("data_quality", "drift"))


def _newest(root: Path, category: Category, version: str, environment: str, rows: int) -> Status:
    paths = (root / FOLDER / category).glob(f"{version}.{'[0-9]' * 8}T{'[0-9]' * 6}Z.json")
    for path in sorted(paths, reverse=True):
        try:
            report = read_report(read_bytes(path), category, str(path))
        except DocumentError:
            return "critical"
        if (
            isinstance(report, InferenceQuality | InferenceDrift)
            and report.environment == environment
            and report.window.rows >= rows
        ):
            return report.status
    return "ok"


def _linked(draft: Path, path: Path) -> bool:
    """Give a written file its name, unless somebody has it."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    return True
