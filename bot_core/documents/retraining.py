"""Where a retraining run stands: enough to go on after it was killed, and nothing that its clone does not hold."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Version
from bot_core.documents.contest import ContestReport
from bot_core.documents.document import Part
from bot_core.documents.governed import Name, Text, Time

Step = Literal["cloned", "ingested", "reproduced", "contested", "released", "committed", "pushed", "proposed"]


class RetrainingRun(Part, frozen=True, kw_only=True):
    """`var/retraining/<job>/run.json`: `step` is the last one that is done; what later steps need of it stands beside."""

    schema: Literal["bot-core/retraining-run/v1"] = "bot-core/retraining-run/v1"
    run: Text
    job: Name
    started: Time
    base: Annotated[str, Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})\Z")]
    step: Step
    rows: Annotated[int, Meta(ge=0)] = 0
    note: str = ""
    contest: ContestReport | None = None
    version: Version | None = None
    branch: str | None = None
    commit: str | None = None
    url: str | None = None
