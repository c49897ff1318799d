"""Stage 7: drift of the newest rows against the rows the model learned from, `build/<model>/drift.json`, and its plot's table."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bot_core._parse import read_json, write_bytes, write_json
from bot_core.ai.drift import assess_drift
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.documents.artifact import TrainedModel
from bot_core.features.dataset import FeatureDataset
from bot_core.reporting.plots import drift_csv


def main(model: str) -> None:
    """Compare one model's newest window with its training rows."""
    build = Path("build", model)
    config = load_config(build / "config.json").monitoring.drift
    dataset = FeatureDataset.read(build / "features.parquet")
    span = read_json(build / "model.json", TrainedModel).metadata.train
    first, last = (np.datetime64(time.rstrip("Z"), "us") for time in (span.first, span.last))
    learned_from = dataset.rows(np.flatnonzero((dataset.times >= first) & (dataset.times <= last)))
    report = assess_drift(learned_from, dataset.rows(slice(len(dataset) - config.window, None)), config, model=model)
    write_json(build / "drift.json", report)
    write_bytes(build / "drift.csv", drift_csv(report))
    print(f"{model}: drift {report.status}, {report.drifted_share:.0%} of {len(report.features)} features")


if __name__ == "__main__":
    guard(main, sys.argv[1])
