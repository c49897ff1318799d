"""A release's entry in the changelog: data set, parameters, out-of-sample figures, each beside the release before it.

The same files give the same entry, whoever asks and when. It repeats what the archived documents say and is part of none of them, so
nothing that is signed changes when a line of it does. Figures are the walk-forward report's, each release's on its own rows of then; only
the baseline's are on the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from bot_core._digest import sha256
from bot_core._parse import decode_json, load_yaml
from bot_core.documents.artifact import ModelArtifact
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import DocumentError
from bot_core.governance import layout
from bot_core.governance.reading import parse
from bot_core.reporting.differences import parameters_table
from bot_core.reporting.loss import loss_name, loss_unit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.documents.scores import Scores
    from bot_core.reporting.changelog_approvals import Approval

T = TypeVar("T")

_SHARES = ("directional_accuracy",)
_FIGURES = (  # name, field of the scores, is more better
    ("Direction", "directional_accuracy", True),
    ("PnL, bps", "expected_pnl_bps", True),
    ("AUC", "auc", True),
    ("Log loss", "log_loss", False),
)


class Files(Protocol):
    """Where the documents are read: a commit's tree, or the work tree."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""

    def names(self, folder: str) -> list[str]:
        """List the plain files in a folder, in order."""

    def folders(self, folder: str) -> list[str]:
        """List the folders in a folder, in order."""


@dataclass(frozen=True, slots=True)
class WorkTree:
    """The files as they stand, committed or not."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""
        place = self.root / path
        return place.read_bytes() if place.is_file() else None

    def names(self, folder: str) -> list[str]:
        """List the plain files in a folder, in order."""
        place = self.root / folder
        return sorted(path.name for path in place.iterdir() if path.is_file()) if place.is_dir() else []

    def folders(self, folder: str) -> list[str]:
        """List the folders in a folder, in order."""
        place = self.root / folder
        return sorted(path.name for path in place.iterdir() if path.is_dir()) if place.is_dir() else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A key of the composed configuration that is not as it was; values as JSON, an en dash where there is none."""

    key: str
    before: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One out-of-sample figure: the release's, the best baseline's on the same rows, and the one before on its own rows."""

    name: str
    model: float | None
    baseline: float | None
    before: float | None
    more_is_better: bool
    is_share: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """What was learned from: all rows, and those of the training part. Times are UTC; the digest is of `data.parquet`."""

    name: str
    digest: str
    rows: int
    first: str
    last: str
    training_rows: int
    training_first: str
    training_last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the model did against the best naive baseline, by the deciding loss."""

    beats_baseline: bool
    baseline: str
    loss: str
    improvement: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One release. `commit` is what it was trained from, `brought_by` the commit that has it (nothing: not committed yet).

    `parameters` are the keys that differ from `before`; nothing where there is no release before, or its configuration was not archived.
    """

    model: str
    version: str
    released: dt.datetime
    authors: tuple[str, ...]
    commit: str
    brought_by: str | None
    manifest: str | None
    configuration: str
    environment: str
    kind: str
    seed: int
    rounds: int
    data: DataSet
    verdict: Verdict
    figures: tuple[Figure, ...]
    before: str | None
    parameters: tuple[Changed, ...] | None
    approvals: tuple[Approval, ...] = ()


def versions(files: Files, model: str) -> list[str]:
    """List a model's releases, oldest first."""
    return [name.removesuffix(".json") for name in files.names(f"models/{model}") if _is_artifact(model, name)]


def models(files: Files) -> list[str]:
    """List the models that have a release."""
    return [name for name in files.folders("models") if versions(files, name)]


