from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.reporting.backtest_tables import alarms_table, delay, shifts_table, spelled

if TYPE_CHECKING:
    from typing import Literal

    from bot_core.documents.drift import DriftBacktest
    from bot_core.reporting.evidence import Evidence


@pytest.fixture
def backtest(evidence: Evidence) -> DriftBacktest:
    assert evidence.drift.backtest is not None
    return evidence.drift.backtest


def test_every_history_is_listed_and_those_that_cry_wolf_are_marked(backtest: DriftBacktest) -> None:
    table = alarms_table(backtest)
    assert table.caption == "Alerts where no shift was planted; declared: at most 10\u00a0% where nothing drifts"
    assert [(row.cells[:6], row.mark) for row in table.rows] == [
        (("Rows after training", "17", "5", "4", "1", "29.4\u00a0%"), ""),
        (("Training rows themselves", "45", "12", "9", "0", "20.0\u00a0%"), "alert"),
        (("All rows, dealt anew", "34", "10", "3", "0", "8.8\u00a0%"), ""),
    ]
    assert [row.cells[6] for row in table.rows] == ["return_1 5, rsi_14 1", "f0 5, f1 5, f2 5 and 2 more", "rsi_14 3"]


def test_every_shift_has_a_row_and_what_was_not_seen_in_time_is_more_than_the_horizon(backtest: DriftBacktest) -> None:
    table = shifts_table(backtest)
    assert table.caption == (
        "How quickly would a shift be seen? Rows until the alert, planted in one feature (76 trials) and in all (10 trials); "
        "4 more alert without a shift"
    )
    assert [row.cells for row in table.rows] == [
        ("mean +0.5 deviations", "53.9\u00a0%", "310", "> 500", "62", "186", "rsi_14 10, volatility_20 9 and 1 more"),
        ("frozen at its last value", "98.7\u00a0%", "124", "248", "62", "186", "\u2013"),
    ]
    assert [len(row.cells) for row in table.rows] == [len(table.columns)] * 2


def test_without_a_replay_there_are_no_rows() -> None:
    assert alarms_table(None).rows == shifts_table(None).rows == ()


def test_without_trials_there_is_no_figure(backtest: DriftBacktest) -> None:
    none = [msgspec.structs.replace(part, trials=0, detected=0, median=None, p90=None) for part in backtest.shifts]
    row = shifts_table(msgspec.structs.replace(backtest, shifts=none)).rows[0]
    assert row.cells[1:6] == ("\u2013",) * 5
    assert delay(none[0], None, 500) == "\u2013"


@pytest.mark.parametrize(
    ("shift", "size", "words"),
    [
        ("mean", 1.0, "mean +1 deviation"),
        ("mean", -0.25, "mean \u22120.25 deviations"),
        ("mean", 10.0, "mean +10 deviations"),
        ("scale", 2.0, "spread \u00d7 2"),
        ("unit", 100.0, "unit \u00d7 100"),
        ("frozen", None, "frozen at its last value"),
        ("zero", None, "missing, filled with zero"),
    ],
)
def test_shifts_are_named_in_words(
    backtest: DriftBacktest, shift: Literal["mean", "scale", "unit", "frozen", "zero"], size: float | None, words: str
) -> None:
    assert spelled(msgspec.structs.replace(backtest.shifts[0], shift=shift, size=size)) == words
