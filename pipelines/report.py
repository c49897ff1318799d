"""Stage 8: the pages people read, `build/<model>/card.html` and `card.md`, and the figures git keeps, `metrics.json`."""

from __future__ import annotations

import sys
from pathlib import Path

from bot_core._parse import write_bytes, write_json
from bot_core.cli.boundary import guard
from bot_core.reporting.card import render_card, render_markdown
from bot_core.reporting.evidence import read_evidence
from bot_core.reporting.metrics import summary_metrics


def main(model: str) -> None:
    """Render one model's pages."""
    build = Path("build", model)
    evidence = read_evidence(build, model)
    write_bytes(build / "card.html", render_card(evidence).encode())
    write_bytes(build / "card.md", render_markdown(evidence).encode())
    write_json(build / "metrics.json", summary_metrics(evidence))
    print(f"{model}: {build / 'card.html'}")


if __name__ == "__main__":
    guard(main, sys.argv[1])
