"""A checklist: the questions that a sign-off answers, and which of them the machine answers itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest
from bot_core.documents.governed import Governed, Name, Role, Text

Check = Literal["release_complete", "walk_forward_beats_baseline", "reports_ok", "drift_ok", "scheduler_current", "loop_produced"]


class BoundFile(Governed, frozen=True, kw_only=True):
    """A file that must be as it was when the checklist was approved: a changed runbook asks for a new checklist."""

    path: Text
    digest: Digest


class Item(Governed, frozen=True, kw_only=True):
    """One question. `check`: the machine decides; `roles`: who answers (none named: everybody); `evidence`: a file to name by digest."""

    id: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{0,7}\Z")]
    text: Text
    check: Check | None = None
    roles: list[Role] = []
    waivable: bool = False
    evidence: Text | None = None
    document: BoundFile | None = None


class Checklist(Governed, frozen=True, kw_only=True):
    """`compliance/checklists/<id>.yaml`; the policy names it by digest."""

    schema: Literal["bot-core/checklist/v1"]
    id: Name
    title: Text
    items: Annotated[list[Item], Meta(min_length=1)]
