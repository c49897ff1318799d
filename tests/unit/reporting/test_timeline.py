from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot_core.reporting.timeline import SLOTS, gap_slots, timeline_picture

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence


def test_gaps_that_would_touch_are_drawn_as_one() -> None:
    assert gap_slots([(50.0, 50.0), (10.0, 20.0), (20.5, 30.0)], 0.0, 400.0) == [(10.0, 20.0), (50.0, 1.5)]


def test_a_gap_inside_another_does_not_shorten_it() -> None:
    assert gap_slots([(10.0, 90.0), (20.0, 30.0)], 0.0, 400.0) == [(10.0, 80.0)]


def test_any_number_of_gaps_makes_a_bounded_picture() -> None:
    assert len(gap_slots([(i / 10, i / 10) for i in range(4000)], 0.0, 400.0)) <= SLOTS


def test_the_picture_says_how_much_is_missing(evidence: Evidence) -> None:
    assert "78 missing bars in 12 runs" in timeline_picture(evidence).alt
    drawn = re.findall(r'd="([^"]*)" style="fill: var\(--worse\)', timeline_picture(evidence).wide)
    assert [path.count("z") for path in drawn] == [12]
