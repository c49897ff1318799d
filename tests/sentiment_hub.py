"""A hub on this machine that has one classifier of six words, and settings that fetch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.sentiment.download import Hub
from tests.onnx_model import LABELS, classifier, tokenizer
from tests.webserver import Question, Reply

if TYPE_CHECKING:
    from pathlib import Path

MODEL, COMMIT = "house/words", "0123456789abcdef0123456789abcdef01234567"
CONTENT = {"onnx/model_quantized.onnx": classifier(), "tokenizer.json": tokenizer(), "config.json": LABELS}


def answer(asked: Question) -> Reply:
    """Serve the classifier's files at the one commit."""
    place = asked.path.removeprefix(f"/{MODEL}/resolve/{COMMIT}/")
    return Reply(body=CONTENT[place]) if place in CONTENT else Reply(status=404)


def hub(address: str) -> Hub:
    """Fetch the usual files from here, in one attempt."""
    return Hub(endpoint=address, attempts=1, timeout_s=20.0)


def settings(path: Path, address: str, *more: str) -> Path:
    """Write settings that name the classifier and this hub."""
    lines = (f"model: {MODEL}", f"revision: {COMMIT}", "hub:", f"  endpoint: {address}", "  attempts: 1", *more)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
