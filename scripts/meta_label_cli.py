"""`bot-core meta-label` under the name that the machine-learning runbook calls."""

import sys

from bot_core.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main(["meta-label", *sys.argv[1:]]))
