"""A challenger against the model that decides now: both as they would decide, on rows that neither has learned from."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.document import Part
from bot_core.documents.governed import Name

Many = Annotated[int, Meta(ge=0)]
Verdict = Literal["better", "not_worse", "unproven", "worse"]


class ContestWindow(Part, frozen=True, kw_only=True):
    """One stretch of the rows, UTC, and both mean losses on it."""

    first: str
    last: str
    rows: Many
    champion_loss: float
    challenger_loss: float


class ContestReport(Part, frozen=True, kw_only=True):
    """`audit/ai_decision/contest/<version>.json`; losses are in the unit of the target, absolute or squared.

    `difference` is the mean of (champion's loss - challenger's loss) per row, `low` to `high` its interval at `confidence`, two-sided.
    Without a champion `champion_version` is null, the losses are the walk-forward's and the naive baseline's, and there is no interval.

    - `better`: the interval lies above zero; without a champion: the walk-forward beats its baseline.
    - `not_worse`: it lies above -`margin` of the champion's loss, and not below zero.
    - `worse`: it lies below zero.
    - `unproven`: anything else, too few rows included. `reason` says why in a sentence.
    """

    schema: Literal["bot-core/contest/v1"] = "bot-core/contest/v1"
    model: Name
    champion_version: Version | None
    challenger: Digest
    loss: Literal["absolute", "squared"]
    windows: list[ContestWindow]
    rows: Many
    champion_loss: float
    challenger_loss: float
    difference: float
    low: float | None
    high: float | None
    confidence: Annotated[float, Meta(gt=0.0, lt=1.0)]
    require: Literal["better", "not_worse"]
    margin: Annotated[float, Meta(ge=0.0)]
    verdict: Verdict
    reason: str

    @property
    def proposable(self) -> bool:
        """Whether what was required is proven."""
        return self.verdict == "better" or (self.verdict, self.require) == ("not_worse", "not_worse")
