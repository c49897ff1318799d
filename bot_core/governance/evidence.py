"""A release's own evidence: the signed manifest, the artifact it names, and what its reports show."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.documents.artifact import ModelArtifact, formats
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import DocumentError
from bot_core.governance import layout, learned, operation, sshsig
from bot_core.governance.reading import read_signed
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot_core.documents.policy import EnvironmentPolicy, Policy, ReportRule
    from bot_core.documents.release import ReportFile
    from bot_core.governance.crew import Crew
    from bot_core.governance.operation import Running
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View

T = TypeVar("T")
Report = WalkForwardReport | DataQualityReport | DriftReport
_KINDS: dict[str, type[Report]] = {"walk_forward": WalkForwardReport, "data_quality": DataQualityReport, "drift": DriftReport}


@dataclass(frozen=True, slots=True)
class Release:
    """A manifest that was proven, and its reports by kind."""

    manifest: Signed[ReleaseManifest]
    reports: dict[str, Report]

    @property
    def authors(self) -> frozenset[str]:
        """Name everybody who may not approve it."""
        document = self.manifest.document
        return frozenset({document.author, *document.co_authors})

    def machine(self, running: Running | None = None) -> dict[str, bool]:
        """Answer the questions that a machine can, by the release and by what a running environment shows of it."""
        judged = {kind: passes(report) for kind, report in self.reports.items()}
        forward = self.reports.get("walk_forward")
        return {
            "release_complete": True,
            "walk_forward_beats_baseline": isinstance(forward, WalkForwardReport) and beats_baseline(forward),
            "reports_ok": {"walk_forward", "data_quality"} <= judged.keys() and all(judged.values()),
            "drift_ok": judged.get("drift", False),
            **{question: running is not None and running.says(question) for question in operation.CHECKS},
        }


def load(view: View, model: str, version: str, digest: str, crew: Crew, verify: Verify = sshsig.verify) -> Signed[ReleaseManifest]:
    """Read the manifest that an entry names.

    Raises:
        Refused: REL-DIGEST, or as `read_signed`.
    """
    path = layout.manifest(model, version)
    data = view.read(path)
    if data is None or sha256(data) != digest:
        got = "no file" if data is None else sha256(data)
        raise Refused(
            "REL-DIGEST",
            path,
            f"{path}: expected {digest}, as the entry and its sign-offs say, got {got}",
            f"bot-core release {model}",
        )
    signed = read_signed(view, path, ReleaseManifest, layout.RELEASE, crew, verify)
    named = (signed.document.model, signed.document.version)
    if named != (model, version):
        raise Refused(
            "REL-DIGEST",
            path,
            f"{path}: expected a manifest of {model} {version}, got one of {' '.join(named)}",
            f"bot-core release {model}",
        )
    return signed


def require_artifact(view: View, manifest: ReleaseManifest, policy: Policy) -> None:
    """Prove that the artifact is the one named, of an allowed format, and whole.

    Raises:
        Refused: FORMAT or REL-DIGEST.
    """
    named = manifest.artifact
    path = layout.artifact(manifest.model, manifest.version)
    _require_allowed(path, [named.format], policy)
    data = view.read(named.path) if named.path == path else None
    if data is None or len(data) != named.size or sha256(data) != named.digest:
        got = "no file" if data is None else f"{len(data)} bytes, {sha256(data)}"
        raise Refused(
            "REL-DIGEST",
            path,
            f"{path}: expected {named.size} bytes, {named.digest}, got {got}",
            "restore the file from the release's commit",
        )
    artifact = _artifact(data, path)
    told = (artifact.metadata.training.model, artifact.metadata.version, artifact.model_state.__struct_config__.tag)
    if told != (manifest.model, manifest.version, named.format):
        raise Refused(
            "FORMAT",
            path,
            f"{path}: expected {manifest.model} {manifest.version} as {named.format}, got {' '.join(map(str, told))}",
        )
    _require_allowed(path, formats(artifact.model_state), policy)
    if sha256(encode_json(artifact.golden)) != manifest.golden.digest:
        raise Refused(
            "REL-DIGEST", path, f"{path}: golden: expected the vectors {manifest.golden.digest}, got others", "release again"
        )
    learned.require(artifact.model_state, manifest, path)


def _require_allowed(path: str, named: Sequence[str], policy: Policy) -> None:
    """Prove that the policy allows each of the formats that an artifact needs."""
    for name in named:
        if name not in policy.formats:
            allowed = ", ".join(policy.formats)
            raise Refused("FORMAT", path, f"{path}: expected one of the formats {allowed}, got {name}", "train another family")


def require_format(view: View, path: str) -> None:
    """Prove that a file is an artifact in the one format there is: JSON that loads no code.

    Raises:
        Refused: FORMAT.
    """
    _artifact(view.read(path) or b"", path)


def _artifact(data: bytes, path: str) -> ModelArtifact:
    try:
        return _decoded(data, ModelArtifact, path)
    except DocumentError as error:
        raise Refused("FORMAT", path, error.message, "release the model again: bot-core release MODEL") from error


def _decoded(data: bytes, kind: type[T], path: str) -> T:
    try:
        return decode_json(data, kind, path)
    except RecursionError as error:
        msg = f"{path}: expected JSON of a few levels, got more than can be read"
        raise DocumentError(msg) from error


def read_reports(view: View, manifest: ReleaseManifest) -> tuple[dict[str, Report], list[Reason]]:
    """Read the reports that a manifest names, and say what is wrong with any."""
    reports: dict[str, Report] = {}
    wrong: list[Reason] = []
    for named in manifest.reports:
        try:
            reports[named.kind] = _report(view, named, manifest)
        except Refused as problem:
            wrong.append(problem.reason)
    return reports, wrong


def _report(view: View, named: ReportFile, manifest: ReleaseManifest) -> Report:
    path = named.path
    if layout.classify(path) != "add_only" or not path.startswith(f"audit/ai_decision/{named.kind}/"):
        raise Refused("PATH", path, f"{path}: expected a report under audit/ai_decision/{named.kind}/")
    data = view.read(path)
    if data is None:
        raise Refused(
            "RPT-MISSING", path, f"{path}: expected the {named.kind} report of the release, got no file", f"git log -- {path}"
        )
    if sha256(data) != named.digest:
        raise Refused(
            "REL-DIGEST",
            path,
            f"{path}: expected {named.digest}, as the manifest says, got {sha256(data)}",
            "restore the signed report",
        )
    try:
        report = _decoded(data, _KINDS[named.kind], path)
    except DocumentError as error:
        raise Refused("RPT-FAILED", path, error.message, "dvc repro, then release again") from error
    if report.model != manifest.model or report.status != named.status:
        told = f"{report.model} {report.status}"
        raise Refused(
            "RPT-FAILED",
            path,
            f"{path}: expected a report of {manifest.model} that says {named.status}, got {told}",
            "release again",
        )
    return report


def passes(report: Report) -> bool:
    """Say whether a report is good enough to go on; a walk-forward report is evidence whatever it says."""
    return isinstance(report, WalkForwardReport) or report.status != "critical"


def beats_baseline(report: WalkForwardReport) -> bool:
    """Derive it again: the report's own flag is a claim."""
    test = report.comparison
    return test.beats_baseline and test.p_value < test.significance and test.model_loss < test.baseline_loss


