from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot_core.reporting.differences import figures_table, parameters_table
from tests.evidence import SCORES

if TYPE_CHECKING:
    from bot_core.documents.scores import Scores
    from bot_core.reporting.table import Table


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def changed(**more: float | None) -> Scores:
    return msgspec.structs.replace(SCORES, **more)


def test_a_lower_error_and_a_higher_hit_rate_are_better() -> None:
    table = figures_table({"test": (SCORES, changed(mae=3.0, directional_accuracy=0.57))}, "bps", "Figures")
    assert [column.name for column in table.columns] == ["Rows", "Figure", "Champion", "Challenger", "Change", "Means"]
    assert cells(table) == [
        ("test", "MAE, bps", "4.000", "3.000", "\u221225.0\u00a0%", "better"),
        ("test", "RMSE, bps", "6.000", "6.000", "0.0\u00a0%", "equal"),
        ("test", "Direction", "60.0\u00a0%", "57.0\u00a0%", "\u22125.0\u00a0%", "worse"),
    ]


def test_a_figure_that_only_one_of_them_has_is_not_judged() -> None:
    table = figures_table({"test": (changed(auc=0.6), changed(auc=0.7, expected_pnl_bps=1.0))}, "", "")
    assert cells(table)[2:] == [
        ("test", "AUC", "0.6000", "0.7000", "+16.7\u00a0%", "better"),
        ("test", "Direction", "60.0\u00a0%", "60.0\u00a0%", "0.0\u00a0%", "equal"),
        ("test", "PnL, bps", "\u2013", "1.000", "\u2013", "\u2013"),
    ]


def test_a_loss_that_turns_into_a_profit_is_better_and_zero_has_no_share() -> None:
    parts = {
        "test": (changed(expected_pnl_bps=-2.0), changed(expected_pnl_bps=1.0)),
        "walk-forward": (changed(expected_pnl_bps=0.0), changed(expected_pnl_bps=-1.0)),
    }
    pnl = [row[2:] for row in cells(figures_table(parts, "bps", "")) if row[1] == "PnL, bps"]
    assert pnl == [("\u22122.000", "1.000", "+150.0\u00a0%", "better"), ("0", "\u22121.000", "\u2013", "worse")]


def test_without_a_champion_its_column_is_empty() -> None:
    assert {(row[2], row[4], row[5]) for row in cells(figures_table({"test": (None, SCORES)}, "bps", ""))} == {("\u2013",) * 3}


def test_only_keys_that_differ_are_listed() -> None:
    old = {"model": {"rounds": 50, "seed": 7}, "data": {"as_of": "2017-12-29", "repairs": {}}, "gone": [1, 2]}
    new = {"model": {"rounds": 60, "seed": 7}, "data": {"as_of": "2018-01-02", "repairs": {"sort": True}}, "text": "x" * 90}
    assert cells(parameters_table(old, new)) == [
        ("data.as_of", '"2017-12-29"', '"2018-01-02"'),
        ("data.repairs", "{}", "\u2013"),
        ("data.repairs.sort", "\u2013", "true"),
        ("gone", "[1,2]", "\u2013"),
        ("model.rounds", "50", "60"),
        ("text", "\u2013", '"' + "x" * 78 + "…"),
    ]


def test_features_are_known_by_their_names_not_by_their_place() -> None:
    rsi, gap = {"name": "rsi", "indicator": "rsi", "parameters": {"period": 14}}, {"name": "gap", "indicator": "ema_gap"}
    slower = {**rsi, "parameters": {"period": 21}}
    assert cells(parameters_table({"features": [rsi, gap]}, {"features": [gap, rsi]})) == []
    assert cells(parameters_table({"features": [rsi, gap]}, {"features": [slower]})) == [
        ("features[gap].indicator", '"ema_gap"', "\u2013"),
        ("features[rsi].parameters.period", "14", "21"),
    ]


PLAIN = st.recursive(
    st.integers() | st.booleans() | st.none() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)
CONFIG = st.dictionaries(st.sampled_from(["data", "model", "x"]), PLAIN, max_size=3)


@given(CONFIG)
def test_a_configuration_does_not_differ_from_itself(config: dict[str, object]) -> None:
    assert cells(parameters_table(config, msgspec.json.decode(msgspec.json.encode(config)))) == []


@given(CONFIG, CONFIG)
def test_the_other_way_round_the_columns_change_places(one: dict[str, object], other: dict[str, object]) -> None:
    assert [(key, b, a) for key, a, b in cells(parameters_table(one, other))] == cells(parameters_table(other, one))
