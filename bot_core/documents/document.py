"""What all documents share."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document or a part of one: immutable, no unknown field."""
