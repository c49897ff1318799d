"""A day in paper, made short: a released model decides on its golden inputs, and its scheduler has run. For `make demo`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from bot_core._parse import read_json
from bot_core.ai.predictor import Predictor
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.documents.artifact import ModelArtifact
from bot_core.runtime.journal import JsonlTradingDecisionJournal, TradingDecisionEvent


def main(model: str, version: str, folder: str) -> None:
    """Decide, and write journal and scheduler's state into a folder."""
    place = Path(folder)
    place.mkdir()
    artifact = read_json(Path(f"models/{model}/{version}.json"), ModelArtifact)
    predictor = Predictor.load(artifact)  # it has replayed the golden vectors, or it is not ready
    with JsonlTradingDecisionJournal(place / "paper.jsonl") as journal:
        for golden in artifact.golden:
            probability = predictor.probability(predictor.predict(golden.features))
            journal.record(decision(model, version, probability))
    scheduler = RetrainingScheduler(dt.timedelta(days=1), persistence_path=place / "scheduler.json")
    scheduler.mark_executed(dt.datetime.now(dt.UTC))


def decision(model: str, version: str, probability: float) -> TradingDecisionEvent:
    """Accept what is more likely than not."""
    return TradingDecisionEvent(
        event_type="decision",
        timestamp=dt.datetime.now(dt.UTC),
        environment="paper",
        portfolio="demo",
        risk_profile="demo",
        status="accepted" if probability > 0.5 else "rejected",  # noqa: PLR2004  # one half
        confidence=probability,
        metadata={"model": model, "version": version, "is_ready": True, "arm": "learned"},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
