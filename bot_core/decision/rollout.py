"""Which arm a unit is in: the model for so many percent, the rules for the rest. The same unit, the same arm, on every machine.

The place of a unit is the keyed BLAKE2b digest (RFC 7693) of its name, as a number from 0 to 99,999; the key is salt and version, so that
every release draws anew. Raising the percent only adds units: nobody who was in falls out.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

Arm = Literal["learned", "rules"]
BUCKETS = 100_000


def place(unit: str, salt: str, version: str) -> int:
    """Return a unit's place, 0 to 99,999.

    >>> place("eurusd@2017-12-29T20:00:00Z", "rollout", "20261121T101500Z-3f2a9c41")
    76592
    """
    key = blake2b(f"{salt}\0{version}".encode(), digest_size=32).digest()
    return int.from_bytes(blake2b(unit.encode(), key=key, digest_size=8).digest(), "big") % BUCKETS


def arm(unit: str, percent: int, version: str, salt: str = "rollout") -> Arm:
    """Return the arm of a unit at a step of the rollout."""
    if percent >= 100:  # noqa: PLR2004  # everybody
        return "learned"
    return "learned" if place(unit, salt, version) < percent * (BUCKETS // 100) else "rules"
