"""Stage 2: read the raw source as it stands into `build/<model>/data.parquet`. Nothing is repaired or dropped here."""

from __future__ import annotations

import sys
from pathlib import Path

from bot_core.cli.boundary import guard
from bot_core.config.load import load_config
from bot_core.data import sources


def main(model: str) -> None:
    """Read one model's source."""
    build = Path("build", model)
    config = load_config(build / "config.json").data
    frame = sources.read(config)
    frame.to_parquet(build / "data.parquet", index=False)
    print(f"{model}: {len(frame):,} rows of {config.instrument} from {config.path}")


if __name__ == "__main__":
    guard(main, sys.argv[1])
