"""The desired state of an environment: the only file that a promotion or a rollback changes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.governed import Governed, Name, Percent, Text


class Entry(Governed, frozen=True, kw_only=True):
    """Which release of a model decides, within which domain file, for how many percent, and where a rollback leads."""

    model: Name
    version: Version
    release: Digest
    domain: Text
    rollout: Percent
    fallback: Annotated[str, Meta(pattern=r"^(rules|[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8})\Z")]


class Environment(Governed, frozen=True, kw_only=True):
    """`compliance/environments/<env>.yaml`; not signed: the sign-offs it must be covered by are."""

    schema: Literal["bot-core/environment/v1"]
    environment: Name
    maintenance: bool
    models: list[Entry] = []

    def entry(self, model: str) -> Entry | None:
        """Find a model's entry."""
        return next((entry for entry in self.models if entry.model == model), None)
