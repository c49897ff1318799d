"""A release's manifest, from the files of the release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json, read_bytes
from bot_core.documents.artifact import ModelArtifact, learned_digest
from bot_core.documents.release import ArtifactFile, DataDigest, Golden, ReleaseManifest, ReportFile, Source
from bot_core.documents.status import Status
from bot_core.governance import layout, learned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot_core.documents.release import ReportKind

REPORTS: tuple[ReportKind, ...] = ("walk_forward", "data_quality", "drift")


def manifest(root: Path, model: str, version: str, author: str, co_authors: Sequence[str] = ()) -> ReleaseManifest:
    """Describe a release by the digests of its files.

    Raises:
        DocumentError: a file is missing or not what it should be.
    """
    path = layout.artifact(model, version)
    data = read_bytes(root / path)
    artifact = decode_json(data, ModelArtifact, path)
    facts = artifact.metadata
    return ReleaseManifest(
        schema="bot-core/release/v1",
        model=model,
        version=version,
        author=author,
        co_authors=sorted(set(co_authors) - {author}),
        created=artifact.trained_at,
        source=Source(
            inputs=facts.inputs, commit=facts.commit, config=facts.config, dvc_lock=facts.dvc_lock, environment=facts.environment
        ),
        data=[DataDigest(name=facts.training.instrument, digest=facts.training.data_digest)],
        artifact=ArtifactFile(
            path=path, format=str(artifact.model_state.__struct_config__.tag), size=len(data), digest=sha256(data)
        ),
        reports=[_report(root, kind, version, artifact) for kind in REPORTS],
        golden=Golden(digest=sha256(encode_json(artifact.golden))),
        learned=learned_digest(artifact.model_state),
        members=learned.members(artifact.model_state),
    )


def _report(root: Path, kind: ReportKind, version: str, artifact: ModelArtifact) -> ReportFile:
    path = f"audit/ai_decision/{kind}/{version}.json"
    data = read_bytes(root / path)
    status = decode_json(data, _Judged, path).status
    return ReportFile(kind=kind, path=path, digest=sha256(data), generated=artifact.trained_at, status=status)


class _Judged(msgspec.Struct):
    status: Status
