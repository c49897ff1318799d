"""The table that ends a run: one model a row, its unseen error beside its best baseline's, and where its page is.

Two lines a row keep it within 120 columns. A model whose pipeline stopped has its reason in place of figures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from bot_core._digest import sha256, short
from bot_core._parse import encode_json
from bot_core.reporting.loss import loss_unit
from bot_core.reporting.metrics import significant
from bot_core.reporting.numerals import NONE, PERCENT, figure, interval, p_value, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.documents.artifact import TrainedModel
    from bot_core.documents.data_quality import DataQualityReport
    from bot_core.documents.drift import DriftReport
    from bot_core.documents.walk_forward import WalkForwardReport
    from bot_core.reporting.metrics import Metric

COLOURS = {"ok": "green", "warning": "yellow", "critical": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One model. `error` is the deciding loss; `stopped` says why there are no figures, None is a figure that was not made."""

    model: str
    page: str
    stopped: str = ""
    version: str | None = None
    instrument: str | None = None
    target: str | None = None
    unit: str | None = None
    error: float | None = None
    error_unit: str | None = None
    baseline: str | None = None
    baseline_error: float | None = None
    improvement: float | None = None
    p_value: float | None = None
    beats_baseline: bool | None = None
    directional_accuracy: float | None = None
    directional_accuracy_low: float | None = None
    directional_accuracy_high: float | None = None
    expected_pnl_bps: float | None = None
    data_quality: str | None = None
    drift: str | None = None


def roster_row(
    model: str,
    trained: TrainedModel | None,
    quality: DataQualityReport | None,
    walk_forward: WalkForwardReport | None,
    drift: DriftReport | None,
    page: str,
) -> RosterRow:
    """Build a model's row from the documents its pipeline left; None for those it did not come to.

    Critical data stops a pipeline, so documents beside a critical report are an earlier run's and are not shown.

    Args:
        model: its name in the roster.
        trained: `model.json`; its version is the first eight digits of that file's SHA-256.
        quality: `data_quality.json`.
        walk_forward: `walk_forward.json`.
        drift: `drift.json`.
        page: path of the card.
    """
    if trained is None or walk_forward is None or drift is None or quality is None or quality.status == "critical":
        return _stopped_row(model, trained, quality, walk_forward, page)
    meta, pooled, duel = trained.metadata, walk_forward.pooled, walk_forward.comparison
    return RosterRow(
        model=model,
        page=page,
        version=short(sha256(encode_json(trained))),
        instrument=meta.instrument,
        target=meta.target,
        unit=meta.unit,
        error=duel.model_loss,
        error_unit=loss_unit(walk_forward),
        baseline=duel.baseline,
        baseline_error=duel.baseline_loss,
        improvement=duel.improvement,
        p_value=duel.p_value,
        beats_baseline=duel.beats_baseline,
        directional_accuracy=pooled.directional_accuracy,
        directional_accuracy_low=pooled.directional_accuracy_low,
        directional_accuracy_high=pooled.directional_accuracy_high,
        expected_pnl_bps=pooled.expected_pnl_bps,
        data_quality=quality.status,
        drift=drift.status,
    )


def roster_table(rows: Sequence[RosterRow]) -> Table:
    """Lay the rows out for a terminal of 120 columns; on 100 the words wrap and the figures stay whole. The pages follow below."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Unseen rows, walk-forward, against the best naive baseline")
    table.title_justify, table.title_style, table.caption_justify, table.caption_style = "left", "bold", "left", ""
    table.add_column("model\nversion, instrument", overflow="fold", min_width=16)
    table.add_column("predicts\nunit", overflow="fold", min_width=8)
    for name in ("error\nbest baseline", "lower by\nPnL, bps", "beats it\np-value", "direction\n95 % int."):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("data\ndrift", no_wrap=True)
    for row in rows:
        table.add_row(*(_stopped_cells(row) if row.stopped else _cells(row)))
    table.caption = Text("\n").join(_note(row) for row in rows)
    return table


def roster_json(rows: Sequence[RosterRow]) -> list[dict[str, Metric | None]]:
    """Return the rows as plain values; floats carry six significant digits."""
    return [{key: significant(value) if isinstance(value, float) else value for key, value in asdict(row).items()} for row in rows]


def _stopped_row(
    model: str, trained: TrainedModel | None, quality: DataQualityReport | None, walk_forward: WalkForwardReport | None, page: str
) -> RosterRow:
    return RosterRow(
        model=model,
        page=page,
        stopped=_reason(trained, quality, walk_forward),
        version=None if trained is None else short(sha256(encode_json(trained))),
        instrument=None if quality is None else quality.instrument,
        data_quality=None if quality is None else quality.status,
    )


def _reason(trained: TrainedModel | None, quality: DataQualityReport | None, walk_forward: WalkForwardReport | None) -> str:
    if quality is None:
        return "stopped: no data-quality report was written"
    if quality.status == "critical":
        critical = [finding for finding in quality.remaining if finding.status == "critical"]
        return "stopped: critical data" + "".join(f"; {finding.code}: {finding.message}" for finding in critical)
    if trained is None:
        return "stopped: no model was trained"
    return "stopped: no walk-forward report was written" if walk_forward is None else "stopped: no drift report was written"


def _cells(row: RosterRow) -> tuple[Text, ...]:
    side = interval(row.directional_accuracy_low, row.directional_accuracy_high).removesuffix(PERCENT)
    return (
        _pair(row.model, f"{row.version} {row.instrument}", "bold"),
        _pair(row.target or NONE, row.unit or NONE),
        _pair(f"{figure(row.error)} {row.error_unit}".strip(), f"{row.baseline} {figure(row.baseline_error)}"),
        _pair(percent(row.improvement, sign=True), figure(row.expected_pnl_bps, digits=3, sign=True)),
        _beats(row),
        _pair(percent(row.directional_accuracy), side),
        _states(row),
    )


def _stopped_cells(row: RosterRow) -> tuple[Text, ...]:
    name = _pair(row.model, f"{row.version or NONE} {row.instrument or NONE}", "bold")
    return (name, Text("stopped", style="bold red"), *[Text(NONE, style="dim")] * 4, _states(row))


def _beats(row: RosterRow) -> Text:
    p = NONE if row.p_value is None else p_value(row.p_value)
    return _pair("yes", p, "bold green") if row.beats_baseline else _pair("NO", p, "bold yellow")


def _note(row: RosterRow) -> Text:
    return Text(f"{row.model}: {row.stopped}", style="red") if row.stopped else Text(row.page)


def _pair(above: str, below: str, style: str = "") -> Text:
    return Text.assemble((above, style), "\n", (below, "dim"))


def _states(row: RosterRow) -> Text:
    states = [(state or NONE, COLOURS.get(state or "", "dim")) for state in (row.data_quality, row.drift)]
    return Text.assemble(states[0], "\n", states[1])
