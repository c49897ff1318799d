"""Error and profit, walk-forward window by window, along true time: the model blue, its best baseline grey, worse orange."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot_core.reporting.canvas import BASELINE, INK, MODEL, MUTED, PHONE, WIDE, WORSE, Canvas, Picture, boxes, draw, printable
from bot_core.reporting.loss import improvements, loss_name, loss_of, loss_unit
from bot_core.reporting.numerals import MINUS, figure, percent
from bot_core.reporting.time_axis import days, dress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from bot_core.documents.walk_forward import WalkForwardReport
    from bot_core.reporting.evidence import Evidence

LEFT, RIGHT = 46, 6


@dataclass(frozen=True, slots=True)
class Spans:
    """Where each test window starts and how long it is, in days."""

    starts: tuple[float, ...]
    widths: tuple[float, ...]

    @property
    def ends(self) -> list[float]:
        """Return where each window ends."""
        return [start + width for start, width in zip(self.starts, self.widths, strict=True)]


def error_picture(evidence: Evidence) -> Picture:
    """Draw the deciding loss per window, and below it how much lower than the best baseline's it is."""
    report = evidence.walk_forward
    gains = improvements(report)
    better = sum(gain is not None and gain > 0 for gain in gains)
    pooled = report.comparison.improvement
    return Picture(
        name="error",
        title="Error per window, against the best baseline",
        caption=f"Above: {loss_name(report)} of the model and of its best baseline. Below: by how much the model's is lower; "
        f"orange bars are "
        "windows where the baseline was better. The dashed line is all windows together.",
        alt=f"Bars per test window: the model's {loss_name(report)} is lower than that of the baseline "
        f"{report.comparison.baseline} in {better} "
        f"of {len(gains)} windows; over all rows it is {percent(abs(pooled))} "
        f"{'lower' if pooled > 0 else 'higher' if pooled < 0 else 'apart'}.",
        narrow=draw("error-narrow", PHONE, 300, lambda canvas: _paint_error(canvas, report)),
        wide=draw("error-wide", WIDE, 320, lambda canvas: _paint_error(canvas, report)),
    )


def pnl_picture(evidence: Evidence) -> Picture | None:
    """Draw the mean PnL per window after costs; None for a target without a payoff."""
    report = evidence.walk_forward
    if report.pooled.expected_pnl_bps is None:
        return None
    won = sum((window.model.expected_pnl_bps or 0.0) > 0 for window in report.windows)
    pooled = figure(report.pooled.expected_pnl_bps, digits=3, sign=True)
    return Picture(
        name="pnl",
        title="Profit or loss per window, after costs",
        caption=f"Mean over all rows of a window, after {figure(report.round_trip_cost_bps, digits=2)} bps per round trip. The "
        f"grey mark is what the "
        "best baseline's side would have earned; the dashed line is all windows together.",
        alt=f"Bars per test window: profit after costs is above zero in {won} of {len(report.windows)} windows; {pooled} bps a "
        f"row over all.",
        narrow=draw("pnl-narrow", PHONE, 210, lambda canvas: _paint_pnl(canvas, report)),
        wide=draw("pnl-wide", WIDE, 230, lambda canvas: _paint_pnl(canvas, report)),
    )


def _paint_error(canvas: Canvas, report: WalkForwardReport) -> None:
    spans = _spans(report)
    unit = f", {printable(loss_unit(report))}" if loss_unit(report).isascii() else f", {report.unit}²"
    upper = canvas.height * 0.42
    canvas.text(LEFT, 12, f"{loss_name(report).capitalize()}{unit if loss_unit(report) else ''}", bold=True)
    _legend(canvas, 30, f"best baseline ({printable(report.comparison.baseline, 18)})")
    level = canvas.axes(LEFT, 42, canvas.width - LEFT - RIGHT, upper - 42)
    theirs = [window.baselines.get(report.comparison.baseline) for window in report.windows]
    _levels(level, spans, [None if scores is None else loss_of(scores, report) for scores in theirs], BASELINE, 5)
    _levels(level, spans, [loss_of(window.model, report) for window in report.windows], MODEL, 2.5)
    _dress(canvas, level, spans)
    level.set_xticks([])
    level.margins(y=0.15)
    canvas.text(LEFT, upper + 30, "Lower than the baseline's, %", bold=True)
    gain = canvas.axes(LEFT, upper + 42, canvas.width - LEFT - RIGHT, canvas.height - upper - 42 - 24)
    _bars(gain, spans, [100 * (share or 0.0) for share in improvements(report)], 100 * report.comparison.improvement)
    _dress(canvas, gain, spans)


def _paint_pnl(canvas: Canvas, report: WalkForwardReport) -> None:
    spans = _spans(report)
    canvas.text(LEFT, 12, "Expected PnL, bps per row", bold=True)
    _legend(canvas, 30, f"best baseline ({printable(report.comparison.baseline, 18)})")
    axes = canvas.axes(LEFT, 42, canvas.width - LEFT - RIGHT, canvas.height - 42 - 24)
    _bars(axes, spans, [window.model.expected_pnl_bps or 0.0 for window in report.windows], report.pooled.expected_pnl_bps or 0.0)
    rivals = [window.baselines.get(report.comparison.baseline) for window in report.windows]
    _levels(axes, spans, [None if rival is None else rival.expected_pnl_bps for rival in rivals], BASELINE, 3)
    _dress(canvas, axes, spans)


def _spans(report: WalkForwardReport) -> Spans:
    starts = [days(window.test_first) for window in report.windows]
    ends = [days(window.test_last) for window in report.windows]
    return Spans(tuple(starts), tuple(max(end - start, 1e-3) for start, end in zip(starts, ends, strict=True)))


def _levels(axes: Axes, spans: Spans, values: Sequence[float | None], colour: str, width: float) -> None:
    """Draw one level line per window, all as one path."""
    x = [
        at
        for start, length in zip(spans.starts, spans.widths, strict=True)
        for at in (start + 0.06 * length, start + 0.94 * length, nan)
    ]
    y = [level for value in values for level in ([nan] * 3 if value is None else [value, value, nan])]
    axes.plot(x, y, color=colour, linewidth=width, solid_capstyle="butt")


def _bars(axes: Axes, spans: Spans, values: Sequence[float], pooled: float) -> None:
    bars = [
        (start + 0.12 * length, 0.0, 0.76 * length, value)
        for start, length, value in zip(spans.starts, spans.widths, values, strict=True)
    ]
    boxes(axes, [bar for bar in bars if bar[3] >= 0], MODEL)
    boxes(axes, [bar for bar in bars if bar[3] < 0], WORSE)
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.axhline(pooled, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.margins(y=0.12)


def _dress(canvas: Canvas, axes: Axes, spans: Spans) -> None:
    dress(canvas, axes, min(spans.starts), max(spans.ends))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))
    axes.grid(axis="y")


def _tick(value: float, _: int | None = None) -> str:
    return f"{value:,.4g}".replace("-", MINUS)


def _legend(canvas: Canvas, top: float, baseline: str) -> None:
    canvas.swatch(LEFT, top, MODEL)
    canvas.text(LEFT + 14, top, "model", colour=MUTED)
    canvas.swatch(LEFT + 62, top, BASELINE)
    canvas.text(LEFT + 76, top, baseline, colour=MUTED)
