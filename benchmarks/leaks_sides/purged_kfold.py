"""mlfinpy's `PurgedKFold` over the intervals of a file: run by the interpreter of its own environment, prints the tally as JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
from mlfinpy.cross_validation.cross_validation import PurgedKFold  # type: ignore[import-not-found]  # a peer: only in its own environment

from benchmarks.leaks_sides.intervals import Splitter, load, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmarks.leaks_sides.intervals import Intervals

    Index = NDArray[np.intp]

EMBARGO = 0.1  # its documentation's example
OWN_CHECK = "Train and test intersect"


def main(path: Path) -> None:
    """Tally, and say in the name how many splits it could not make."""
    refused: list[Intervals] = []
    found = tally(load(path), Splitter("", past_only=False, split=lambda s: splits(s, refused)))
    name = f"mlfinpy PurgedKFold ({found.splits:,} splits, then refused {len(refused):,} sets)"
    print(msgspec.json.encode(msgspec.structs.replace(found, splitter=name)).decode())


def splits(s: Intervals, refused: list[Intervals]) -> Iterator[tuple[Index, Index]]:
    """Make contiguous folds until its own check finds training rows among the test rows; its series maps a label's begin to its end."""
    spans = pd.Series(s.ends, index=s.times)
    splitter = PurgedKFold(n_splits=s.folds, samples_info_sets=spans, pct_embargo=EMBARGO)
    try:
        yield from ((np.asarray(train, dtype=np.intp), test) for train, test in splitter.split(spans.to_frame()))
    except Exception as error:  # its check raises the bare class
        if str(error) != OWN_CHECK:
            raise
        refused.append(s)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
