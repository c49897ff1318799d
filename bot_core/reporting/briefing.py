"""What a signer is shown before signing: the subject, the figures that matter, every question, and what the machine decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.governance.evidence import beats_baseline
from bot_core.governance.signing import open_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.governance.desk import Desk
    from bot_core.governance.evidence import Report
    from bot_core.governance.signing import Prepared, Wish


def brief(desk: Desk, wish: Wish, prepared: Prepared) -> Iterator[str]:
    """Say what is about to be signed."""
    subject = prepared.subject
    named = " ".join(str(part) for part in (subject.kind, subject.name, subject.version) if part)
    yield f"You are about to {'REJECT' if wish.reject else 'approve'}, as {wish.signer} in the role {wish.role}, for {wish.environment}:"
    yield f"  {named}{f', step to {subject.percent} %' if subject.percent is not None else ''}"
    yield f"  {subject.digest}"
    if prepared.entry is not None:
        yield f"  proposed at {prepared.entry.rollout} % within {prepared.entry.domain}; fallback {prepared.entry.fallback}"
    if subject.kind == "domain":
        yield from _domain(desk, subject.name, subject.digest)
    if prepared.release is not None:
        manifest = prepared.release.manifest.document
        authors = ", ".join(sorted(prepared.release.authors))
        yield f"  author {authors}; released {manifest.created:%Y-%m-%d %H:%M} UTC; source {manifest.source.commit[:12]}"
        yield "Evidence"
        yield from (line for report in prepared.release.reports.values() for line in figures(report))
    yield from _questions(prepared, wish)
    yield ""


def figures(report: Report) -> Iterator[str]:
    """Say what a report shows, in a line."""
    match report:
        case WalkForwardReport():
            test = report.comparison
            verdict = "beats its baseline" if beats_baseline(report) else "does NOT beat its baseline"
            errors = f"{test.loss} loss {test.model_loss:.4g} against {test.baseline_loss:.4g} of {test.baseline}"
            yield f"  walk-forward   {len(report.windows)} windows, {errors} ({test.improvement:+.1%}, p = {test.p_value:.2g}): {verdict}"
        case DataQualityReport():
            found = ", ".join(f"{finding.code} {finding.count}" for finding in report.remaining) or "nothing left"
            rows = f"{report.usable_rows:,} of {report.rows:,} rows usable"
            yield f"  data quality   {report.status}: {rows}, {report.first} to {report.last}; {found}"
        case DriftReport():
            window = f"{report.window.first} to {report.window.last}"
            yield f"  drift          {report.status}: {report.drifted_share:.0%} of {len(report.features)} features, {window}"


def _domain(desk: Desk, name: str, digest: str) -> Iterator[str]:
    text = desk.view.read(f"compliance/domains/{name}/{digest.removeprefix('sha256:')}.yaml") or b""
    yield from (f"    {line}" for line in text.decode().splitlines())


def _questions(prepared: Prepared, wish: Wish) -> Iterator[str]:
    if prepared.questions is None:
        return
    yield f"Checklist {prepared.questions.name.id}"
    unanswered = {item.id for item in open_items(prepared, wish)}
    for item in prepared.questions.checklist.items:
        yield f"  {item.id} {_answer(prepared, wish, item.id, unanswered):<28} {item.text}"
    if unanswered and not wish.reject:
        yield f"  unanswered: it will not count → --answer {next(iter(sorted(unanswered)))}=pass"


def _answer(prepared: Prepared, wish: Wish, name: str, unanswered: set[str]) -> str:
    assert prepared.questions is not None  # noqa: S101  # the caller has looked
    item = next(item for item in prepared.questions.checklist.items if item.id == name)
    if item.check is not None:
        return f"machine: {'yes' if prepared.questions.machine[item.check] else 'NO'}"
    if name in unanswered:
        return "you: not answered"
    return f"you: {wish.answers[name].split(':')[0]}" if name in wish.answers else f"for {', '.join(item.roles)}"
