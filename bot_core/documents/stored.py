"""What a store of artifacts says of one release: which files, by SHA-256, and which commit brought them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.document import Part
from bot_core.documents.governed import Name, Text


class StoredFile(Part, frozen=True, kw_only=True):
    """One file: its path in the repository, its size in bytes, its digest."""

    path: Text
    size: Annotated[int, Meta(ge=0)]
    digest: Digest


class StoredRelease(Part, frozen=True, kw_only=True):
    """`releases/<model>/<version>/release.json` in a store, written after every file that it names.

    `commit` is the commit of the protected branch that brought the release, `manifest` the digest that its sign-offs name.
    """

    schema: Literal["bot-core/stored-release/v1"] = "bot-core/stored-release/v1"
    model: Name
    version: Version
    commit: Annotated[str, Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
    manifest: Digest
    files: Annotated[list[StoredFile], Meta(min_length=1)]
