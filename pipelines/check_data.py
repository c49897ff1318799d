"""Stage 3: judge the raw data, `build/<model>/data_quality.json`. Critical data stops this model here; the report stays."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from bot_core._parse import write_json
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.data.quality import assess
from bot_core.errors import QualityError


def main(model: str) -> None:
    """Assess one model's data."""
    build = Path("build", model)
    config = load_config(build / "config.json")
    report = assess(pd.read_parquet(build / "data.parquet"), config.data, config.monitoring.quality, model)
    target = build / "data_quality.json"
    write_json(target, report)
    if report.status == "critical":
        worst = "; ".join(finding.message for finding in report.remaining if finding.status == "critical")
        msg = f"{config.data.path}: expected data fit to learn from, got a critical data-quality report for {model}: {worst}"
        raise QualityError(
            msg, hint=f"read {target}; mend the source or declare a repair in conf/data/, then run `dvc repro` again"
        )
    print(f"{model}: data quality {report.status}, {report.usable_rows:,} of {report.rows:,} rows usable")


if __name__ == "__main__":
    guard(main, sys.argv[1])
