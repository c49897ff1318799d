"""`FinBERTLite`: what a sentence says about a price, by a small transformer, or by words where there is none.

Making one does nothing; the first sentence opens the model, or `warm()` does. Who answered stands in every answer. Words answer in the
model's place where it was never there, and say so once in the log; a snapshot that was changed is another matter and refuses, always,
until somebody has looked. In an emergency `fallback="rules"` lets words answer everything, and the model is not touched.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.errors import PredictorError
from bot_core.sentiment import lexicon, snapshot, snapshot_package
from bot_core.sentiment.download import Hub
from bot_core.sentiment.finbert_order import EXTRA, Absence, Order, Reader, missing
from bot_core.sentiment.lexicon import SILENCE, Sentiment, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.sentiment.finbert_settings import Fallback, SentimentSettings
    from bot_core.sentiment.lexicon import Label

LOG = logging.getLogger("bot_core.sentiment")
RULES = Absence("rules were chosen", "fallback: missing brings the model back")
_NAMES: tuple[tuple[Label, str], ...] = (("neg", "negative"), ("neu", "neutral"), ("pos", "positive"))
_LONGEST_EXPLAINED = 64
_SHOWN = 5


class FinBERTLite:
    """What a sentence says; safe to share between threads. Making one reads and writes nothing.

    Args:
        model_name: organisation/name; by default the model that ships in packages.
        cache: the folder of snapshots; by default `AI_TRADER_MODEL_CACHE`, else `state/models` in the working directory.
        allow_download: fetch a model that is not there from the hub, once.
        revision: the hub's commit; the packaged model has its own.
        fallback: when words answer: "missing" where there is no model, "rules" always, "none" never.
        hub: where models come from, and which files of one.
        head: another folder of a head than the one that ships.
    """

    def __init__(
        self,
        model_name: str = snapshot_package.MODEL,
        *,
        cache: Path | str | None = None,
        allow_download: bool = False,
        revision: str | None = None,
        fallback: Fallback = "missing",
        hub: Hub | None = None,
        head: Path | None = None,
    ) -> None:
        self.model_name = model_name
        self.fallback = fallback
        self._cache = cache
        self._allow_download = allow_download
        self._revision = revision
        self._hub = hub or Hub()
        self._head = head
        self._lock = threading.Lock()
        self._opened: Reader | Absence | None = None

    @classmethod
    def of(cls, settings: SentimentSettings) -> FinBERTLite:
        """Make one as a file of `conf/sentiment/` says."""
        return cls(
            settings.model,
            cache=settings.cache,
            allow_download=settings.allow_download,
            revision=settings.revision,
            fallback=settings.fallback,
            hub=settings.hub,
            head=Path(settings.head) if settings.head else None,
        )

    @property
    def order(self) -> Order:
        """Which model this is about, with the cache's folder as the environment names it now."""
        cache = Path(self._cache) if self._cache is not None else snapshot.cache_root()
        return Order(self.model_name, self._revision, cache, self._allow_download, self._hub, self._head)

    def warm(self) -> str:
        """Open the model anew, from the cache as it is now, and say who answers: `model:<version>` or `lexicon`.

        Raises:
            PredictorError: there is no model, and words may not answer; or it is none that loads here.
            SnapshotError: a file is not what was recorded; whatever answered before still does.
            BotCoreError: of the kinds that `finbert_loading.open_model` names.
        """
        opened = self._find()
        with self._lock:
            self._opened = opened
        return _source(opened)

    def analyze(self, text: str, *, explain: bool = False) -> Sentiment:
        """Say what a text says. Without text: neutral, score 0, confidence 0.

        Args:
            text: of it the first 256 tokens are read, by words the first 20,000 characters.
            explain: name the words that the model's answer hangs on, at the cost of one more reading per word.

        Raises:
            BotCoreError: as `warm` does, when the model is opened for the first sentence.
        """
        heard = clean(text)
        if not heard:
            return SILENCE
        opened = self._open()
        if isinstance(opened, Absence):
            return lexicon.analyze(heard)
        said = opened.probabilities(heard)
        return _answer(said, opened.version, _hanging_on(opened, heard, said) if explain else [])

    def analyze_batch(self, texts: Iterable[str]) -> list[Sentiment]:
        """Say what each text says: exactly what `analyze` says of it alone."""
        return [self.analyze(text) for text in texts]

    def _open(self) -> Reader | Absence:
        """Return who answers; of several threads one opens the model, and the others wait."""
        with self._lock:
            if self._opened is None:
                self._opened = self._find()
            return self._opened

    def _find(self) -> Reader | Absence:
        opened = RULES if self.fallback == "rules" else _opened(self.order)
        if isinstance(opened, Absence):
            self._require_allowed(opened)
        return opened

    def _require_allowed(self, absence: Absence) -> None:
        if self.fallback == "none":
            msg = f"{self.model_name}: expected a model to answer, got none: {absence.why}"
            raise PredictorError(msg, hint=absence.hint)
        if absence is not RULES:
            LOG.warning("no sentiment model, words of the lexicon answer: %s (%s)", absence.why, absence.hint)


def _opened(order: Order) -> Reader | Absence:
    if absent := missing():
        return Absence(f"{' and '.join(absent)}: not installed", EXTRA)
    from bot_core.sentiment.finbert_loading import open_model  # noqa: PLC0415  # numpy, where it is installed

    return open_model(order)


def _source(opened: Reader | Absence) -> str:
    return lexicon.LEXICON if isinstance(opened, Absence) else f"model:{opened.version}"


def _answer(said: tuple[float, float, float], version: str, words: list[str]) -> Sentiment:
    ranked = sorted(zip(_NAMES, said, strict=True), key=lambda pair: -pair[1])
    (label, _), confidence = ranked[0]
    reasons = [f"{name} {share:.2f}" for (_, name), share in ranked] + words
    return Sentiment(label=label, score=said[2] - said[0], confidence=confidence, reasons=reasons, source=f"model:{version}")


def _hanging_on(opened: Reader, text: str, said: tuple[float, float, float]) -> list[str]:
    """Name the words without which the score would be most different, and by how much each moves it."""
    words = text.split()[:_LONGEST_EXPLAINED]
    without = [opened.probabilities(" ".join(words[:i] + words[i + 1 :]) or "-") for i in range(len(words))]
    moved = [(word, (said[2] - said[0]) - (other[2] - other[0])) for word, other in zip(words, without, strict=True)]
    return [f"{word} {change:+.2f}" for word, change in sorted(moved, key=lambda pair: -abs(pair[1]))[:_SHOWN]]
