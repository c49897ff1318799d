"""What a manager is told about a machine, once, for every process on it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.document import Part


class ManagerSettings(Part, frozen=True, kw_only=True):
    """`manager.json` in the state folder: where a release is looked for that is named by its version alone."""

    schema: Literal["bot-core/manager/v1"] = "bot-core/manager/v1"
    decision_repository: Annotated[str, Meta(min_length=1)]
