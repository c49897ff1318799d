"""Behind the sentiment roster's stages, by hand: release its two models and write the head that ships, `bot_core/sentiment/heads/`.

The release is that of any model: `models/` and `audit/` get what they get of others, and inputs that are not committed are refused. The
head's record says what its artifacts' digests are, what they learned from, and how good they are.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from bot_core._digest import sha256, sha256_file, sha256_pairs
from bot_core._parse import decode_json, read_bytes, read_json, write_bytes, write_json
from bot_core.cli.boundary import guard
from bot_core.documents.artifact import ModelArtifact
from bot_core.documents.sentiment import SentimentFigures, SentimentHead
from bot_core.errors import ReleaseError
from bot_core.governance.release import release
from bot_core.sentiment import snapshot_package
from bot_core.sentiment.head import BEARISH, BULLISH, PACKAGED, RECORD, load

BUILD = Path("build")
TARGET = Path("bot_core", "sentiment", PACKAGED.name)


def main(target: str = str(TARGET)) -> None:
    """Release both models and make a head of them, in the package's folder by default."""
    artifacts = {name: _artifact(Path(name).stem) for name in (BEARISH, BULLISH)}
    record = SentimentHead(
        encoder=sha256_pairs(snapshot_package.FILES.items()),
        data=msgspec.convert(decode_json(read_bytes(BUILD / "sentences/source.json"), dict, "source.json"), dict[str, str]),
        models={BEARISH: sha256(artifacts[BEARISH]), BULLISH: sha256(artifacts[BULLISH])},
        figures=read_json(BUILD / "sentences/figures.json", SentimentFigures),
    )
    for name, data in artifacts.items():
        write_bytes(Path(target, name), data)
    write_json(Path(target, RECORD), record)
    head = load(Path(target))
    print(f"{target}: head {head.version if head else '?'}, accuracy {record.figures.head.accuracy:.3f}")


def _artifact(model: str) -> bytes:
    """Release one model and return its artifact's bytes.

    Raises:
        ReleaseError: what was built is not what the model learned from, or inputs are not committed.
    """
    done = release(Path(), model, dt.datetime.now(dt.UTC).replace(microsecond=0))
    data = read_bytes(Path("models", model, f"{done.version}.json"))
    learned_from = decode_json(data, ModelArtifact, model).metadata.training.data_digest
    if (built := sha256_file(BUILD / model / "data.parquet")) != learned_from:
        msg = f"{model}: expected a model of the table that was built, {built}, got one of {learned_from}"
        raise ReleaseError(msg, hint="dvc repro pipelines/sentiment/dvc.yaml")
    return data


if __name__ == "__main__":
    guard(main)
