"""Stage 6: out-of-sample evidence window by window, `build/<model>/walk_forward.json`, and the tables behind its plots."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import track

from bot_core._parse import write_bytes, write_json
from bot_core.ai.task import task_of
from bot_core.ai.threads import windows_at_once
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.features.dataset import FeatureDataset
from bot_core.reporting.plots import reliability_csv, windows_csv

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.ai.validation import Outcome


def progress(model: str, outcomes: Iterable[Outcome], total: int) -> Iterable[Outcome]:
    """Show the windows as they finish; on a terminal only, and gone when done."""
    return track(outcomes, description=f"{model}: walk-forward", total=total, transient=True)


def main(model: str) -> None:
    """Validate one model's configuration."""
    build = Path("build", model)
    config = load_config(build / "config.json")
    evidence = config.validation
    shape = evidence.walk_forward
    plan = WalkForwardPlan(shape.windows, duration(evidence.embargo), shape.mode, shape.first_train_share)
    validator = WalkForwardValidator(FeatureDataset.read(build / "features.parquet"), task_of(config.target), plan)
    report = validator.validate(
        config.model, evidence, name=model, workers=windows_at_once(config.compute), watch=partial(progress, model)
    )
    write_json(build / "walk_forward.json", report)
    write_bytes(build / "windows.csv", windows_csv(report))
    write_bytes(build / "reliability.csv", reliability_csv(report))
    found = report.comparison
    verdict = "beats" if found.beats_baseline else "does not beat"
    print(f"{model}: {len(report.windows)} windows; {verdict} {found.baseline} ({found.improvement:+.1%}, p = {found.p_value:.3f})")


if __name__ == "__main__":
    guard(main, sys.argv[1])
