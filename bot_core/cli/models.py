"""`bot-core models`: where every model of the roster stands, from the reports in `build/`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from rich.console import Console

from bot_core._parse import read_json
from bot_core.config.load import load_roster
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.reporting.roster import roster_json, roster_row, roster_table

if TYPE_CHECKING:
    import argparse

    from bot_core.reporting.roster import RosterRow

T = TypeVar("T")

PRINTED_WIDTH = 120  # of a log or a file, where there is no terminal to ask

EPILOG = "figures are out-of-sample (walk-forward, pooled); the baseline is the best of five naive ones; `dvc repro` refreshes them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the width."""
    parser.add_argument("--width", type=int, default=None, help="columns of the table (default: the terminal's)")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    rows = [_row(model) for model in load_roster(Path("params.yaml"))]
    if arguments.format == "json":
        print(msgspec.json.format(msgspec.json.encode(roster_json(rows)), indent=2).decode())
    else:
        Console(width=arguments.width or (None if sys.stdout.isatty() else PRINTED_WIDTH)).print(roster_table(rows))
    return 0


def _row(model: str) -> RosterRow:
    build = Path("build", model)
    return roster_row(
        model,
        trained=_read(build / "model.json", TrainedModel),
        quality=_read(build / "data_quality.json", DataQualityReport),
        walk_forward=_read(build / "walk_forward.json", WalkForwardReport),
        drift=_read(build / "drift.json", DriftReport),
        page=str(build / "card.html"),
    )


def _read(path: Path, kind: type[T]) -> T | None:
    return read_json(path, kind) if path.is_file() else None
