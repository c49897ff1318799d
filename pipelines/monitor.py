"""Stage 7: drift of the newest rows against the rows the model learned from, with the alert's own replay over the rows between.

Writes `build/<model>/drift.json`, and its plot's table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from bot_core._parse import read_json, write_bytes, write_json
from bot_core.ai.drift import assess_drift, prepare_alarm
from bot_core.ai.drift_backtest import backtest, divide, long_enough
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.documents.artifact import TrainedModel
from bot_core.features.dataset import FeatureDataset
from bot_core.reporting.plots import drift_csv


def main(model: str) -> None:
    """Compare one model's newest window with its training rows, and try the alert that does it."""
    build = Path("build", model)
    config = load_config(build / "config.json").monitoring.drift
    dataset = FeatureDataset.read(build / "features.parquet")
    learned_from, later = divide(dataset, read_json(build / "model.json", TrainedModel).metadata.train)
    alarm = prepare_alarm(learned_from, config.window, config, model=model)
    newest = dataset.rows(slice(len(dataset) - config.window, None))
    report = assess_drift(learned_from, newest, config, model=model, alarm=alarm)
    if long_enough(later, config):
        report = msgspec.structs.replace(report, backtest=backtest(learned_from, later, config, alarm=alarm))
    write_json(build / "drift.json", report)
    write_bytes(build / "drift.csv", drift_csv(report))
    print(f"{model}: drift {report.status}, {report.drifted_share:.0%} of {len(report.features)} watched features")


if __name__ == "__main__":
    guard(main, sys.argv[1])
