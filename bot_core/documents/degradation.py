"""How a release does where it decides, against what its walk-forward report let expect."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest
from bot_core.documents.document import Part
from bot_core.documents.monitoring import InferenceReport, Many, Share

Loss = Annotated[float, Meta(ge=0.0)]
Reason = Literal["watching", "silent", "request", "fall_back"]
"""Nothing yet; no label known for longer than declared; worse than the first bound; worse than the second."""


class Expected(Part, frozen=True, kw_only=True):
    """What a walk-forward report lets expect: the model's pooled loss over that of a naive prediction, and the worst window's.

    `report` is the digest of that report, `unit` the target's.
    """

    report: Digest
    loss: Literal["absolute", "squared"]
    unit: str
    baseline: str
    ratio: Loss
    worst_window: Loss
    windows: Many


class Bound(Part, frozen=True, kw_only=True):
    """A bound: `excess` is the share by which a release may be worse than expected, `ratio` where that begins.

    `p_value`: the chance to have seen so much by now, in a whole period, if it were not worse than that. `crossed`: the last bar of the
    block that proved it.
    """

    name: Literal["request", "fall_back"]
    excess: Loss
    ratio: Loss
    p_value: Share
    crossed: str | None


class Block(Part, frozen=True, kw_only=True):
    """Rows in order: the first and the last bar, UTC, and the mean losses in the unit of the loss."""

    first: str
    last: str
    rows: Many
    model_loss: Loss
    baseline_loss: Loss


class DegradationReport(InferenceReport, frozen=True, kw_only=True):
    """`audit/ai_decision/degradation/<version>.<time>.json`: warning beyond the first bound or without labels, critical beyond the second.

    `window` spans the rows of all blocks. `ratio` and `excess` are over those from `since` on: all of them, or, once a bound is crossed,
    those from where it most likely became worse; nothing where there is none yet. `known`: when the newest label became known. The blocks
    are all that the test has seen, so that anybody can do it again.
    """

    schema: Literal["bot-core/degradation/v1"] = "bot-core/degradation/v1"
    category: Literal["degradation"] = "degradation"
    reason: Reason
    expected: Expected
    block: Many
    period: Many
    false_alarm_rate: Share
    since: str | None
    ratio: Loss | None
    excess: float | None
    known: str | None
    bounds: list[Bound]
    blocks: list[Block]
