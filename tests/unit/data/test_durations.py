from __future__ import annotations

import pytest

from bot_core.data.durations import microseconds
from bot_core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"), [("1s", 1_000_000), ("90m", 5_400_000_000), ("1d", 86_400_000_000), ("2w", 1_209_600_000_000)]
)
def test_a_duration_in_microseconds(text: str, expected: int) -> None:
    assert microseconds(text, "data.bar") == expected


@pytest.mark.parametrize("text", ["0h", "99999999999w"])
def test_no_length_and_endless_length_are_refused(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        microseconds(text, "data.bar")
    assert (
        str(error.value) == f"data.bar: expected a duration between 1s and 100 years, got {text} (a count and a unit: 15m, 1h, 1d)"
    )
