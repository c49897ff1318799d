"""A release stamps what training left and archives its evidence. It adds; it never changes what is there.

1. The inputs (configuration, code, data, locks) are committed: a release from a dirty tree is refused.
2. The build is what those inputs give: `dvc status` of the model's stages is clean.
3. The version names its content: UTC time and the first eight digits of the digest of `build/<model>/model.json`. Releasing the
   same content again changes nothing and returns the version there is.
4. The reports and the composed configuration are archived first, the card next, the artifact last: an interrupted release leaves no
   artifact, and the next run completes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core._digest import sha256, sha256_file, sha256_pairs, short
from bot_core._parse import decode_json, encode_json, read_bytes, write_bytes
from bot_core.documents.artifact import ModelArtifact, ReleaseMetadata, Trained, TrainedModel
from bot_core.errors import ReleaseError
from bot_core.governance import worktree

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

INPUTS = ("conf", "params.yaml", "dvc.yaml", "dvc.lock", "pipelines", "bot_core", "data", "requirements")
CODE = ("pipelines", "bot_core")
LOCK = "requirements/train.txt"
REPORTS = ("walk_forward", "data_quality", "drift")


@dataclass(frozen=True, slots=True)
class Release:
    """What a release wrote (`created`), or found already there."""

    model: str
    version: str
    created: bool
    paths: tuple[Path, ...]


def release(root: Path, model: str, now: dt.datetime) -> Release:
    """Stamp `build/<model>/` into `models/` and `audit/`.

    Args:
        root: the repository.
        model: a name in the roster, built and up to date (the caller has asked DVC).
        now: the release's time, UTC.

    Raises:
        DocumentError: the model was not built.
        ReleaseError: inputs are not committed.
        AuditError: a file could not be written.
    """
    build = root / "build" / model
    learned = read_bytes(build / "model.json")
    suffix = short(sha256(learned))
    for existing in sorted((root / "models" / model).glob(f"*-{suffix}.json")):
        return Release(model, existing.stem, created=False, paths=(existing,))
    _require_committed(root)
    version = f"{now:%Y%m%dT%H%M%SZ}-{suffix}"
    trained = decode_json(learned, TrainedModel, str(build / "model.json"))
    artifact = stamp(trained, _metadata(root, build, version, trained), now)
    files = _archive(root, build, model, version)
    files[root / "models" / model / f"{version}.json"] = encode_json(artifact)
    for path, data in files.items():
        write_bytes(path, data)
    return Release(model, version, created=True, paths=tuple(files))


def stamp(trained: TrainedModel, metadata: ReleaseMetadata, now: dt.datetime) -> ModelArtifact:
    """Turn a trained model into an artifact: the same content, with when and where it comes from."""
    content = {field: getattr(trained, field) for field in Trained.__struct_fields__ if field != "schema"}
    return ModelArtifact(trained_at=now, metadata=metadata, **content)


def _require_committed(root: Path) -> None:
    dirty = worktree.changed(root, INPUTS)
    if dirty:
        msg = f"{root}: expected committed inputs, got changes in {', '.join(dirty[:5])}{' …' if len(dirty) > 5 else ''}"  # noqa: PLR2004
        raise ReleaseError(msg, hint="git commit, dvc repro, then release again")


def _metadata(root: Path, build: Path, version: str, trained: TrainedModel) -> ReleaseMetadata:
    return ReleaseMetadata(
        version=version,
        commit=worktree.head(root),
        inputs=_digest(root, INPUTS),
        code=_digest(root, CODE),
        config=sha256_file(build / "config.json"),
        dvc_lock=sha256_file(root / "dvc.lock"),
        environment=sha256_file(root / LOCK),
        model_json=sha256_file(build / "model.json"),
        training=trained.metadata,
    )


def _digest(root: Path, places: tuple[str, ...]) -> str:
    return sha256_pairs((path, sha256_file(root / path)) for path in worktree.tracked(root, places))


def _archive(root: Path, build: Path, model: str, version: str) -> dict[Path, bytes]:
    audit = root / "audit" / "ai_decision"
    files = {audit / kind / f"{version}.json": read_bytes(build / f"{kind}.json") for kind in REPORTS}
    files[audit / "config" / f"{version}.json"] = read_bytes(build / "config.json")
    files[root / "models" / model / f"{version}.md"] = read_bytes(build / "card.md")
    return files
