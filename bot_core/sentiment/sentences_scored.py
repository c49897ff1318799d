"""Scores of sentences that were scored before: a file of one line per sentence and model, checked before anything in it is believed.

A sentence is named by the SHA-256 of its text, a model by its version, so another model never answers with this one's scores, and no text
lies here. The first line holds the SHA-256 of the others; a file that is not what that line says is refused, never repaired in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import decode_json, read_bytes, write_bytes
from bot_core.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Scored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer: the sentence's digest, who answered, and the score from -1 to 1."""

    sentence: str
    source: str
    score: float


def read(path: Path) -> dict[tuple[str, str], float]:
    """Return what a file knows, (sentence, source) → score; nothing where there is no file.

    Raises:
        SnapshotError: the file is not what its first line says.
        DocumentError: a line is no answer.
    """
    if not path.is_file():
        return {}
    first, _, rest = read_bytes(path).partition(b"\n")
    if first.decode(errors="replace") != sha256(rest):
        msg = f"{path}: expected lines with the digest {first[:71].decode(errors='replace')}, got {sha256(rest)}"
        raise SnapshotError(msg, hint=f"delete {path}: its sentences are then scored again")
    lines = [decode_json(line, Scored, f"{path}: line {place}") for place, line in enumerate(rest.splitlines(), start=2)]
    return {(line.sentence, line.source): line.score for line in lines}


def write(path: Path, known: dict[tuple[str, str], float]) -> None:
    """Write what is known, in order, the digest first; whole or not at all.

    Raises:
        AuditError: it could not be written.
    """
    lines = [Scored(sentence=sentence, source=source, score=score) for (sentence, source), score in sorted(known.items())]
    rest = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    write_bytes(path, sha256(rest).encode() + b"\n" + rest)


def score(texts: Sequence[str], source: str, ask: Callable[[Sequence[str]], Sequence[float]], path: Path) -> list[float]:
    """Return a score per text: from the file where it is there, else asked for once and kept.

    Args:
        texts: sentences, perhaps some more than once.
        source: who answers, with its version.
        ask: texts → scores from -1 to 1.
        path: the file.

    Raises:
        SnapshotError: the file is damaged.
        AuditError: it could not be written.
    """
    known = read(path)
    names = [sha256(text.encode()) for text in texts]
    missing = {name: text for name, text in zip(names, texts, strict=True) if (name, source) not in known}
    if missing:
        answers = ask(list(missing.values()))
        known |= {(name, source): answer for name, answer in zip(missing, answers, strict=True)}
        write(path, known)
    return [known[name, source] for name in names]
