"""The sentiment roster's last stage: the head on the held-out sentences, beside the lexicon, `build/sentences/figures.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot_core._parse import read_json, write_json
from bot_core.ai import families
from bot_core.ai.calibration import Platt
from bot_core.cli.boundary import guard
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.sentiment import SentimentFigures
from bot_core.errors import InputError
from bot_core.features.dataset import FeatureDataset
from bot_core.sentiment import lexicon, sentences
from bot_core.sentiment.head import joined
from bot_core.sentiment.report_figures import COLUMNS, LABELS, advantage, judged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.sentiment.sentences import Sentences

FIGURES = Path("build", "sentences", "figures.json")


def main() -> None:
    """Judge what was built."""
    given = sentences.read(sentences.folder())
    found = figures(given, joined(probabilities("sentiment_bearish", given), probabilities("sentiment_bullish", given)))
    write_json(FIGURES, found)
    print(f"head: {found.head.accuracy:.3f} of {found.held_out:,} held-out sentences; lexicon {found.lexicon.accuracy:.3f}")


def figures(given: Sentences, head: NDArray[np.float64]) -> SentimentFigures:
    """Compare (n, 3) probabilities of the held-out sentences with what the lexicon says, and with saying always the same."""
    truth = np.array(given.labels[-given.held_out :])
    learned = np.array(given.labels[: -given.held_out])
    by_head = np.asarray(COLUMNS)[head.argmax(axis=1)]
    by_lexicon = np.array([LABELS[lexicon.analyze(text).label] for text in given.texts[-given.held_out :]])
    by_majority = np.full(len(truth), np.bincount(learned).argmax())
    return SentimentFigures(
        learned_from=len(learned),
        held_out=len(truth),
        twins_left_out=given.twins,
        head=judged(by_head, truth, head),
        lexicon=judged(by_lexicon, truth),
        majority=judged(by_majority, truth),
        above_lexicon=advantage(by_head, by_lexicon, truth),
        above_majority=advantage(by_head, by_majority, truth),
    )


def probabilities(model: str, given: Sentences) -> NDArray[np.float64]:
    """Ask a trained model about the held-out rows, which must be exactly the rows that it was tested on.

    Raises:
        InputError: the model was divided otherwise.
    """
    trained = read_json(Path("build", model, "model.json"), TrainedModel)
    if trained.test_rows != given.held_out:
        msg = f"{model}: expected {given.held_out} test rows, the held-out sentences, got {trained.test_rows}"
        raise InputError(msg, hint="set validation.split in pipelines/sentiment/params.yaml to the files' sizes")
    held_out = FeatureDataset.read(Path("build", model, "features.parquet")).rows(slice(-given.held_out, None))
    predictions = families.predictor(trained.model_state)(held_out.values)
    c = trained.calibration
    return Platt(c.input, c.pivot, c.scale, c.slope, c.intercept, c.fitted_rows).probability(predictions)


if __name__ == "__main__":
    guard(main)
