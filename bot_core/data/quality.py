"""Data quality: what is wrong with the raw data, what the declared repairs take away, and what is left.

Findings describe the raw table; the report's status is the worst of what remains after the repairs. A finding's status follows the
limits in `conf/monitoring/`: critical when its share is above that limit, else warning when above that one. So 0 means any and 1
means never. A count of zero is no finding.

| code | bars | events |
| - | - | - |
| missing_bars, outside_calendar, stale_tail, bar_length | against the calendar | |
| duplicates | rows of one time | rows equal in every column |
| disorder | rows older than the row before | the same |
| non_finite | rows with NaN or infinity | the same; a label only where its end is known |
| offset_change | the file's UTC offset changes unexplained | the same |
| ohlc_inconsistent, zero_volume, jumps | prices and volumes | |
| label_order | | label ends before the event |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.config.models import EventTable
from bot_core.data.checks import prices, rows, timeline
from bot_core.data.checks.found import judged, written
from bot_core.data.contracts import TIME
from bot_core.data.repairs import not_finite, out_of_order, repair
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.status import worst

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import CsvBars, DataConfig, ParquetBars, QualityConfig
    from bot_core.data.checks.found import Found
    from bot_core.documents.data_quality import Finding, Gap


def assess(frame: pd.DataFrame, config: DataConfig, quality: QualityConfig, model: str) -> DataQualityReport:
    """Judge a raw table, with at least one row, as its source returned it.

    Args:
        frame: a table of `bot_core.data.contracts`.
        config: its source, with calendar, `as_of` and declared repairs.
        quality: the limits.
        model: the name that the report carries.

    Raises:
        ConfigError: an unknown calendar or time zone, or a repair that this source has no use for.
    """
    findings, gaps = _findings(frame, config, quality)
    repaired, repairs = repair(frame, config)
    remaining = _findings(repaired, config, quality)[0] if any(done.rows for done in repairs) else findings
    times = frame[TIME].to_numpy("datetime64[us]")
    return DataQualityReport(
        model=model,
        instrument=config.instrument,
        status=worst(finding.status for finding in remaining),
        rows=len(frame),
        usable_rows=_usable_rows(repaired, config),
        first=written(times.min()),
        last=written(times.max()),
        as_of=config.as_of,
        findings=findings,
        remaining=remaining,
        repairs=repairs,
        gaps=gaps,
    )


def _findings(frame: pd.DataFrame, config: DataConfig, quality: QualityConfig) -> tuple[list[Finding], list[Gap]]:
    found, gaps = (_of_events(frame, config), []) if isinstance(config, EventTable) else _of_bars(frame, config, quality)
    return [judged(one, quality.limits) for one in found if one is not None], gaps


def _of_bars(frame: pd.DataFrame, config: CsvBars | ParquetBars, quality: QualityConfig) -> tuple[list[Found | None], list[Gap]]:
    line = timeline.timeline(frame, config)
    found = [
        timeline.missing_bars(line, config),
        timeline.outside_calendar(line, config),
        timeline.stale_tail(line, config),
        timeline.bar_length(line, config),
        rows.duplicates(frame, config),
        rows.disorder(frame),
        rows.non_finite(frame, config),
        rows.offset_change(frame, config),
        prices.ohlc_inconsistent(frame),
        prices.zero_volume(frame),
        prices.jumps(frame, quality.jump_score),
    ]
    return found, timeline.gaps(line)


def _of_events(frame: pd.DataFrame, config: EventTable) -> list[Found | None]:
    return [
        rows.duplicates(frame, config),
        rows.disorder(frame),
        rows.non_finite(frame, config),
        rows.offset_change(frame, config),
        rows.label_order(frame),
    ]


def _usable_rows(frame: pd.DataFrame, config: DataConfig) -> int:
    bad = np.logical_or.reduce([out_of_order(frame, config), *not_finite(frame, config).values()])
    return int(np.count_nonzero(~bad))
