"""What an online drift detector saw: in which series of which route, how sure the model was then, and how fresh its data were."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Version
from bot_core.documents.document import Part
from bot_core.documents.monitoring import Many, Share
from bot_core.documents.status import Status

Level = Literal["warning", "drift", "mass"]
"""The looser of a detector's two bounds was crossed; the stricter one; the stricter ones of a declared share of all series."""
Target = Literal["signal", "sentiment", "regime"]


class DetectorState(Part, frozen=True, kw_only=True):
    """A detector at the moment that it spoke. `width` values are in its window, whose mean came from `before` to `after`.

    Means are in the series' own unit. `statistic` is what is held against `bound`, where the detector has such a number.
    """

    detector: Literal["adwin", "page_hinkley"]
    parameters: dict[str, float]
    width: Many
    before: float
    after: float
    statistic: float | None = None
    bound: float | None = None


class Freshness(Part, frozen=True, kw_only=True):
    """How old the data were, UTC times: `data` is when they are from, `age_s` seconds before the answer, if the caller said so.

    `since`: when the series was first watched; `observations` so many values have been seen, `missing` more were no finite number.
    """

    data: str | None
    age_s: float | None
    since: str
    observations: Many
    missing: Many


class Context(Part, frozen=True, kw_only=True):
    """What was asked and answered: the features or the first 256 characters of the text; the answer as one number."""

    features: dict[str, float | None] = {}
    text: Annotated[str, Meta(max_length=256)] | None = None
    output: float | None = None
    error: float | None = None


class SeriesAlarm(Part, frozen=True, kw_only=True):
    """One series of a mass drift, and when it drifted, UTC."""

    target: Target
    signal: str
    timestamp: str


class OnlineDrift(Part, frozen=True, kw_only=True):
    """`state/drift_reports/*.json`, and the same bytes in `audit/ai_decision/drift/`.

    `source` is the route that answered, `model` what it stands for and `version` its release, if it has one; `signal` is the series:
    `input:<feature>`, `output` or `error`. `drift` and `warning` say the same as `level`, under the founding names. `confidence` is the
    model's own at that moment, nothing where it gave none. `suppressed`: alarms of the same series that came too soon after the one
    before. `level: mass` is critical, names its `series` and has no detector of its own.
    """

    schema: Literal["bot-core/online-drift/v1"] = "bot-core/online-drift/v1"
    category: Literal["drift"] = "drift"
    model: str
    version: Version | None
    environment: str
    status: Status
    level: Level
    drift: bool
    warning: bool
    target: Target
    source: str
    signal: str
    timestamp: str
    confidence: Share | None
    context: Context
    freshness: Freshness
    detector: DetectorState | None
    suppressed: Many = 0
    watched: Many = 0
    series: list[SeriesAlarm] = []
