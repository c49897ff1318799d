"""Models that are loaded, by symbol and name: as many as are declared, the ones asked for last.

A model is given out only for exactly the proof that it was loaded with: the release, its digest, when its sign-offs end. With any other
it is loaded anew, and the one before is dropped. Loading happens outside of the lock, so that nobody waits for somebody else's model.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from bot_core.ai.inference import DecisionModelInference
    from bot_core.documents.runtime import Servable

BOUND = 64


class InferenceCache:
    """Loaded models. Any number of threads.

    Args:
        bound: how many are kept; with 0 none is.
    """

    def __init__(self, bound: int = BOUND) -> None:
        self.bound = bound
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, str], DecisionModelInference] = OrderedDict()

    def __len__(self) -> int:
        return len(self._loaded)

    def get(self, symbol: str, name: str, record: Servable | None) -> DecisionModelInference | None:
        """Return the model that was loaded with exactly this proof; nothing where there is none."""
        with self._lock:
            found = self._loaded.get((symbol, name))
            if found is None or record is None or found.record != record:
                return None
            self._loaded.move_to_end((symbol, name))
            return found

    def put(self, symbol: str, name: str, inference: DecisionModelInference) -> None:
        """Keep a model in the place of the one before, and drop what was asked for longest ago.

        Raises:
            ConfigError: it was trained for another instrument.
        """
        _require_instrument(inference, symbol, name)
        with self._lock:
            self._loaded[symbol, name] = inference
            self._loaded.move_to_end((symbol, name))
            while len(self._loaded) > self.bound:
                self._loaded.popitem(last=False)


def _require_instrument(inference: DecisionModelInference, symbol: str, name: str) -> None:
    trained = inference.artifact.metadata.training.instrument if inference.artifact else symbol
    if trained.casefold() != symbol.casefold():
        msg = f"{name}: expected the instrument that it was trained for, {trained}; got {symbol}"
        raise ConfigError(msg, hint=f"inference_for({trained!r}, {name!r})")
