"""All pictures of a card, in the order they are read. A picture whose figures do not exist for a model is left out."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from bot_core.reporting.canvas import BASELINE, INK, MODEL, MUTED, NARROW, SURFACE, Canvas, Picture, draw, printable
from bot_core.reporting.drift_pictures import heat_picture, shapes_picture
from bot_core.reporting.numerals import count, percent
from bot_core.reporting.score_tables import importance_shares
from bot_core.reporting.timeline import timeline_picture
from bot_core.reporting.window_pictures import error_picture, pnl_picture

if TYPE_CHECKING:
    from bot_core.documents.scores import ReliabilityBin
    from bot_core.reporting.evidence import Evidence

BARS_AT_MOST = 15
BAR = 22
NORMAL_95 = 1.959964
JOINED_FROM = 5


def pictures(evidence: Evidence) -> dict[str, Picture]:
    """Draw everything the evidence has figures for, by name."""
    drawn = (
        error_picture(evidence),
        pnl_picture(evidence),
        reliability_picture(evidence),
        importance_picture(evidence),
        heat_picture(evidence),
        shapes_picture(evidence),
        timeline_picture(evidence),
    )
    return {picture.name: picture for picture in drawn if picture is not None}


def reliability_picture(evidence: Evidence) -> Picture | None:
    """Draw predicted against observed success with 95 % intervals; None without calibrated rows."""
    report = evidence.walk_forward
    bins = [b for b in report.reliability if b.rows > 0]
    if not bins:
        return None
    thin = min(report.pooled.effective_rows / max(report.pooled.rows, 1), 1.0)
    worst = max(bins, key=lambda b: abs(b.predicted - b.observed) * sqrt(b.rows))
    return Picture(
        name="reliability",
        title="Does a probability mean what it says?",
        caption="Calibrated probability against how often it came true, on unseen rows. On the dashed line it means what it "
        "says; larger points hold "
        "more rows; whiskers are 95\u00a0% Wilson intervals on rows counted by label uniqueness.",
        alt=f"Reliability curve of {len(bins)} bins over {count(sum(b.rows for b in bins))} rows; furthest from the line: "
        f"predicted "
        f"{percent(worst.predicted)}, observed {percent(worst.observed)}.",
        narrow=draw("reliability-narrow", NARROW, 320, lambda canvas: _paint_reliability(canvas, bins, thin)),
    )


def importance_picture(evidence: Evidence) -> Picture | None:
    """Draw the largest shares of feature importance; None for a model that uses no feature."""
    shares = [(name, share) for name, share in importance_shares(evidence) if share > 0]
    if not shares:
        return None
    shown, rest = shares[:BARS_AT_MOST], shares[BARS_AT_MOST:]
    idle = len(evidence.trained.feature_names) - len(shares)
    unused = f" {idle} of {len(evidence.trained.feature_names)} features are not used." if idle else ""
    if rest:
        shown = [*shown, (f"{len(rest)} others", sum(share for _, share in rest))]
    return Picture(
        name="importance",
        title="What the model looks at",
        caption=f"Share of the model's total feature importance.{unused} A feature it looks at is not thereby a cause.",
        alt=f"Bars of feature importance: {', '.join(f'{name} {percent(share)}' for name, share in shown[:3])} lead.",
        narrow=draw(
            "importance-narrow", NARROW, 6 + BAR * len(shown), lambda canvas: _paint_importance(canvas, shown, others=bool(rest))
        ),
    )


def wilson(share: float, rows: float) -> tuple[float, float]:
    """Return the 95 % score interval of a share over so many rows.

    Source: Wilson, JASA 1927.
    """
    z2 = NORMAL_95**2
    centre = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = NORMAL_95 * sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows)) / (1 + z2 / rows)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _paint_reliability(canvas: Canvas, bins: list[ReliabilityBin], thin: float) -> None:
    axes = canvas.axes(44, 10, canvas.width - 54, canvas.height - 50)
    spread = [wilson(b.observed, max(b.rows * thin, 1.0)) for b in bins]
    low = min([b.predicted for b in bins] + [lo for lo, _ in spread]) - 0.02
    high = max([b.predicted for b in bins] + [hi for _, hi in spread]) + 0.02
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    joined = [b for b in bins if b.rows * thin >= JOINED_FROM]
    axes.plot([b.predicted for b in joined], [b.observed for b in joined], color=MODEL, linewidth=1.5)
    x, y = [b.predicted for b in bins], [b.observed for b in bins]
    axes.vlines(x, [lo for lo, _ in spread], [hi for _, hi in spread], colors=MODEL, linewidth=1.5, alpha=0.55)
    sizes = [18 + 110 * b.rows / max(b.rows for b in bins) for b in bins]
    axes.scatter(x, y, s=sizes, color=MODEL, edgecolor=SURFACE, linewidth=1.5, zorder=3)
    axes.set(xlim=(low, high), ylim=(low, high), xlabel="predicted probability", ylabel="came true, share of rows")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid()


def _paint_importance(canvas: Canvas, shares: list[tuple[str, float]], *, others: bool) -> None:
    names, right = 164, 52
    axes = canvas.axes(names, 0, canvas.width - names - right, canvas.height)
    largest = max(share for _, share in shares)
    colours = [MODEL] * (len(shares) - others) + [BASELINE] * others
    axes.barh(range(len(shares)), [share for _, share in shares], height=0.62, color=colours, linewidth=0)
    axes.set(xlim=(0, largest), ylim=(len(shares) - 0.45, -0.55), xticks=[], yticks=[])
    for row, (name, share) in enumerate(shares):
        canvas.text(names - 8, BAR * row + 15.5, printable(name, 22), align="right", colour=INK, size=10.5)
        canvas.text(
            names + (canvas.width - names - right) * share / largest + 6, BAR * row + 15.5, percent(share), colour=MUTED, size=10.5
        )
