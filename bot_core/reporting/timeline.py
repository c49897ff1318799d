"""One picture of all dates: the data with its gaps, the training parts, the walk-forward windows, the drift window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.reporting.canvas import BASELINE, GRID, MODEL, MUTED, PHONE, SOFT, SURFACE, WIDE, WORSE, Canvas, Picture, boxes, draw
from bot_core.reporting.numerals import count
from bot_core.reporting.time_axis import days, dress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.reporting.evidence import Evidence

LANE = 44
SLOTS = 400
MARK = 1.5

Bar = tuple[str, str, str]


def timeline_picture(evidence: Evidence) -> Picture:
    """Draw the lanes along one time axis."""
    gaps = evidence.quality.gaps
    missing = sum(gap.bars for gap in gaps)
    height = LANE * 4 + 34
    marks = "Tall orange marks in the first lane are runs of missing bars." if gaps else "No gap was found."
    gone = f"{count(missing)} missing bars in {count(len(gaps))} runs" if gaps else "no gap"
    return Picture(
        name="timeline",
        title="Which rows served what, and where data is missing",
        caption=f"Grey, light blue and blue are training, validation and test. {marks}",
        alt=f"Timeline from {evidence.quality.first} to {evidence.quality.last}: {gone}; training, validation, test, "
        f"{len(evidence.walk_forward.windows)} walk-forward windows and the drift window.",
        narrow=draw("timeline-narrow", PHONE, height, lambda canvas: _paint(canvas, evidence)),
        wide=draw("timeline-wide", WIDE, height, lambda canvas: _paint(canvas, evidence)),
    )


def gap_slots(gaps: Iterable[tuple[float, float]], first: float, last: float) -> list[tuple[float, float]]:
    """Merge gaps that would touch at `SLOTS` slots across [first, last]; (start, length) each, at least a slot long."""
    slot = max(last - first, 1e-9) / SLOTS
    merged: list[tuple[float, float]] = []
    for start, end in sorted(gaps):
        if merged and start - sum(merged[-1]) <= slot:
            begun = merged[-1][0]
            merged[-1] = (begun, max(end - begun, merged[-1][1]))
        else:
            merged.append((start, max(end - start, slot * MARK)))
    return merged


def _paint(canvas: Canvas, evidence: Evidence) -> None:
    quality = evidence.quality
    first, last = days(quality.first), max(days(quality.last), days(quality.first) + 1e-3)
    axes = canvas.axes(4, 0, canvas.width - 8, LANE * 4 + 8)
    for lane, (title, bars) in enumerate(_lanes(evidence)):
        axes.text(first, lane + 0.42, title, color=MUTED)
        for colour in dict.fromkeys(colour for _, _, colour in bars):
            spans = [(days(start), days(end)) for start, end, own in bars if own == colour]
            boxes(axes, [(start, lane + 0.55, max(end - start, (last - first) / SLOTS), 0.34) for start, end in spans], colour)
    gaps = gap_slots(((days(gap.first), days(gap.last)) for gap in quality.gaps), first, last)
    halo = 0.6 * (last - first) / canvas.width
    boxes(axes, [(start - halo, 0.48, length + 2 * halo, 0.48) for start, length in gaps], SURFACE)
    boxes(axes, [(start, 0.48, length, 0.48) for start, length in gaps], WORSE)
    dress(canvas, axes, first, last)
    axes.set_ylim(4.18, 0)
    axes.set_yticks([])
    axes.grid(axis="x", color=GRID)


def _lanes(evidence: Evidence) -> list[tuple[str, list[Bar]]]:
    meta, drift, quality = evidence.trained.metadata, evidence.drift, evidence.quality
    windows = evidence.walk_forward.windows
    parts = [
        (meta.train.first, meta.train.last, BASELINE),
        (meta.validation.first, meta.validation.last, SOFT),
        (meta.test.first, meta.test.last, MODEL),
    ]
    return [
        ("Source data", [(quality.first, quality.last, BASELINE)]),
        ("Model: training, validation, test", parts),
        ("Walk-forward test windows", [(w.test_first, w.test_last, MODEL if i % 2 else SOFT) for i, w in enumerate(windows)]),
        (
            "Drift: training rows, newest window",
            [(drift.reference.first, drift.reference.last, BASELINE), (drift.window.first, drift.window.last, MODEL)],
        ),
    ]
