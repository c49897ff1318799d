"""The archived reports as they lie under `audit/ai_decision`, newest first by the last time in their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import read_bytes
from bot_core.documents.governed import NAME
from bot_core.documents.reports import Category, Report, read_report, read_status
from bot_core.governance import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.documents.status import Status
    from bot_core.journal.event import TradingDecisionEvent

AUDIT = Path("audit/ai_decision")
_STAMP = re.compile(layout.STAMP)
_LATER = re.compile(rf"({layout.VERSION}|{NAME})\.{layout.STAMP}\.json")


@dataclass(frozen=True, slots=True)
class Archived:
    """Where a report lies, its digest, and the two things that all kinds say; of one that cannot be read, no model and `critical`."""

    kind: Category
    report_path: str
    digest: str
    model: str
    status: Status

    @property
    def came_later(self) -> bool:
        """Whether it came after its release, which therefore does not cover it."""
        return _LATER.fullmatch(Path(self.report_path).name) is not None

    @property
    def owes_signatures(self) -> bool:
        """Whether people must answer for it: a release's own evidence, and whatever is critical."""
        return self.status == "critical" or not self.came_later


@dataclass(frozen=True, slots=True)
class RecentReport(Archived):
    """An archived report and what it says."""

    report: Report


def load_recent_drift_reports(*, limit: int = 20, audit_root: Path = AUDIT) -> list[RecentReport]:
    """Read the newest drift reports; see `load_recent`."""
    return load_recent("drift", limit=limit, audit_root=audit_root)


def load_recent_data_quality_reports(*, limit: int = 20, audit_root: Path = AUDIT) -> list[RecentReport]:
    """Read the newest data-quality reports; see `load_recent`."""
    return load_recent("data_quality", limit=limit, audit_root=audit_root)


def load_recent_walk_forward_reports(*, limit: int = 20, audit_root: Path = AUDIT) -> list[RecentReport]:
    """Read the newest walk-forward reports; see `load_recent`."""
    return load_recent("walk_forward", limit=limit, audit_root=audit_root)


def load_recent(kind: Category, *, limit: int, audit_root: Path) -> list[RecentReport]:
    """Read the newest reports of a kind, newest first by the last time in their names.

    Raises:
        DocumentError: one of them cannot be read: a report that is skipped is an alert that is missed.
    """
    return [_read(kind, path) for path in _newest_first(kind, audit_root)[:limit]]


def critical_reports(kind: Category, audit_root: Path = AUDIT) -> list[Archived]:
    """Look through all reports of a kind, however many, for those that are critical or cannot be read; newest first.

    Only their heads are parsed: thousands take a fraction of a second.
    """
    found = []
    for path in _newest_first(kind, audit_root):
        data = read_bytes(path)
        model, status = read_status(data, kind)
        if status == "critical":
            found.append(Archived(kind, str(path), sha256(data), model, status))
    return found


def unjournalled(reports: Iterable[Archived], events: Iterable[TradingDecisionEvent]) -> list[Archived]:
    """Return the reports that no event of the journal names: an alert which nobody recorded is itself a finding.

    An event names a report by its kind and its `report_path`, whatever folder the path begins in; where it gives a digest too, the file
    must still have it.
    """
    named: dict[tuple[str, str], list[object]] = {}
    for event in events:
        path = event.metadata.get("report_path")
        if isinstance(path, str):
            named.setdefault((event.event_type, _place(path)), []).append(event.metadata.get("digest"))
    return [
        report
        for report in reports
        if not {None, report.digest} & set(named.get((f"ai_{report.kind}_report", _place(report.report_path)), ()))
    ]


def _newest_first(kind: Category, audit_root: Path) -> list[Path]:
    paths = (audit_root / kind).glob("*.json")
    return sorted(paths, key=lambda path: (_STAMP.findall(path.name)[-1:], path.name), reverse=True)


def _read(kind: Category, path: Path) -> RecentReport:
    data = read_bytes(path)
    report = read_report(data, kind, str(path))
    return RecentReport(kind, str(path), sha256(data), report.model, report.status, report)


def _place(path: str) -> str:
    return "/".join(Path(path).parts[-2:])
