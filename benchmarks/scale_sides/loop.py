"""The plain loop: every stage of every model of the roster, called in one process, nothing asked, hashed or recorded."""

from __future__ import annotations

from pathlib import Path

from bot_core.config.load import load_roster
from pipelines import check_data, code, compose, featurize, ingest, monitor, report, train, walk_forward

STAGES = (compose, ingest, check_data, featurize, train, walk_forward, monitor, report)


def main() -> None:
    """Run the stages of the roster in the working directory."""
    code.main()
    for model in load_roster(Path("params.yaml")):
        for stage in STAGES:
            stage.main(model)


if __name__ == "__main__":
    main()
