"""Faults and changes of known size, planted in features from a known row on, to see whether the drift alert notices.

| kind | from the row on |
| - | - |
| `mean` | so many standard deviations of the reference are added |
| `scale` | the distance from the reference's mean is so many times as large |
| `unit` | the value is so many times as large: a feed that changed its unit |
| `frozen` | the last value before stays |
| `zero` | missing values arrive as zeros |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot_core.ai.drift_statistics import Reference

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """One kind of change; `size` in standard deviations (`mean`) or as a factor (`scale`, `unit`), else not used."""

    kind: Literal["mean", "scale", "unit", "frozen", "zero"]
    size: float | None = None

    def plant(self, rows: Floats, start: int, reference: Reference) -> Floats:
        """Return a copy of `rows` (n, k) with every feature changed from row `start`, at least 1, on."""
        changed, size = rows.copy(), 1.0 if self.size is None else self.size
        after, mean = changed[start:], reference.columns.mean(axis=1)
        match self.kind:
            case "mean":
                after += size * reference.scale
            case "scale":
                after[:] = mean + size * (after - mean)
            case "unit":
                after *= size
            case "frozen":
                after[:] = rows[start - 1]
            case "zero":
                after[:] = 0.0
        return changed


MEANS = (0.5, 1.0, 2.0)
FAULTS = (Shift("scale", 2.0), Shift("unit", 100.0), Shift("frozen"), Shift("zero"))


def shifts(means: tuple[float, ...] = MEANS) -> tuple[Shift, ...]:
    """List what is tried: moved means by so many standard deviations, then the faults."""
    return (*(Shift("mean", size) for size in means), *FAULTS)
