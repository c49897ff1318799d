"""A real drift report of a shifted world: a model's newest window, every feature moved by three deviations. For `make demo`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from bot_core._parse import write_json
from bot_core.ai.drift import assess_drift
from bot_core.config.load import load_config
from bot_core.features.dataset import FeatureDataset


def main(model: str, target: str) -> None:
    """Assess and write."""
    build = Path("build", model)
    config = load_config(build / "config.json").monitoring.drift
    rows = FeatureDataset.read(build / "features.parquet")
    past, newest = rows.rows(slice(0, -config.window)), rows.rows(slice(-config.window, None))
    shifted = replace(newest, values=newest.values + 3.0 * past.values.std(axis=0))
    write_json(Path(target), assess_drift(past, shifted, config, model=model))


if __name__ == "__main__":
    main(*sys.argv[1:])
