"""Stage of tables with news, `data/<name>.parquet`: a roster model's bars and features with what was said by each bar's close.

Scores come as numbers, or as texts that are scored here, once each: `build/beside/scores.jsonl` keeps what was said.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from bot_core._parse import convert, load_yaml, read_bytes, write_bytes
from bot_core.cli.boundary import guard
from bot_core.config.beside import Beside
from bot_core.config.load import load_config
from bot_core.errors import ConfigError, InputError
from bot_core.sentiment import FinBERTLite
from bot_core.sentiment.joining import FEATURES, PUBLISHED, SCORE, TEXT, Scores
from bot_core.sentiment.joining_table import with_scores
from bot_core.sentiment.sentences_scored import score

TABLES = Path("pipelines", "sentiment", "beside.yaml")
KEPT = Path("build", "beside", "scores.jsonl")


def main(name: str) -> None:
    """Make one table."""
    entry = convert(load_yaml(read_bytes(TABLES), str(TABLES)), Beside, str(TABLES), error=ConfigError).beside[name]
    config = load_config(Path("build", entry.model, "config.json"))
    if config.data.path != entry.file:
        msg = f"{TABLES}: beside.{name}.file: expected {config.data.path}, which {entry.model} reads, got {entry.file}"
        raise ConfigError(msg, hint="name that file, so that DVC watches it")
    table = with_scores(config, read_scores(Path(entry.scores)), entry)
    target = Path("data", f"{name}.parquet")
    write_bytes(target, table.to_parquet(index=False))
    print(f"{target}: {len(table):,} bars of {entry.model}, {(table[FEATURES[-1]] > 0).mean():.1%} with a score")


def read_scores(path: Path) -> Scores:
    """Read a table of scores, or of texts, CSV or Parquet by its suffix.

    Raises:
        InputError: no such file, another suffix, or a column that is not what it should be.
    """
    if path.suffix not in {".csv", ".parquet"} or not path.is_file():
        msg = f"{path}: expected a CSV or Parquet file of scores, got {'another suffix' if path.is_file() else 'no file'}"
        raise InputError(msg, hint=f"columns: {PUBLISHED}, and {SCORE} or {TEXT}")
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    if PUBLISHED in frame.columns and frame[PUBLISHED].dtype.kind != "M":
        frame[PUBLISHED] = pd.to_datetime(frame[PUBLISHED], format="ISO8601", utc=True, errors="coerce").astype(
            "datetime64[us, UTC]"
        )
    if TEXT in frame.columns and SCORE not in frame.columns:
        model = FinBERTLite()
        texts = frame[TEXT].astype(str).tolist()
        frame[SCORE] = score(texts, model.warm(), lambda missing: [one.score for one in model.analyze_batch(missing)], KEPT)
    return Scores.of(frame)


if __name__ == "__main__":
    guard(main, sys.argv[1])
