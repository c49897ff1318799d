"""Features one bar at a time, in plain Python: the light half of the pair whose other half is `engineer`.

Both run the same `init` and `update`, so from the same first bar they agree to the last bit. A window forgets what left it, but an
exponential mean never quite does: start the stream where the batch starts, or far enough back for its features.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from bot_core.errors import InputError

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar
    from bot_core.features.spec import FeatureSpec


class OnlineFeatures:
    """The features of a spec over a stream of bars."""

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        self.warming_up = spec.warm_up
        self._steps = [(definition.update, definition.start()) for definition in spec.definitions]

    def update(self, bar: Bar) -> list[float] | None:
        """Take the next bar; return the features in the spec's order, None while warming up.

        Raises:
            InputError: a price that is not finite and above zero, or a volume not finite or below zero; the bar is not taken.
        """
        _, open_, high, low, close, volume = bar
        if not (0.0 < open_ < inf and 0.0 < high < inf and 0.0 < low < inf and 0.0 < close < inf and 0.0 <= volume < inf):
            msg = f"bar: expected finite prices above zero and a volume not below zero, got {bar}"
            raise InputError(msg, hint="check the source; nothing may be decided on this bar")
        values = [step(state, bar) for step, state in self._steps]
        if self.warming_up > 0:
            self.warming_up -= 1
            return None
        return values
