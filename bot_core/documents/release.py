"""The release manifest: one signed page that names an artifact, its evidence and where both come from, all by SHA-256."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.governed import Count, Governed, Name, Text, Time
from bot_core.documents.status import Status

ReportKind = Literal["walk_forward", "data_quality", "drift"]


class Source(Governed, frozen=True, kw_only=True):
    """Where a release comes from. `inputs` decides: it covers (path, digest) of every tracked input; `commit` is advice only."""

    inputs: Digest
    commit: Annotated[str, Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})\Z")]
    config: Digest
    dvc_lock: Digest
    environment: Digest


class DataDigest(Governed, frozen=True, kw_only=True):
    """A table the model learned from."""

    name: Name
    digest: Digest


class ArtifactFile(Governed, frozen=True, kw_only=True):
    """The artifact; `format` must be among the policy's."""

    path: Text
    format: Text
    size: Count
    digest: Digest


class ReportFile(Governed, frozen=True, kw_only=True):
    """A report as evidence. `generated` and `status` are claims: the gate dates and judges the report itself."""

    kind: ReportKind
    path: Text
    digest: Digest
    generated: Time
    status: Status


class Golden(Governed, frozen=True, kw_only=True):
    """Digest of the artifact's golden vectors, spelled as in the artifact."""

    digest: Digest


class Member(Governed, frozen=True, kw_only=True):
    """One model of an ensemble: its name in it, and the digest of what it learned."""

    name: Name
    digest: Digest


class ReleaseManifest(Governed, frozen=True, kw_only=True):
    """`models/<model>/<version>.release.yaml`, signed by its author.

    `learned` is the digest of the artifact's `model_state`, and so the name under which the model can be a member of an ensemble;
    releases made before there were ensembles have none. `members`: what an ensemble is made of.
    """

    schema: Literal["bot-core/release/v1"]
    model: Name
    version: Version
    author: Name
    co_authors: list[Name] = []
    created: Time
    source: Source
    data: Annotated[list[DataDigest], Meta(min_length=1)]
    artifact: ArtifactFile
    reports: Annotated[list[ReportFile], Meta(min_length=1)]
    golden: Golden
    learned: Digest | None = None
    members: list[Member] = []
