"""What a challenger changes: its figures beside the champion's, and the keys of the configuration that differ."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from bot_core.reporting.numerals import NONE, figure, percent
from bot_core.reporting.table import Row, Table, figures, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot_core.documents.scores import Scores

LONGEST = 80


@dataclass(frozen=True, slots=True)
class _Figure:
    name: str
    field: str
    more_is_better: bool = False
    has_unit: bool = False
    is_share: bool = False


_FIGURES = (
    _Figure("MAE", "mae", has_unit=True),
    _Figure("RMSE", "rmse", has_unit=True),
    _Figure("Brier", "brier"),
    _Figure("Log loss", "log_loss"),
    _Figure("AUC", "auc", more_is_better=True),
    _Figure("Direction", "directional_accuracy", more_is_better=True, is_share=True),
    _Figure("PnL, bps", "expected_pnl_bps", more_is_better=True),
)


def figures_table(parts: Mapping[str, tuple[Scores | None, Scores]], unit: str, caption: str) -> Table:
    """Put figures side by side, champion and challenger, with what the change means.

    Args:
        parts: the name of some rows → the champion's scores on its rows (None without one), and the challenger's.
        unit: of the errors; empty for probabilities.
        caption: of the table.
    """
    rows = tuple(row for name, (old, new) in parts.items() for row in _rows(name, old, new, unit))
    return Table(caption, (*words("Rows", "Figure"), *figures("Champion", "Challenger", "Change"), *words("Means")), rows)


def parameters_table(champion: Mapping[str, object], challenger: Mapping[str, object]) -> Table:
    """List the keys of two composed configurations whose values differ, in order of the key."""
    old, new = dict(_flat(champion)), dict(_flat(challenger))
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    rows = tuple(Row((key, _short(old.get(key)), _short(new.get(key)))) for key in keys)
    return Table("Parameters that differ", words("Key", "Champion", "Challenger"), rows)


def _rows(part: str, old: Scores | None, new: Scores, unit: str) -> Iterator[Row]:
    for kind in _FIGURES:
        ours, theirs = getattr(new, kind.field), getattr(old, kind.field) if old else None
        if ours is None and theirs is None:
            continue
        name = f"{kind.name}, {unit}" if kind.has_unit and unit else kind.name
        yield Row((part, name, _spelled(kind, theirs), _spelled(kind, ours), *_change(kind, theirs, ours)))


def _spelled(kind: _Figure, value: float | None) -> str:
    return percent(value) if kind.is_share else figure(value)


def _change(kind: _Figure, old: float | None, new: float | None) -> tuple[str, str]:
    """Say by what share of the champion's a figure changed, and whether that is good."""
    if old is None or new is None or not (isfinite(old) and isfinite(new)):
        return NONE, NONE
    share = percent((new - old) / abs(old), sign=True) if old else NONE
    if new == old:
        return share, "equal"
    return share, "better" if (new > old) == kind.more_is_better else "worse"


def _flat(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted keys with their values as JSON; the items of a list are known by their names, where they have some.

    >>> dict(_flat({"model": {"rounds": 50}, "features": [{"name": "rsi_14", "indicator": "rsi"}]}))
    {'model.rounds': '50', 'features[rsi_14].indicator': '"rsi"'}
    """
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        for item in value:
            rest = {name: inner for name, inner in item.items() if name != "name"}
            yield from _flat(rest, f"{key}[{item['name']}]")
    else:
        yield key, msgspec.json.encode(value).decode()


def _short(text: str | None) -> str:
    if text is None:
        return NONE
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
