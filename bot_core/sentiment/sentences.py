"""The labelled sentences that the head learns from: two files that stay outside the repository, read into one fixed order.

`BOT_CORE_SENTENCES` names their folder; without it they lie in `data/sentiment/`, which neither git nor DVC looks at. The published files
come sorted by subject, so that whole stretches are of one class. Within each file the sentences are put in the order of their SHA-256: an
order without meaning that is the same everywhere. Training sentences come first and the held-out ones last; the place in that order takes
the part of time, so that the pipeline's parts by time are parts by file. A training sentence that differs from a held-out one by its links
or its capitals alone is left out: what is held out was never seen.
"""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import read_bytes
from bot_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = "BOT_CORE_SENTENCES"
FOLDER = Path("data", "sentiment")
TRAIN, HELD_OUT = "twitter_financial_news_train.csv", "twitter_financial_news_valid.csv"
CLASSES = ("bearish", "bullish", "neutral")
"""What the numbers 0, 1 and 2 of the column `label` mean."""
_HEADER = ["text", "label"]
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Sentences:
    """n sentences in their fixed order, the last `held_out` of them never learned from; `labels` are places in `CLASSES`.

    `twins`: training sentences that were left out for being all but held out.
    """

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    held_out: int
    twins: int

    def __len__(self) -> int:
        return len(self.texts)


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the two files are looked for."""
    return Path(environment.get(PLACE) or FOLDER)


def digests(place: Path) -> dict[str, str]:
    """Name the two files by their SHA-256.

    Raises:
        InputError: one of them is not there.
    """
    return {name: sha256(_bytes(place / name)) for name in (TRAIN, HELD_OUT)}


def read(place: Path) -> Sentences:
    """Read both files into the fixed order.

    Raises:
        InputError: a file is missing, has other columns than `text` and `label`, or a row that is no sentence with a label.
    """
    held_out = _read(place / HELD_OUT)
    known = {_bare(text) for text, _ in held_out}
    train = _read(place / TRAIN)
    learned = [(text, label) for text, label in train if _bare(text) not in known]
    rows = [*sorted(learned, key=_by_digest), *sorted(held_out, key=_by_digest)]
    return Sentences(tuple(text for text, _ in rows), tuple(label for _, label in rows), len(held_out), len(train) - len(learned))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        msg = f"{path}: expected the labelled sentences, got no file"
        raise InputError(msg, hint=f"they are not part of this repository: put {path.name} there, or say where in {PLACE}")
    return read_bytes(path)


def _read(path: Path) -> list[tuple[str, int]]:
    try:
        lines = csv.reader(io.StringIO(_bytes(path).decode("utf-8"), newline=""), strict=True)
        header, *rows = list(lines) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: expected a CSV file in UTF-8, got {error}"
        raise InputError(msg, hint="take the published file again") from error
    if header != _HEADER or not rows:
        msg = f"{path}: expected the columns {' and '.join(_HEADER)} and rows under them, got {', '.join(header) or 'nothing'}"
        raise InputError(msg, hint="take the published file again")
    return [_row(path, place, row) for place, row in enumerate(rows, start=2)]


def _row(path: Path, place: int, row: list[str]) -> tuple[str, int]:
    match row:
        case [text, label] if text.strip() and label in {"0", "1", "2"}:
            return text, int(label)
    msg = f"{path}: row {place}: expected a sentence and its label 0, 1 or 2, got {len(row)} fields ending in {row[-1:]}"
    raise InputError(msg, hint="take the published file again")


def _by_digest(row: tuple[str, int]) -> str:
    return sha256(row[0].encode())


def _bare(text: str) -> str:
    return " ".join(_LINK.sub("", text).lower().split())
