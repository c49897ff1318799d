"""After stage 6, by hand or in a retraining run: hold what was built against the champion, `build/<model>/contest.json`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from bot_core._parse import write_json
from bot_core.cli.boundary import guard
from bot_core.config.jobs import load_schedule
from bot_core.retraining.champion import champion_of
from bot_core.retraining.holding import hold


def main(model: str) -> None:
    """Judge one challenger by what `conf/schedule/` asks of it."""
    rules = load_schedule(Path(), model).proposal
    champion = champion_of(Path(), model, rules.environment, dt.datetime.now(dt.UTC))
    report = hold(Path(), model, champion, rules)
    write_json(Path("build", model, "contest.json"), report)
    against = f"against {champion}" if champion else "without a champion"
    print(f"{model}: {report.verdict} {against}: {report.reason}")


if __name__ == "__main__":
    guard(main, sys.argv[1])
