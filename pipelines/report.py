"""Stage 8: the pages people read, `build/<model>/card.html` and `card.md`, and the figures git keeps, `metrics.json`."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from bot_core._digest import sha256_file
from bot_core._parse import load_yaml, read_bytes, read_json, write_bytes, write_json
from bot_core.cli.boundary import guard
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.reporting.card import render_card, render_markdown
from bot_core.reporting.evidence import Evidence
from bot_core.reporting.metrics import summary_metrics

NAMED = ("config.json", "data.parquet", "features.parquet", "model.json", "data_quality.json", "walk_forward.json", "drift.json")


def main(model: str) -> None:
    """Render one model's pages."""
    build = Path("build", model)
    evidence = Evidence(
        model=model,
        config_text=yaml.safe_dump(load_yaml(read_bytes(build / "config.json"), "config.json"), sort_keys=False, width=120),
        trained=read_json(build / "model.json", TrainedModel),
        quality=read_json(build / "data_quality.json", DataQualityReport),
        walk_forward=read_json(build / "walk_forward.json", WalkForwardReport),
        drift=read_json(build / "drift.json", DriftReport),
        digests={name: sha256_file(build / name) for name in NAMED},
    )
    write_bytes(build / "card.html", render_card(evidence).encode())
    write_bytes(build / "card.md", render_markdown(evidence).encode())
    write_json(build / "metrics.json", summary_metrics(evidence))
    print(f"{model}: {build / 'card.html'}")


if __name__ == "__main__":
    guard(main, sys.argv[1])
