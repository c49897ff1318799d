from __future__ import annotations

import pytest

from bot_core.routing.answers import signal_of


@pytest.mark.parametrize(
    ("value", "side", "confidence", "probability"),
    [(0.5, "buy", 0.5, 0.75), (-1.0, "sell", 1.0, 0.0), (0.0, "hold", 0.0, 0.5), (-0.0, "hold", 0.0, 0.5)],
)
def test_a_signal_s_value_says_side_confidence_and_probability(
    value: float, side: str, confidence: float, probability: float
) -> None:
    found = signal_of("signal:x", value, ["because"], 3.0)
    assert (found.side, found.confidence, found.probability) == (side, confidence, probability)
    assert (found.source, found.value, found.reasons, found.expected_return_bps) == ("signal:x", value, ("because",), 3.0)
