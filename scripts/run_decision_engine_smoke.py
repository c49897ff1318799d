"""`bot-core smoke` under the name that the rollback runbook calls."""

import sys

from bot_core.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main(["smoke", *sys.argv[1:]]))
