"""Which reports people have signed: what is still owed on the archived reports, and the signature that gives it.

A report is signed by a role when a valid sign-off of that role covers the release whose manifest names it, or when somebody in that role
answered it in a signed review (`bot-core review report MODEL.KIND FILE --approve`). Nothing is written into a report.

Owed is what a release rests on, and every critical report, for as long as it lies there and however many came after it. What a running
model's monitor reports beside that is counted and owes nothing.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot_core._digest import sha256
from bot_core.ai.recent_reports import (
    AUDIT,
    Archived,
    RecentReport,
    critical_reports,
    load_recent,
    load_recent_data_quality_reports,
    load_recent_drift_reports,
    load_recent_walk_forward_reports,
    unjournalled,
)
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.reports import Category, is_enforced
from bot_core.documents.signoff import Subject
from bot_core.errors import ConfigError, SignOffError
from bot_core.governance import layout, reviewing, stages
from bot_core.governance.alerts import alert_name
from bot_core.governance.desk import Desk
from bot_core.governance.reading import read
from bot_core.governance.reasons import Refused
from bot_core.governance.signoffs import Asked, collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "AUDIT",
    "ROLES",
    "Archived",
    "RecentReport",
    "critical_reports",
    "ensure_compliance_sign_offs",
    "load_recent",
    "load_recent_data_quality_reports",
    "load_recent_drift_reports",
    "load_recent_walk_forward_reports",
    "pending_sign_offs",
    "summarize",
    "summarize_data_quality_reports",
    "summarize_drift_reports",
    "summarize_walk_forward_reports",
    "unjournalled",
    "update_sign_off",
]

ROLES = ("risk", "compliance")
FOLDER = 0o40000
_DECISIONS: dict[str, reviewing.Decision] = {
    "approved": "approve",
    "dismissed": "dismiss",
    "investigating": "ticket",
    "escalated": "ticket",
}
_INSTEAD = {
    "rejected": "what must not go on is stopped: bot-core halt, bot-core rollback or bot-core sign-off --reject",
    "pending": "an unsigned report is pending by itself; what was signed stays",
    "waived": "nobody waives a signature here: sign that it stands (approved) or that it is no cause for action (dismissed)",
}


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
    """Count reports by status, and list per role which of them that role still owes its signature on.

    `enforced` counts the critical ones whose own policy stopped decisions.

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
        "enforced": sum(is_enforced(report.report) for report in alarming),
        "latest_report_path": reports[0].report_path if reports else None,
        "latest_critical_report_path": alarming[0].report_path if alarming else None,
        "pending_sign_off": pending_sign_offs(reports, roles=roles, root=root),
    }


def pending_sign_offs(
    reports: Iterable[Archived], *, roles: Sequence[str] = ROLES, root: Path | None = None
) -> dict[str, list[str]]:
    """Return role → the paths of the reports that owe a signature and that the role has not signed."""
    return _Signatures(_desk(root)).pending(reports, roles)


def ensure_compliance_sign_offs(
    *,
    data_quality_reports: Sequence[RecentReport],
    drift_reports: Sequence[RecentReport],
    roles: Sequence[str] = ROLES,
    root: Path | None = None,
    audit_root: Path | None = None,
) -> None:
    """Refuse to go on while a report of either kind is missing or unsigned.

    The reports given prove that there are some, and must be signed where they owe it; beside them all critical reports under
    `audit_root` (default: of `root`, else of this folder) are looked at, however old.

    Raises:
        SignOffError: no report of a kind, or one that a role has not signed.
    """
    signatures = _Signatures(_desk(root))
    archive = audit_root or (root or Path()) / AUDIT
    given: tuple[tuple[Category, Sequence[RecentReport]], ...] = (("data_quality", data_quality_reports), ("drift", drift_reports))
    for kind, reports in given:
        if not reports:
            msg = f"{AUDIT / kind}: expected at least one report, got none"
            raise SignOffError(msg, hint="bot-core release MODEL archives its reports")
        signatures.require(reports, roles, "reports")
        signatures.require(critical_reports(kind, archive), roles, "critical reports")


