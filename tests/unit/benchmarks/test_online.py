from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import online
from benchmarks.features import synthetic_bars
from benchmarks.online import (
    DAILY,
    FASTER,
    FLAT,
    NEXT,
    bars,
    both,
    count,
    differing,
    equal,
    faster,
    flat,
    in_turn,
    load_spec,
    read_bars,
    recompute,
    take,
)
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    import pytest

SPEC = load_spec("bars_hourly")
FEW = FeatureSpec(SPEC.definitions[:4])


def test_both_sides_give_the_newest_row_of_the_same_bars() -> None:
    frame = synthetic_bars(400)
    row = take(OnlineFeatures(SPEC), bars(frame))
    assert row == recompute(SPEC, frame)
    assert row != recompute(SPEC, frame.head(399))


def test_the_shortest_window_has_a_value_for_every_feature_and_not_always_the_same() -> None:
    frame = synthetic_bars(2_000)
    window = frame.tail(SPEC.warm_up + 2)
    found = differing("window", recompute(SPEC, window), recompute(SPEC, frame), target="none")
    assert 0 < found.ours < found.peer == 18
    assert all(value == value for value in recompute(SPEC, window))  # noqa: PLR0124  # nan is not itself


def test_a_frame_longer_than_a_chunk_gives_all_its_bars() -> None:
    frame = synthetic_bars(10_000 + NEXT)
    assert [bar.close for bar in bars(frame)] == frame["close"].tolist()


def test_real_bars_give_equal_rows() -> None:
    ours, batch = both(FEW, read_bars(DAILY[0]).head(300))
    assert len(ours) == 300 - FEW.warm_up
    assert ours == batch


def test_one_differing_bit_is_counted() -> None:
    found = differing("row", [1.0, 2.0, 0.0], [1.0, 2.0000000000000004, -0.0], target="= 0")
    assert (found.ours, found.peer, found.met) == (2, 3, False)
    assert differing("row", [1.0, 2.0], [1.0, 2.0], target="= 0").met


def test_a_figure_of_speed_is_per_bar_and_meets_its_target_only_from_there_on() -> None:
    met = faster(SPEC, 1_000, (10e-6, 1000.1e-6), "batch", FASTER)
    assert (met.figure, met.unit, met.ours, met.met) == ("18 features, one bar after 1,000 bars", "us", 10.0, True)
    assert not faster(SPEC, 1_000, (10e-6, 999e-6), "batch", FASTER).met
    assert faster(SPEC, 1_000, (10e-6, 999e-6), "batch", None).target == "none"


def test_a_longer_history_may_cost_a_fifth_more_and_not_twice() -> None:
    assert flat(SPEC, 12e-6, 10.1e-6).met
    assert not flat(SPEC, 20e-6, 10e-6).met
    assert flat(SPEC, 20e-6, 10e-6).target == f"<= {FLAT:g}x"


def test_a_count_with_a_target_is_met_by_none_only() -> None:
    assert count("rows", "rows", 0, 5, "= 0").met
    assert not count("rows", "rows", 1, 5, "= 0").met
    assert count("rows", "rows", 1, 5, "none").met


def test_sides_run_in_turn_after_a_round_that_does_not_count() -> None:
    order: list[str] = []
    costs = in_turn([lambda: order.append("a"), lambda: order.append("b")], 2)
    assert order == ["a", "b"] * 3
    assert len(costs) == 2


def test_every_file_is_compared_under_every_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "load_spec", lambda _: FEW)
    found = equal("two files", DAILY[:2])
    rows = sum(len(read_bars(name)) - FEW.warm_up for name in DAILY[:2])
    assert (found.ours, found.peer, found.met) == (0, 4 * rows, True)
