"""Drift, feature by feature: how far each statistic is from its threshold, and what the most moved features look like now."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from bot_core.reporting.canvas import BASELINE, GRID, HEAT, HEAT_INK, MODEL, MUTED, NARROW, Canvas, Picture, draw, printable
from bot_core.reporting.data_tables import most_moved, ratio, worst_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bot_core.documents.drift import FeatureDrift
    from bot_core.reporting.evidence import Evidence

ROWS_AT_MOST = 40
SHAPES_AT_MOST = 6
HEAT_STEPS = (0.5, 0.8, 1.0, 1.5)
HEAT_LABELS = ("< 0.5", "0.5", "0.8", "1", "≥ 1.5")
ROW = 22
NAMES = 164


def heat_picture(evidence: Evidence) -> Picture:
    """Draw statistic / threshold for every feature, most moved first."""
    ranked = most_moved(evidence.drift.features)
    shown = ranked[:ROWS_AT_MOST]
    drifted = [feature.feature for feature in ranked if feature.drifted]
    left_out = f" The {len(shown)} most moved of {len(ranked)} features." if len(shown) < len(ranked) else ""
    height = 62 + ROW * max(len(shown), 1)
    return Picture(
        name="drift",
        title="Drift: each statistic over its threshold",
        caption=f"1 is the threshold. ● marks features that count as drifted: above a threshold, and still so after allowing for "
        f"how many "
        f"features are watched.{left_out}",
        alt=f"Heat map of {len(shown)} features by three statistics; {len(drifted)} "
        f"drifted{': ' + ', '.join(drifted) if drifted else ''}.",
        narrow=draw("drift-narrow", NARROW, height, lambda canvas: _paint_heat(canvas, shown)),
    )


def shapes_picture(evidence: Evidence) -> Picture | None:
    """Draw the training and the newest distribution of the most moved features; None without features."""
    shown = most_moved(evidence.drift.features)[:SHAPES_AT_MOST]
    if not shown:
        return None
    return Picture(
        name="shapes",
        title="Most moved features, then and now",
        caption="Share of rows per bin, from low to high values, for the features nearest to or above their thresholds. Grey: "
        "training rows; "
        "blue: newest window. The two outermost bins hold values outside the training range.",
        alt=f"Distributions in training and in the newest window for {', '.join(feature.feature for feature in shown)}.",
        narrow=draw("shapes-narrow", NARROW, 24 + 128 * -(-len(shown) // 2), lambda canvas: _paint_shapes(canvas, shown, 2)),
    )


def _paint_heat(canvas: Canvas, features: list[FeatureDrift]) -> None:
    axes = canvas.axes(NAMES, 24, canvas.width - NAMES, ROW * max(len(features), 1))
    axes.set_axis_off()
    axes.set_xlim(0, 3)
    axes.set_ylim(max(len(features), 1), 0)
    for i, title in enumerate(("PSI", "KS", "Wasserstein")):
        axes.text(i + 0.5, -0.35, title, ha="center", color=MUTED, size=9.8)
    for row, feature in enumerate(features):
        mark = "● " if feature.drifted else ""
        axes.text(
            -0.08, row + 0.66, mark + printable(feature.feature, 22), ha="right", weight="bold" if mark else "normal", size=10.5
        )
        for column, statistic in enumerate((feature.psi, feature.ks, feature.wasserstein)):
            _cell(axes, column, row, ratio(statistic))
    _heat_key(canvas, 24 + ROW * max(len(features), 1) + 24)


def _cell(axes: Axes, column: int, row: int, value: float) -> None:
    step = sum(value >= limit for limit in HEAT_STEPS)
    axes.add_patch(Rectangle((column + 0.02, row + 0.05), 0.96, 0.9, color=HEAT[step], linewidth=0))
    text = f"{value:.2f}" if isfinite(value) and value < 100 else "> 99"  # noqa: PLR2004  # two digits fit
    axes.text(
        column + 0.5, row + 0.66, text, ha="center", color=HEAT_INK[step], weight="bold" if value >= 1 else "normal", size=10.5
    )


def _heat_key(canvas: Canvas, top: float) -> None:
    width = (canvas.width - NAMES) / len(HEAT)
    canvas.text(NAMES - 6, top, "over threshold", colour=MUTED, size=10, align="right")
    for i, (colour, label) in enumerate(zip(HEAT, HEAT_LABELS, strict=True)):
        axes = canvas.axes(NAMES + i * width, top - 10, width, 12)
        axes.set_axis_off()
        axes.axvspan(0, 1, color=colour, linewidth=0)
        axes.text(0.5, 0.22, label, color=HEAT_INK[i], ha="center", size=9.5, transform=axes.transAxes)


def _paint_shapes(canvas: Canvas, features: list[FeatureDrift], columns: int) -> None:
    width = (canvas.width - 16 * (columns - 1)) / columns
    for i, colour, label in ((0, BASELINE, "training rows"), (1, MODEL, "newest window")):
        canvas.swatch(i * 110, 12, colour)
        canvas.text(i * 110 + 14, 12, label, colour=MUTED)
    for i, feature in enumerate(features):
        left, top = (i % columns) * (width + 16), 24 + 128 * (i // columns)
        canvas.text(left, top + 18, printable(feature.feature, 18), bold=feature.drifted)
        canvas.text(left + width, top + 18, _times(worst_ratio(feature)), colour=MUTED, size=10, align="right")
        _shape(canvas.axes(left, top + 26, width, 84), feature)


def _shape(axes: Axes, feature: FeatureDrift) -> None:
    axes.stairs(feature.reference, fill=True, color=GRID)
    axes.stairs(feature.reference, color=BASELINE, linewidth=1.2)
    axes.stairs(feature.current, color=MODEL, linewidth=2)
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.set_ylim(0, 1.08 * max([*feature.reference, *feature.current, 0.01]))
    axes.set_xlim(0, max(len(feature.reference), 1))
    axes.set_yticks([])
    axes.set_xticks([])
    axes.set_xlabel("low → high", color=MUTED, size=9.5)


def _times(value: float) -> str:
    return f"{value:.2f}\u00d7" if isfinite(value) and value < 100 else "> 99\u00d7"  # noqa: PLR2004  # two digits fit
