"""The data-quality report: what was found in the raw data, what was repaired, and what that makes of it."""

from __future__ import annotations

from typing import Literal

from bot_core.documents.document import Part
from bot_core.documents.status import Status


class Finding(Part, frozen=True, kw_only=True):
    """One kind of defect. `share` is of the rows (of the expected bars for `missing_bars`); places are UTC times or row numbers."""

    code: str
    status: Status
    count: int
    share: float
    first: str
    last: str
    message: str


class Repair(Part, frozen=True, kw_only=True):
    """One declared repair and how many rows it touched."""

    action: str
    rows: int


class Gap(Part, frozen=True, kw_only=True):
    """A run of missing bars, for the card's picture."""

    first: str
    last: str
    bars: int


class DataQualityReport(Part, frozen=True, kw_only=True):
    """`build/<model>/data_quality.json`. Findings describe the raw data; `status` judges what the repairs leave."""

    schema: Literal["bot-core/data-quality/v1"] = "bot-core/data-quality/v1"
    model: str
    instrument: str
    status: Status
    rows: int
    usable_rows: int
    first: str
    last: str
    as_of: str
    findings: list[Finding]
    remaining: list[Finding]
    repairs: list[Repair]
    gaps: list[Gap]
