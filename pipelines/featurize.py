"""Stage 4: apply the declared repairs and compute features and target, `build/<model>/features.parquet`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.data.repairs import repair, require_usable
from bot_core.features.featurize import featurize


def main(model: str) -> None:
    """Build one model's dataset."""
    build = Path("build", model)
    config = load_config(build / "config.json")
    frame, _ = repair(pd.read_parquet(build / "data.parquet"), config.data)
    require_usable(frame, config.data)
    dataset = featurize(frame, config.features, config.target)
    dataset.write(build / "features.parquet")
    print(f"{model}: {len(dataset):,} rows of {len(dataset.feature_names)} features")


if __name__ == "__main__":
    guard(main, sys.argv[1])
