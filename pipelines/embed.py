"""The sentiment roster's second stage: every sentence's vector with its labels, `build/<model>/data.parquet` for both models.

A table of events like any other, so that the pipeline's own pages do the rest. A sentence's place in the fixed order stands for its time, a
minute each, and its label is known before the next sentence comes, never with its own. Times carry no other meaning.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.progress import track

from bot_core.cli.boundary import guard
from bot_core.data.contracts import LABEL, LABEL_END, TIME, UTC_TIME, check_events
from bot_core.sentiment import embedding, sentences, snapshot_package

if TYPE_CHECKING:
    from bot_core.sentiment.sentences import Sentences

MODELS = {"sentiment_bearish": "bearish", "sentiment_bullish": "bullish"}
START = np.datetime64("2000-01-01T00:00", "us")


def main() -> None:
    """Read all sentences once and write a table per model."""
    given = sentences.read(sentences.folder())
    files = snapshot_package.read()
    model = embedding.load(files["model.onnx"], files["tokenizer.json"])
    vectors = np.concatenate([model.embed([text]) for text in track(given.texts, description="embedding", transient=True)])
    for name, subject in MODELS.items():
        path = Path("build", name, "data.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        table(given, vectors, sentences.CLASSES.index(subject)).to_parquet(path, index=False)
    print(f"{len(given):,} sentences, {given.held_out:,} of them held out, {vectors.shape[1]} numbers each")


def table(given: Sentences, vectors: np.ndarray[tuple[int, int], np.dtype[np.float64]], subject: int) -> pd.DataFrame:
    """Return the table of events of one class against the others."""
    times = pd.Series(START + np.arange(len(given)) * np.timedelta64(1, "m")).dt.tz_localize("UTC").astype(UTC_TIME)
    labels = (np.array(given.labels) == subject).astype(np.float64)
    columns = {f"e{place:03d}": vectors[:, place] for place in range(vectors.shape[1])}
    return check_events(
        pd.DataFrame({TIME: times, LABEL_END: times + pd.Timedelta(30, "s").as_unit("us"), LABEL: labels, **columns}), "sentences"
    )


if __name__ == "__main__":
    guard(main)