def entry(files: Files, model: str, version: str, *, brought_by: str | None = None, approvals: tuple[Approval, ...] = ()) -> Entry:
    """Write a release's entry from its documents, and from those of the release before it.

    Args:
        files: where they are.
        model: which one.
        version: which release.
        brought_by: the commit that has it.
        approvals: who said what of it.

    Raises:
        DocumentError: a document is missing, or not what it should be.
    """
    before = next((one for one in reversed(versions(files, model)) if one < version), None)
    artifact = _read(files, layout.artifact(model, version), ModelArtifact)
    report, meta = _report(files, version), artifact.metadata
    signed = files.read(layout.manifest(model, version))
    manifest = None if signed is None else parse(signed, ReleaseManifest, layout.manifest(model, version))
    return Entry(
        model=model,
        version=version,
        released=artifact.trained_at,
        authors=(manifest.author, *manifest.co_authors) if manifest else (),
        commit=meta.commit,
        brought_by=brought_by,
        manifest=None if signed is None else sha256(signed),
        configuration=meta.config,
        environment=meta.environment,
        kind=_kind(artifact),
        seed=meta.training.seed,
        rounds=meta.training.rounds,
        data=_data(artifact, _read(files, f"audit/ai_decision/data_quality/{version}.json", DataQualityReport)),
        verdict=_verdict(report),
        figures=tuple(_figures(report, _report(files, before) if before else None)),
        before=before,
        parameters=_parameters(files, before, version),
        approvals=approvals,
    )


def _is_artifact(model: str, name: str) -> bool:
    return name.endswith(".json") and layout.classify(f"models/{model}/{name}") == "immutable"


def _read(files: Files, path: str, kind: type[T]) -> T:
    data = files.read(path)
    if data is None:
        msg = f"{path}: expected the document of a release, got no file"
        raise DocumentError(msg, hint="restore it from the release's commit: git log -- models audit")
    return decode_json(data, kind, path)


def _report(files: Files, version: str) -> WalkForwardReport:
    return _read(files, f"audit/ai_decision/walk_forward/{version}.json", WalkForwardReport)


def _data(artifact: ModelArtifact, quality: DataQualityReport) -> DataSet:
    meta = artifact.metadata.training
    return DataSet(
        name=meta.instrument,
        digest=meta.data_digest,
        rows=quality.rows,
        first=quality.first,
        last=quality.last,
        training_rows=artifact.training_rows,
        training_first=meta.train.first,
        training_last=meta.train.last,
    )


def _kind(artifact: ModelArtifact) -> str:
    names = len(artifact.feature_names)
    return f"{artifact.backend}, {artifact.metadata.training.objective}, {names} feature{'s' * (names != 1)}"


def _verdict(report: WalkForwardReport) -> Verdict:
    duel = report.comparison
    return Verdict(
        beats_baseline=duel.beats_baseline,
        baseline=duel.baseline,
        loss=loss_name(report),
        improvement=duel.improvement,
        p_value=duel.p_value,
    )


def _figures(report: WalkForwardReport, old: WalkForwardReport | None) -> Iterator[Figure]:
    """Yield the deciding loss first; the figures of a release that predicted something else are no comparison."""
    is_alike = old is not None and (old.task, old.unit, old.comparison.loss) == (report.task, report.unit, report.comparison.loss)
    past = old if is_alike else None
    unit = f", {loss_unit(report)}" if loss_unit(report) else ""
    yield Figure(
        name=f"{loss_name(report).capitalize()}{unit}",
        model=report.comparison.model_loss,
        baseline=report.comparison.baseline_loss,
        before=past.comparison.model_loss if past else None,
        more_is_better=False,
    )
    rival = report.baselines.get(report.comparison.baseline)
    for name, field, more_is_better in _FIGURES:
        ours, theirs, theirs_before = (_of(scores, field) for scores in (report.pooled, rival, past.pooled if past else None))
        if ours is not None:
            yield Figure(
                name=name,
                model=ours,
                baseline=theirs,
                before=theirs_before,
                more_is_better=more_is_better,
                is_share=field in _SHARES,
            )


def _of(scores: Scores | None, field: str) -> float | None:
    return None if scores is None else getattr(scores, field)


def _parameters(files: Files, before: str | None, version: str) -> tuple[Changed, ...] | None:
    old, new = (_configuration(files, one) if one else None for one in (before, version))
    if old is None or new is None:
        return None
    rows = parameters_table(old, new).rows
    return tuple(Changed(key=row.cells[0], before=row.cells[1], now=row.cells[2]) for row in rows)


def _configuration(files: Files, version: str) -> dict[str, object] | None:
    path = f"audit/ai_decision/config/{version}.json"
    data = files.read(path)
    found = None if data is None else load_yaml(data, path)  # of which JSON is a part
    return found if isinstance(found, dict) else None
