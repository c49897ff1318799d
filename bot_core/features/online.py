"""Features one bar at a time, in plain Python: the light half of the pair whose other half is `engineer`.

Both run the same `init` and `update`, so from the same first bar they agree to the last bit. A window forgets what left it, but an
exponential mean never quite does: start the stream where the batch starts, or go on from a `FeatureState`.
"""

from __future__ import annotations

import struct
from itertools import chain, islice
from math import inf
from typing import TYPE_CHECKING

import msgspec

from bot_core.errors import InputError
from bot_core.features.inlining import inlined

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar
    from bot_core.features.spec import FeatureSpec


class FeatureState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a stream remembers: its spec's digest, the bars still to warm up, and its numbers as little-endian float64."""

    spec: str
    warming_up: int
    memory: bytes


class OnlineFeatures:
    """The features of a spec over a stream of bars."""

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        self.warming_up = spec.warm_up
        self._states = [definition.start() for definition in spec.definitions]
        self._step = inlined(tuple(definition.update for definition in spec.definitions))

    def update(self, bar: Bar) -> list[float] | None:
        """Take the next bar; return the features in the spec's order, None while warming up.

        Raises:
            InputError: a time that is not finite, a price that is not finite and above zero, or a volume not finite or below zero; the
                bar is not taken.
        """
        time, open_, high, low, close, volume = bar
        prices = 0.0 < open_ < inf and 0.0 < high < inf and 0.0 < low < inf and 0.0 < close < inf
        if not (prices and 0.0 <= volume < inf and -inf < time < inf):
            msg = f"bar: expected a finite time, finite prices above zero and a volume not below zero, got {bar}"
            raise InputError(msg, hint="check the source; nothing may be decided on this bar")
        values = self._step(self._states, bar, time, open_, high, low, close, volume)
        if self.warming_up > 0:
            self.warming_up -= 1
            return None
        return values

    def state(self) -> FeatureState:
        """Return what a later process goes on from."""
        numbers = list(chain.from_iterable(self._states))
        return FeatureState(spec=self.spec.digest, warming_up=self.warming_up, memory=struct.pack(f"<{len(numbers)}d", *numbers))

    @classmethod
    def restore(cls, spec: FeatureSpec, state: FeatureState) -> OnlineFeatures:
        """Go on after the last bar that a stream had taken, to the last bit.

        Raises:
            InputError: the state is another spec's, or not whole.
        """
        stream = cls(spec)
        expected = 8 * sum(map(len, stream._states))
        if state.spec != spec.digest or len(state.memory) != expected or not 0 <= state.warming_up <= spec.warm_up:
            wanted = f"{expected} bytes of {spec.digest}, 0 to {spec.warm_up} bars warming up"
            msg = f"features: state: expected {wanted}, got {len(state.memory)} of {state.spec}, {state.warming_up} bars"
            raise InputError(msg, hint="replay the bars from the first one instead")
        numbers = iter(struct.unpack(f"<{expected // 8}d", state.memory))
        stream._states = [list(islice(numbers, len(fresh))) for fresh in stream._states]
        stream.warming_up = state.warming_up
        return stream
