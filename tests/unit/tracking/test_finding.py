from __future__ import annotations

import msgspec

from bot_core.tracking.finding import Finding


def test_a_finding_is_plain_for_programs() -> None:
    found = Finding("storage", well=False, found="away", hint="bring it back")
    assert msgspec.to_builtins(found) == {"check": "storage", "well": False, "found": "away", "hint": "bring it back"}
