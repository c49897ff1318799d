from __future__ import annotations

import pytest

from bot_core._parse import convert
from bot_core.config.events import Barriers, EventsEntry
from bot_core.errors import ConfigError

ENTRY: dict[str, object] = {"model": "m", "file": "data/x.csv", "barriers": {"horizon": 4}}


def test_barriers_are_one_volatility_of_twenty_bars_where_nothing_is_said() -> None:
    entry = convert(ENTRY, EventsEntry, "params.yaml", error=ConfigError)
    assert entry == EventsEntry(
        model="m", file="data/x.csv", barriers=Barriers(horizon=4, volatility_window=20, profit=1.0, loss=1.0)
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "elsewhere/x.csv"}, "file: expected str matching regex"),
        ({"barriers": {}}, "barriers.horizon"),
        ({"barriers": {"horizon": 0}}, "barriers.horizon: expected int >= 1, got 0"),
        ({"barriers": {"horizon": 4, "profit": 0}}, "barriers.profit: expected float > 0"),
        ({"barriers": {"horizon": 4, "volatility_window": 1}}, "barriers.volatility_window: expected int >= 2, got 1"),
        ({"barriers": {"horizon": 4, "gain": 1}}, "barriers.gain"),
    ],
)
def test_what_makes_no_table_is_refused_by_its_key(change: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert(ENTRY | change, EventsEntry, "params.yaml", error=ConfigError)
    assert said in str(caught.value)