def judge_reports(view: View, release: Release, rules: EnvironmentPolicy, at: dt.datetime) -> Iterator[Reason]:
    """Say which of an environment's rules the reports do not meet, as of the time the entry's release was set."""
    named = {report.kind: report for report in release.manifest.document.reports}
    view.expect([report.path for report in named.values()])
    for rule in rules.reports:
        report = release.reports.get(rule.kind)
        if rule.kind not in named:
            path = release.manifest.path
            yield Reason(
                "RPT-MISSING",
                path,
                f"{path}: expected a {rule.kind} report, which {rules.name} asks for; got none",
                "release again, with it",
            )
        elif report is not None:
            yield from _judge(view, named[rule.kind], report, rule, at)


def _judge(view: View, named: ReportFile, report: Report, rule: ReportRule, at: dt.datetime) -> Iterator[Reason]:
    path, brought = named.path, view.since(named.path)
    age = at - min(named.generated, brought)
    if rule.max_age_days is not None and age > dt.timedelta(days=rule.max_age_days):
        got = f"{age.days} days"
        yield Reason(
            "RPT-STALE",
            path,
            f"{path}: expected at most {rule.max_age_days} days old, got {got}",
            "dvc repro on newer data, then release again",
        )
    if rule.min_lead_days is not None and at - brought < dt.timedelta(days=rule.min_lead_days):
        ready = f"{brought + dt.timedelta(days=rule.min_lead_days):%Y-%m-%dT%H:%M:%SZ}"
        lead = max(at - brought, dt.timedelta()).days
        message = f"{path}: expected on the protected branch {rule.min_lead_days} days before, got {lead} days"
        yield Reason("RPT-LEAD", path, message, f"merge after {ready}")
    if rule.beats_baseline and not (isinstance(report, WalkForwardReport) and beats_baseline(report)):
        yield Reason("RPT-FAILED", path, f"{path}: {_against(report)}", "a better model: change conf/, dvc repro, release again")
    if not passes(report):
        message = f"{path}: expected a status better than critical, got {report.status}"
        yield Reason("RPT-FAILED", path, message, "docs/runbooks/ai_data_monitoring.md")


def _against(report: Report) -> str:
    if not isinstance(report, WalkForwardReport):
        return "expected a walk-forward report that beats its baseline, got another report"
    test = report.comparison
    got = f"{test.improvement:+.1%} against {test.baseline}, p = {test.p_value:.2g}"
    return f"expected out-of-sample {test.loss} loss below the best naive baseline's at p < {test.significance:g}, got {got}"
