"""What one check of the surroundings found: is it well, what was seen, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, what was found, what to do."""

    check: str
    well: bool
    found: str
    hint: str = ""
