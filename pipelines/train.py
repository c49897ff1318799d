"""Stage 5: learn, `build/<model>/model.json`: everything learned, no clock and no commit in it."""

from __future__ import annotations

import sys
from pathlib import Path

from bot_core._digest import sha256_file
from bot_core._parse import write_json
from bot_core.ai.training import Origin, train_model
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.features.dataset import FeatureDataset


def main(model: str) -> None:
    """Train one model."""
    build = Path("build", model)
    config = load_config(build / "config.json")
    origin = Origin(model, config.data.instrument, sha256_file(build / "data.parquet"), sha256_file(build / "features.parquet"))
    trained = train_model(FeatureDataset.read(build / "features.parquet"), config, origin)
    write_json(build / "model.json", trained)
    error = f"{trained.metrics.test.mae:.4g} {trained.metadata.unit}"
    rounds = f"{trained.metadata.rounds} rounds on " if trained.backend == "lightgbm" else ""
    print(f"{model}: {rounds}{trained.training_rows:,} training rows; test MAE {error}")


if __name__ == "__main__":
    guard(main, sys.argv[1])
