"""The table every stage after `featurize` works on. It knows times, label ends, a target and numbers; not what a bar is.

Columns: `time`, `label_end`, `target`, `payoff` (only where the target has one), then one float column per feature, in order.
Rows are in order of time. The newest rows carry no label yet (`label_end` NaT, `target` and `payoff` NaN): they can be decided, not
learned from. Features are finite everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RESERVED = ("time", "label_end", "target", "payoff")


@dataclass(frozen=True, slots=True)
class FeatureStats:
    """Mean, population standard deviation, smallest and largest value of one feature."""

    mean: float
    stdev: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FeatureDataset:
    """n rows: `times` and `label_ends` (n,) datetime64[us] UTC; `targets`, `payoffs` (n,) or None; `values` (n, k), C order."""

    feature_names: tuple[str, ...]
    times: NDArray[np.datetime64]
    label_ends: NDArray[np.datetime64]
    targets: NDArray[np.float64]
    values: NDArray[np.float64]
    payoffs: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def feature_stats(self) -> dict[str, FeatureStats]:
        """Per feature, over all rows of this dataset; take `rows(...)` of the training part for training statistics."""
        columns = zip(self.feature_names, self.values.T, strict=True)
        return {name: FeatureStats(float(x.mean()), float(x.std()), float(x.min()), float(x.max())) for name, x in columns}

    @property
    def target_scale(self) -> float:
        """Population standard deviation of the target over the labelled rows, in the target's unit."""
        return float(np.nanstd(self.targets))

    def labelled(self) -> FeatureDataset:
        """Keep the rows whose label is known."""
        return self.rows(np.flatnonzero(~np.isnat(self.label_ends)))

    def rows(self, index: NDArray[np.intp] | slice) -> FeatureDataset:
        """Keep some rows, by position."""
        payoffs = None if self.payoffs is None else self.payoffs[index]
        return FeatureDataset(
            self.feature_names, self.times[index], self.label_ends[index], self.targets[index], self.values[index], payoffs
        )

    def write(self, path: Path) -> None:
        """Write the table as Parquet; the same dataset gives the same bytes."""
        columns: dict[str, object] = {"time": self.times, "label_end": self.label_ends, "target": self.targets}
        if self.payoffs is not None:
            columns["payoff"] = self.payoffs
        columns |= {name: self.values[:, i] for i, name in enumerate(self.feature_names)}
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(columns).to_parquet(path, index=False)

    @classmethod
    def read(cls, path: Path) -> FeatureDataset:
        """Read what `write` wrote.

        Raises:
            DatasetError: the file is missing.
        """
        if not path.is_file():
            msg = f"{path}: expected the features of a model, got no file"
            raise DatasetError(msg, hint="dvc repro")
        frame = pd.read_parquet(path)
        names = tuple(str(c) for c in frame.columns if c not in RESERVED)
        return cls(
            feature_names=names,
            times=frame["time"].to_numpy("datetime64[us]"),
            label_ends=frame["label_end"].to_numpy("datetime64[us]"),
            targets=frame["target"].to_numpy(np.float64),
            values=np.ascontiguousarray(frame[list(names)].to_numpy(np.float64)),
            payoffs=frame["payoff"].to_numpy(np.float64) if "payoff" in frame.columns else None,
        )
