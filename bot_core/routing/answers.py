"""What a router answers: a signal and a regime, each with the route that gave it; a sentiment is what its analyser says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Side = Literal["buy", "sell", "hold"]
Weather = Literal["calm", "normal", "turbulent", "unknown"]


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Which way, and how sure: `value` is `confidence` with the side's sign, from -1 to 1.

    `probability`: that the target lies above its pivot. `reasons`: what spoke for it, where the route can say.
    `expected_return_bps`: what a model expects, before costs.
    """

    source: str
    side: Side
    confidence: float
    value: float
    probability: float
    expected_return_bps: float | None = None
    reasons: tuple[str, ...] = ()


class Regime(msgspec.Struct, frozen=True, kw_only=True):
    """How volatile it is for this instrument: `score` from -1, calm, to 1, turbulent; `confidence` from 0 to 1."""

    source: str
    label: Weather
    score: float
    confidence: float


class Analysis(Protocol):
    """What an analyser of texts answers, as far as a router looks at it."""

    @property
    def score(self) -> float:
        """How good the text is for a price, from -1 to 1."""

    @property
    def confidence(self) -> float:
        """How sure that is, from 0 to 1."""


class Analyser(Protocol):
    """Whatever analyses a text, such as `bot_core.sentiment.FinBERTLite`."""

    def analyze(self, text: str, /) -> Analysis:
        """Say how good a text is for a price."""


class SignalRoute(Protocol):
    """What answers for signals. `model` and `version` are those of a released model, else the rule's name and nothing."""

    model: str
    version: str | None

    def __call__(self, features: Mapping[str, float], /) -> Signal:
        """Answer for one vector of features."""


class RegimeRoute(Protocol):
    """What answers for regimes."""

    def __call__(self, features: Mapping[str, float], /) -> Regime:
        """Answer for one vector of features, which comes after all those before."""


def signal_of(source: str, value: float, reasons: Sequence[str] = (), expected_return_bps: float | None = None) -> Signal:
    """Make a signal of its value, from -1 to 1."""
    side: Side = "buy" if value > 0.0 else "sell" if value < 0.0 else "hold"
    return Signal(
        source=source,
        side=side,
        confidence=abs(value),
        value=value,
        probability=(1.0 + value) / 2.0,
        expected_return_bps=expected_return_bps,
        reasons=tuple(reasons),
    )