def update_sign_off(  # noqa: PLR0913  # the founding names, and a ticket's number
    report: Archived,
    *,
    role: str,
    status: str,
    signer: str,
    key: Path,
    ticket: str | None = None,
    statement: str | None = None,
    root: Path | None = None,
) -> tuple[str, ...]:
    """Answer a report in a signed review, committed by itself, as `bot-core review` does; return the paths of both files.

    Args:
        report: as it was read; it must lie in the repository, committed and unchanged.
        role: the role that signs.
        status: `approved`, `dismissed` (no cause for action), or `investigating` and `escalated`, which leave it owed.
        signer: the person's name in the policy.
        key: the private key's file; the public one's with an agent or a hardware key.
        ticket: where it is worked on; needed while it is.
        statement: a sentence that stays with the signature.
        root: the repository's, by default the one around this folder.

    Raises:
        ConfigError: another status, a ticket that is missing or not asked for, a file that is not this report, nobody in that role.
        SigningError: the key gave no signature.
        Refused: the policy does not know the key for this person.
        GitError: other changes are staged, or git refuses.
    """
    desk, decision = _desk(root), _decision(status, ticket)
    path = _committed(desk, report)
    answer = reviewing.Answer(
        kind=_filed(report),
        name=alert_name(report.model, report.kind),
        file=path,
        role=role,
        signer=signer,
        decision=decision,
        ticket=ticket,
        statement=status if statement is None and decision == "ticket" else statement,
    )
    return reviewing.give(desk, answer, key)


class _Signatures:
    """Who signed what; the answers under a name are read once, however many reports ask."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._answers: dict[str, dict[str, set[str]]] = {}

    def pending(self, reports: Iterable[Archived], roles: Sequence[str]) -> dict[str, list[str]]:
        """Return role → the paths that it still owes."""
        signed = {report.report_path: self.of(report) for report in reports if report.owes_signatures}
        return {role: [path for path, holders in signed.items() if role not in holders] for role in roles}

    def require(self, reports: Sequence[Archived], roles: Sequence[str], what: str) -> None:
        """Refuse reports that a role owes."""
        for role, paths in self.pending(reports, roles).items():
            if paths:
                first = next(report for report in reports if report.report_path == paths[0])
                msg = f"{paths[0]}: expected the signature of {role}, got none ({len(paths)} of {len(reports)} {what})"
                said = f"{_filed(first)} {alert_name(first.model or 'MODEL', first.kind)} {paths[0]}"
                raise SignOffError(msg, hint=f"bot-core review {said} --role {role} --signer NAME --key KEY --approve")

    def of(self, report: Archived) -> set[str]:
        """Name the roles that signed a report; of one that cannot be read, under whatever model they answered it."""
        names = {alert_name(report.model, report.kind)} if report.model else self._names(report.kind)
        answered = [self._answered(name).get(report.digest, set[str]()) for name in names]
        return set[str]().union(*answered, set() if report.came_later else _released(self._desk, report))

    def _names(self, kind: Category) -> set[str]:
        view = self._desk.view
        items = [item for folder in ("report", "alert") for item in view.git.items(view.tree, f"{layout.REVIEWS}/{folder}")]
        return {item.name for item in items if int(item.mode, 8) == FOLDER and item.name.endswith(f".{kind}")}

    def _answered(self, name: str) -> dict[str, set[str]]:
        """Return digest → the roles that answered it under a name otherwise than with a ticket."""
        if name not in self._answers:
            found = self._answers[name] = {}
            view = self._desk.view
            for kind in ("report", "alert"):
                folder = layout.reviews(kind, name)
                view.expect(f"{folder}/{file}" for file in view.names(folder) if file.endswith(".yaml"))
                for signed in stages.reviews(view, kind, name, self._desk.crew):
                    if signed.document.decision != "ticket":
                        found.setdefault(signed.document.digest, set()).add(signed.document.role)
        return self._answers[name]


def _desk(root: Path | None) -> Desk:
    return Desk(root, dt.datetime.now(dt.UTC).replace(microsecond=0)) if root else Desk.here()


def _filed(report: Archived) -> Literal["alert", "report"]:
    return "alert" if report.status == "critical" else "report"


def _decision(status: str, ticket: str | None) -> reviewing.Decision:
    decision = _DECISIONS.get(status)
    if decision is None:
        msg = f"status: expected one of {', '.join(_DECISIONS)}; got {status}"
        raise ConfigError(msg, hint=_INSTEAD.get(status, "nothing was signed"))
    if (decision == "ticket") != (ticket is not None):
        expected = "the ticket under which it is worked on" if ticket is None else f"no ticket for {status}"
        msg = f"ticket: expected {expected}, got {ticket or 'none'}"
        raise ConfigError(msg, hint="nothing was signed")
    return decision


def _committed(desk: Desk, report: Archived) -> str:
    """Return a report's path from the root, once it is proven that what is committed there is this report."""
    path, root = Path(report.report_path).resolve(), desk.root.resolve()
    place = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
    data = desk.view.read(place) if place else None
    if data is None or sha256(data) != report.digest:
        got = "another file or none"
        msg = f"{report.report_path}: expected the report with the digest {report.digest} committed here, got {got}"
        raise ConfigError(msg, hint=f"git add {report.report_path} && git commit, then read it again")
    return place


def _released(desk: Desk, report: Archived) -> set[str]:
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
