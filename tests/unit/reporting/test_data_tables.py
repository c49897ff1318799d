from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from bot_core.documents.data_quality import Gap
from bot_core.documents.drift import Statistic
from bot_core.reporting.data_tables import digests_table, drift_table, findings_table, gaps_table, parts_table, ratio, repairs_table

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence


def test_parts_say_which_rows_served_what(evidence: Evidence) -> None:
    table = parts_table(evidence)
    assert [row.cells[:2] for row in table.rows] == [
        ("Source data", "6,225"),
        ("Training", "3,000"),
        ("Validation", "640"),
        ("Test", "640"),
        ("First test window", "305"),
        ("Last test window", "305"),
        ("Drift: newest window", "250"),
    ]
    assert table.caption == "Rows and dates, UTC; 8 rows purged, embargo 4h"


def test_findings_say_what_the_repairs_left(evidence: Evidence) -> None:
    rows = findings_table(evidence).rows
    assert [(row.cells[0], row.cells[5], row.mark) for row in rows] == [
        ("duplicates", "nothing left", ""),
        ("jumps", "3 left, warning", "alert"),
        ("missing_bars", "78 left, ok", ""),
    ]
    assert rows[0].cells[4] == "2017-04-14 03:00 …\n2017-11-09"
    assert [row.cells for row in repairs_table(evidence).rows] == [("drop_duplicates", "2")]


def test_gaps_are_the_longest_first_and_say_how_many_there_are(evidence: Evidence) -> None:
    assert [row.cells[2] for row in gaps_table(evidence).rows][:3] == ["12", "11", "10"]
    assert gaps_table(evidence).caption == "Runs of missing bars, UTC (all 12)"
    many = [Gap(first="2017-01-01", last="2017-01-02", bars=i) for i in range(1, 1501)]
    crowded = replace(evidence, quality=msgspec.structs.replace(evidence.quality, gaps=many))
    assert gaps_table(crowded).caption == "Runs of missing bars, UTC (the longest 12 of 1,500)"


def test_drift_is_listed_most_moved_first(evidence: Evidence) -> None:
    table = drift_table(evidence)
    assert [(row.cells[0], row.cells[1], row.mark) for row in table.rows][:3] == [
        ("return_1", "yes", "alert"),
        ("return_4", "yes", "alert"),
        ("volatility_20", "no", ""),
    ]
    assert table.rows[0].cells[2:5] == ("0.340", "0.200", "0.002")


def test_without_a_threshold_any_movement_is_infinitely_much() -> None:
    assert ratio(Statistic(value=0.0, threshold=0.0, p_value=1.0)) == 0.0
    assert ratio(Statistic(value=0.1, threshold=0.0, p_value=1.0)) == float("inf")
    assert ratio(Statistic(value=0.1, threshold=0.2, p_value=1.0)) == 0.5


def test_digests_keep_their_order_and_length(evidence: Evidence) -> None:
    rows = digests_table(evidence).rows
    assert [row.cells[0] for row in rows] == ["config.json", "data.parquet", "model.json", "drift.json"]
    assert all(len(row.cells[1]) == 71 for row in rows)
