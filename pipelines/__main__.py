"""All stages of some models in this one process, as `bot-core repro` starts it; what is asked comes on standard input."""

from __future__ import annotations

from bot_core.cli.boundary import guard, outcome
from bot_core.retraining.session import main

if __name__ == "__main__":
    guard(main, outcome)
