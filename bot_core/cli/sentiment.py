"""`bot-core sentiment analyze | warm | verify | report`: what a sentence says, and whether the model that says so is the one that came."""

from __future__ import annotations

import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import read_bytes
from bot_core.cli.show import say
from bot_core.errors import ConfigError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from bot_core.sentiment.finbert import FinBERTLite
    from bot_core.sentiment.finbert_settings import SentimentSettings
    from bot_core.sentiment.lexicon import Sentiment
    from bot_core.sentiment.snapshot import SnapshotState

EPILOG = """\
  bot-core sentiment analyze "Profit rises sharply"        label, score -1 to 1, confidence, reasons, and who answered
  bot-core sentiment analyze --file headlines.txt          one sentence a line; - reads standard input
  bot-core sentiment analyze --explain "…"                 … and the words that the model's answer hangs on
  bot-core sentiment analyze --settings conf/sentiment/rules.yaml "…"     words answer; no model is opened
  bot-core sentiment warm                                  make the snapshot if there is none, verify it, open the model
  bot-core sentiment warm --allow-download --settings FILE fetch it from the hub, once, at the commit that FILE names
  bot-core sentiment verify                                every snapshot of the cache against what was recorded of it
  bot-core sentiment report                                how the head does on sentences it never saw, beside the lexicon

The cache is what AI_TRADER_MODEL_CACHE names, else state/models. A forced update: remove the model's folder there, then warm.
Exit codes: 30 a file of a snapshot is not what was recorded; 2 the hub does not answer; 20 no model, and words may not answer.
"""
TAMPERED = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the four verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="analyze|warm|verify|report", required=True)
    analyze = verbs.add_parser("analyze", help="say what sentences say")
    analyze.add_argument("texts", nargs="*", metavar="TEXT", help="a sentence")
    analyze.add_argument("--file", type=Path, help="one sentence a line, UTF-8; - is standard input")
    analyze.add_argument("--explain", action="store_true", help="name the words that the model's answer hangs on")
    warm = verbs.add_parser("warm", help="make or verify the snapshot, and open the model")
    warm.add_argument("--allow-download", action="store_true", help="fetch a model that is not there from the hub")
    verify = verbs.add_parser("verify", help="verify every snapshot of the cache")
    for verb in (analyze, warm):
        verb.add_argument("--settings", type=Path, help="a file of conf/sentiment/ (default: conf/sentiment/default.yaml)")
    for verb in (analyze, warm, verify):
        verb.add_argument("--cache", type=Path, metavar="DIR", help="another folder of snapshots")
    verbs.add_parser("report", help="show the head's figures on held-out sentences")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the four."""
    match arguments.verb:
        case "analyze":
            return _analyze(arguments)
        case "warm":
            return _warm(arguments)
        case "verify":
            return _verify(arguments)
    return _report(arguments)


def _analyze(arguments: argparse.Namespace) -> int:
    texts = [*arguments.texts, *_lines_of(arguments.file)]
    if not texts:
        raise ConfigError("sentiment analyze: expected a sentence or --file, got neither")
    model = _model(_settings(arguments))
    answers = [model.analyze(text, explain=arguments.explain) for text in texts]
    facts = {"sentences": [{"text": text, **msgspec.to_builtins(one)} for text, one in zip(texts, answers, strict=True)]}
    say(arguments, facts, _answers(texts, answers))
    return 0


def _lines_of(path: Path | None) -> list[str]:
    if path is None:
        return []
    data = sys.stdin.buffer.read() if str(path) == "-" else read_bytes(path)
    try:
        return [line for line in data.decode().splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        msg = f"{path}: expected UTF-8, one sentence a line, got {error.reason} at byte {error.start}"
        raise InputError(msg, hint="convert it with iconv") from error


def _warm(arguments: argparse.Namespace) -> int:
    model = _model(_settings(arguments, allow_download=arguments.allow_download))
    with _heard():
        source = model.warm()
    say(arguments, {"source": source, "cache": str(model.order.cache)}, [f"{source} answers; the cache is {model.order.cache}"])
    return 0


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    """Let what is logged meanwhile be read on standard error."""
    log, handler = logging.getLogger("bot_core.sentiment"), logging.StreamHandler()
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(before)
        log.removeHandler(handler)


def _verify(arguments: argparse.Namespace) -> int:
    from bot_core.sentiment.snapshot import cache_root, verify_all  # noqa: PLC0415  # as below

    cache = arguments.cache or cache_root()
    states = verify_all(cache)
    say(arguments, {"cache": str(cache), "snapshots": msgspec.to_builtins(states)}, _states(cache, states))
    return TAMPERED if any(state.problem for state in states) else 0


def _report(arguments: argparse.Namespace) -> int:
    from bot_core.sentiment import report  # noqa: PLC0415  # as below

    document = report.read()
    say(arguments, msgspec.to_builtins(document), report.lines(document))
    return 0


def _settings(arguments: argparse.Namespace, *, allow_download: bool = False) -> SentimentSettings:
    from bot_core.sentiment.finbert_settings import settings_here  # noqa: PLC0415  # as below

    settings = settings_here(arguments.settings)
    cache = str(arguments.cache) if arguments.cache is not None else settings.cache
    return msgspec.structs.replace(settings, cache=cache, allow_download=allow_download or settings.allow_download)


def _model(settings: SentimentSettings) -> FinBERTLite:
    from bot_core.sentiment.finbert import FinBERTLite  # noqa: PLC0415  # numpy only when it is needed

    return FinBERTLite.of(settings)


# --- in words ---


def _answers(texts: Sequence[str], answers: Sequence[Sentiment]) -> Iterator[str]:
    for text, one in zip(texts, answers, strict=True):
        yield f"{one.label}  score {one.score:+.2f}  confidence {one.confidence:.2f}  {text}"
        yield f"     {', '.join(one.reasons)} ({one.source})"


def _states(cache: Path, states: Sequence[SnapshotState]) -> Iterator[str]:
    if not states:
        yield f"{cache}: no snapshot"
    for state in states:
        size = f"{state.bytes / 1e6:.1f} MB"
        yield (
            f"not sound  {state.model}: {state.problem}"
            if state.problem
            else (f"sound  {state.model} at {state.revision}, {size}, {state.checksum}")
        )
