"""Which reports people have signed: the archived reports, newest first, and what is still owed on them.

A report is signed by a role when a valid sign-off of that role covers the release whose manifest names it, or when somebody in that role
answered it in a signed review (`bot-core review report MODEL.KIND FILE --approve`). Nothing is written into a report.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot_core._digest import sha256
from bot_core._parse import decode_json, read_bytes
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.signoff import Subject
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import SignOffError
from bot_core.governance import layout, stages
from bot_core.governance.desk import Desk
from bot_core.governance.reading import read
from bot_core.governance.reasons import Refused
from bot_core.governance.signoffs import Asked, collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot_core.documents.status import Status

Kind = Literal["walk_forward", "data_quality", "drift"]
AUDIT = Path("audit/ai_decision")
ROLES = ("risk", "compliance")
_KINDS: dict[str, type[WalkForwardReport | DataQualityReport | DriftReport]] = {
    "walk_forward": WalkForwardReport,
    "data_quality": DataQualityReport,
    "drift": DriftReport,
}
_STAMP = re.compile(layout.STAMP)


@dataclass(frozen=True, slots=True)
class RecentReport:
    """An archived report: its kind, where it lies, its digest, what it says."""

    kind: Kind
    report_path: str
    digest: str
    model: str
    status: Status
    report: WalkForwardReport | DataQualityReport | DriftReport


def load_recent_drift_reports(*, limit: int = 20, audit_root: Path = AUDIT) -> list[RecentReport]:
    """Read the newest drift reports; see `load_recent`."""
    return load_recent("drift", limit=limit, audit_root=audit_root)


def load_recent_data_quality_reports(*, limit: int = 20, audit_root: Path = AUDIT) -> list[RecentReport]:
    """Read the newest data-quality reports; see `load_recent`."""
    return load_recent("data_quality", limit=limit, audit_root=audit_root)


def load_recent_walk_forward_reports(*, limit: int = 20, audit_root: Path = AUDIT) -> list[RecentReport]:
    """Read the newest walk-forward reports; see `load_recent`."""
    return load_recent("walk_forward", limit=limit, audit_root=audit_root)


def load_recent(kind: Kind, *, limit: int, audit_root: Path) -> list[RecentReport]:
    """Read the newest reports of a kind, newest first by the last time in their names.

    Raises:
        DocumentError: one of them cannot be read: a report that is skipped is an alert that is missed.
    """
    paths = sorted((audit_root / kind).glob("*.json"), key=lambda path: (_STAMP.findall(path.name)[-1:], path.name), reverse=True)
    return [_read(kind, path) for path in paths[:limit]]


def summarize_drift_reports(
    reports: Sequence[RecentReport], *, roles: Sequence[str] = ROLES, root: Path | None = None
) -> dict[str, object]:
    """Count drift reports; see `summarize`."""
    return summarize(reports, roles=roles, root=root)


def summarize_data_quality_reports(
    reports: Sequence[RecentReport], *, roles: Sequence[str] = ROLES, root: Path | None = None
) -> dict[str, object]:
    """Count data-quality reports; see `summarize`."""
    return summarize(reports, roles=roles, root=root)


def summarize_walk_forward_reports(
    reports: Sequence[RecentReport], *, roles: Sequence[str] = ROLES, root: Path | None = None
) -> dict[str, object]:
    """Count walk-forward reports; see `summarize`."""
    return summarize(reports, roles=roles, root=root)


def summarize(reports: Sequence[RecentReport], *, roles: Sequence[str], root: Path | None) -> dict[str, object]:
    """Count reports by status, and list per role which of them that role has not signed.

    Raises:
        Refused: the repository has no policy, so nobody can have signed.
        GitError: no repository, or a history that was cut off.
    """
    alarming = [report for report in reports if report.status == "critical"]
    return {
        "total": len(reports),
        "ok": sum(report.status == "ok" for report in reports),
        "warning": sum(report.status == "warning" for report in reports),
        "critical": len(alarming),
        "latest_report_path": reports[0].report_path if reports else None,
        "latest_critical_report_path": alarming[0].report_path if alarming else None,
        "pending_sign_off": pending_sign_offs(reports, roles=roles, root=root),
    }


def pending_sign_offs(
    reports: Iterable[RecentReport], *, roles: Sequence[str] = ROLES, root: Path | None = None
) -> dict[str, list[str]]:
    """Return role → the paths of the reports that the role has not signed."""
    desk = Desk(root, dt.datetime.now(dt.UTC)) if root else Desk.here()
    signed = {report.report_path: _signers(desk, report) for report in reports}
    return {role: [path for path, holders in signed.items() if role not in holders] for role in roles}


def ensure_compliance_sign_offs(
    *,
    data_quality_reports: Sequence[RecentReport],
    drift_reports: Sequence[RecentReport],
    roles: Sequence[str] = ROLES,
    root: Path | None = None,
) -> None:
    """Refuse to go on while a report of either kind is missing or unsigned.

    Raises:
        SignOffError: no report of a kind, or one that a role has not signed.
    """
    for kind, reports in (("data_quality", data_quality_reports), ("drift", drift_reports)):
        if not reports:
            msg = f"{AUDIT / kind}: expected at least one report, got none"
            raise SignOffError(msg, hint="bot-core release MODEL archives its reports")
        for role, paths in pending_sign_offs(reports, roles=roles, root=root).items():
            if paths:
                msg = f"{paths[0]}: expected the signature of {role}, got none ({len(paths)} of {len(reports)} reports)"
                raise SignOffError(
                    msg, hint=f"bot-core review report NAME {paths[0]} --role {role} --signer NAME --key KEY --approve"
                )


def _read(kind: Kind, path: Path) -> RecentReport:
    data = read_bytes(path)
    report = decode_json(data, _KINDS[kind], str(path))
    return RecentReport(kind, str(path), sha256(data), report.model, report.status, report)


def _signers(desk: Desk, report: RecentReport) -> set[str]:
    """Name the roles that signed a report."""
    name = f"{report.model}.{report.kind}"
    answers = [s for kind in ("report", "alert") for s in stages.reviews(desk.view, kind, name, desk.crew)]
    reviewed = {s.document.role for s in answers if s.document.digest == report.digest and s.document.decision != "ticket"}
    return reviewed | _released(desk, report)


def _released(desk: Desk, report: RecentReport) -> set[str]:
    """Name the roles whose sign-offs cover the release that names a report."""
    version = Path(report.report_path).name.removesuffix(".json")
    path = layout.manifest(report.model, version)
    try:
        manifest = read(desk.view, path, ReleaseManifest)
    except Refused:
        return set()
    if manifest is None or report.digest not in {named.digest for named in manifest.reports}:
        return set()
    subject = Subject(kind="release", name=report.model, version=version, digest=sha256(desk.view.read(path) or b""))
    found: set[str] = set()
    for rules in desk.policy.environments:
        asked = Asked(subject, rules, rules.approvals, desk.now, frozenset({manifest.author, *manifest.co_authors}))
        found |= {signed.document.role for signed in collect(desk.view, desk.crew, asked).approvals}
    return found
