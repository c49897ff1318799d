"""What a sentence says about a price: a small transformer with a head of our own, and a lexicon behind it.

The names are imported when they are first asked for: who verifies a cache, or lets words answer, needs none of the libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.sentiment.finbert import FinBERTLite
    from bot_core.sentiment.lexicon import Sentiment

__all__ = ["FinBERTLite", "Sentiment"]

_HOMES = {"FinBERTLite": "bot_core.sentiment.finbert", "Sentiment": "bot_core.sentiment.lexicon"}


def __getattr__(name: str) -> object:
    """Import what was asked for.

    Raises:
        AttributeError: there is no such name here.
    """
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)
