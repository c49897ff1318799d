"""Stage 9: a roster model's signals as events, out of sample, `data/<name>.parquet`, for a meta-label model to learn from.

It comes before stage 2 of every model. What it reads, it reads for itself, the model's raw file and its composed configuration: the
model's own stages wait for all of `data/`, and this table lies there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bot_core._parse import write_bytes
from bot_core.ai.threads import windows_at_once
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config, load_events
from bot_core.errors import ConfigError
from bot_core.metalabel.events import META_LABEL, build_events, read_bars

ROSTER = Path("params.yaml")


def main(name: str) -> None:
    """Make one table."""
    entry = load_events(ROSTER)[name]
    config = load_config(Path("build", entry.model, "config.json"))
    if config.data.path != entry.file:
        msg = f"{ROSTER}: events.{name}.file: expected {config.data.path}, which {entry.model} reads, got {entry.file}"
        raise ConfigError(msg, hint="name that file, so that DVC watches it")
    table = build_events(read_bars(config), config, entry.barriers, workers=windows_at_once(config.compute))
    target = Path("data", f"{name}.parquet")
    write_bytes(target, table.to_parquet(index=False))
    print(f"{target}: {len(table):,} signals of {entry.model}; {table[META_LABEL].mean():.1%} paid more than their costs")


if __name__ == "__main__":
    guard(main, sys.argv[1])
