"""Tables of the drift alert's replay: what it says where nothing was planted, and how soon it sees what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.reporting.numerals import NONE, count, figure, percent
from bot_core.reporting.table import Column, Row, Table, figures, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.documents.drift import DriftBacktest, Planted, Replayed

NAMED_AT_MOST = 3
MISSED_AT_MOST = 2
HISTORIES = {"later": "Rows after training", "training": "Training rows themselves", "shuffled": "All rows, dealt anew"}


def alarms_table(backtest: DriftBacktest | None) -> Table:
    """List the histories without a planted shift; marked where more alerts are surely false than were declared."""
    columns = (
        *words("Replayed"),
        *figures("Windows", "Apart", "Warning", "Critical", "Alerts"),
        Column("Named most often", "prose"),
    )
    if backtest is None:
        return Table("", columns, ())
    rows = tuple(_alarms_row(history, backtest.declared) for history in backtest.histories)
    declared = percent(backtest.declared, decimals=0)
    return Table(f"Alerts where no shift was planted; declared: at most {declared} where nothing drifts", columns, rows)


def shifts_table(backtest: DriftBacktest | None) -> Table:
    """List the planted shifts with the share seen and the delays in rows."""
    delays = figures("Seen", "Median delay", "90\u00a0% within", "All: alert", "All: critical")
    columns = (*words("Planted"), *delays, Column("Missed most often", "prose"))
    if backtest is None:
        return Table("", columns, ())
    groups: dict[tuple[str, float | None], list[Planted]] = {}
    for found in backtest.shifts:
        groups.setdefault((found.shift, found.size), []).append(found)
    rows = tuple(_shift_row(group, backtest.horizon) for group in groups.values())
    return Table(_caption(backtest), columns, rows)


def _caption(backtest: DriftBacktest) -> str:
    trials = {found.features: found for found in backtest.shifts}
    counted = " and ".join(
        f"in {features}{_feature(features)} ({count(found.trials)} trials)" for features, found in trials.items()
    )
    left = sum(found.already for found in trials.values())
    without = f"; {count(left)} more alert without a shift" if left else ""
    return f"How quickly would a shift be seen? Rows until the alert, planted {counted}{without}"


def _feature(features: str) -> str:
    return " feature" if features == "one" else ""


def _alarms_row(history: Replayed, declared: float) -> Row:
    alerts = history.warning + history.critical
    share = alerts / history.windows if history.windows else None
    false = history.history != "later" and share is not None and share > declared
    counts = (history.windows, history.apart, history.warning, history.critical)
    cells = (HISTORIES[history.history], *(count(number) for number in counts), percent(share), _most(history.named, NAMED_AT_MOST))
    return Row(cells, "alert" if false else "")


def _shift_row(found: list[Planted], horizon: int) -> Row:
    (one,) = (part for part in found if part.features == "one")
    both = (part for alert in ("any", "critical") for part in found if part.features == "all" and part.alert == alert)
    seen = percent(one.detected / one.trials) if one.trials else NONE
    delays = [delay(one, one.median, horizon), delay(one, one.p90, horizon), *(delay(part, part.p90, horizon) for part in both)]
    return Row((spelled(one), seen, *delays, _most(one.missed, MISSED_AT_MOST)))


def spelled(found: Planted) -> str:
    """Name a shift: `mean +0.5 deviations`."""
    match found.shift:
        case "mean":
            return f"mean {_number(found.size, sign=True)} deviation{'s' * (found.size != 1.0)}"
        case "scale":
            return f"spread \u00d7 {_number(found.size)}"
        case "unit":
            return f"unit \u00d7 {_number(found.size)}"
        case "frozen":
            return "frozen at its last value"
        case "zero":
            return "missing, filled with zero"


def _number(size: float | None, *, sign: bool = False) -> str:
    text = figure(size, digits=3, sign=sign)
    return text.rstrip("0").rstrip(".") if "." in text else text


def delay(found: Planted, rows: int | None, horizon: int) -> str:
    """Spell a delay in rows; what was not seen within the horizon is more, and without trials there is none."""
    if not found.trials:
        return NONE
    return f"> {count(horizon)}" if rows is None else count(rows)


def _most(counts: Mapping[str, int], at_most: int) -> str:
    shown = [f"{name} {number}" for name, number in list(counts.items())[:at_most]]
    more = len(counts) - len(shown)
    return (", ".join(shown) + (f" and {more} more" if more else "")) or NONE
