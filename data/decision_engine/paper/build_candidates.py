"""Build `candidates.json`: candidates on real bars of `data/eurusd_1h.csv`, with all features of `conf/features/bars_hourly.yaml`.

Features are computed bar by bar from the file's first bar, as the decision loop computes them. From the directory of dvc.yaml:

    python data/decision_engine/paper/build_candidates.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import convert, load_yaml, read_bytes, write_json
from bot_core.config.models import CsvBars, IndicatorFeatures
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec
from bot_core.runtime.bars import read_bars
from bot_core.runtime.records import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

OUT = Path("data/decision_engine/paper/candidates.json")
BARS, FEATURES = Path("conf/data/eurusd_1h.yaml"), Path("conf/features/bars_hourly.yaml")
PROPOSED = {
    "2017-09-20T08:00:00Z": ("balanced", 1_000.0),
    "2017-09-22T11:00:00Z": ("balanced", 2_500.0),
    "2017-10-12T23:00:00Z": ("conservative", 1_000.0),
    "2017-12-05T22:00:00Z": ("aggressive", 5_000.0),
    "2017-12-08T01:00:00Z": ("balanced", 90_000.0),
}
"""Bar → the risk profile and the notional of the candidate on it, none of the bars in the training part."""


def features() -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the features at each bar that a candidate is proposed on, with the bar's time."""
    bars = convert(load_yaml(read_bytes(BARS), str(BARS)), CsvBars, str(BARS))
    spec = FeatureSpec.of(convert(load_yaml(read_bytes(FEATURES), str(FEATURES)), IndicatorFeatures, str(FEATURES)))
    stream = OnlineFeatures(spec)
    for bar in read_bars(bars):
        values, time = stream.update(bar), f"{moment(bar.time):%Y-%m-%dT%H:%M:%SZ}"
        if values is not None and time in PROPOSED:
            yield time, dict(zip(spec.names, values, strict=True))


def candidates() -> list[dict[str, object]]:
    """Return the candidates. The expected return is a claim of nobody: the model's own takes its place."""
    return [
        {
            "strategy": "decision_engine",
            "action": "enter",
            "risk_profile": PROPOSED[time][0],
            "symbol": "eurusd",
            "notional": PROPOSED[time][1],
            "expected_return_bps": 0.0,
            "latency_ms": 20.0,
            "metadata": {"bar": time, "features": values},
        }
        for time, values in features()
    ]


if __name__ == "__main__":
    write_json(OUT, {"candidates": candidates()})
    print(f"{OUT}: {len(PROPOSED)} candidates")
