from __future__ import annotations

import time
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pytest

from benchmarks.predictor import OURS, Sides, bounded, busy, equal, in_order, none, process, release, spread, untargeted
from bot_core._parse import encode_json
from bot_core.ai.predictor import Predictor

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.artifact import ModelArtifact


@pytest.fixture(scope="module")
def sides() -> tuple[Sides, ModelArtifact]:
    """Fit two trees and load them."""
    draw = np.random.default_rng(0)
    values = spread(draw, 200)
    wrapper = lgb.LGBMRegressor(n_estimators=2, n_jobs=1, verbosity=-1).fit(values, np.nan_to_num(values[:, 0]))
    model = release(wrapper.booster_, spread(draw, 3))
    return Sides(Predictor.load(model), wrapper.booster_, wrapper), model


def test_rows_are_taken_in_turn_and_anew_after_the_last() -> None:
    seen: list[int] = []
    call = in_order(seen.append, [1, 2, 3])
    for _ in range(5):
        call()
    assert seen == [1, 2, 3, 1, 2]


def test_a_tenth_of_the_values_is_missing() -> None:
    assert 0.08 < np.isnan(spread(np.random.default_rng(0), 500)).mean() < 0.12


def test_equal_rows_are_counted_by_their_bits(sides: tuple[Sides, ModelArtifact]) -> None:
    rows = spread(np.random.default_rng(1), 50)
    ours, booster, wrapper = sides[0]
    found = equal(Sides(ours, booster, wrapper), rows)
    assert (found.ours, found.peer, found.met) == (0, 50, True)
    beside = Predictor(lambda row: float(np.nextafter(ours.predict(row), 2.0)), sides[1].calibration)
    found = equal(Sides(beside, booster, wrapper), rows)
    assert (found.ours, found.ratio, found.met) == (50, 1.0, False)


def test_the_started_process_loads_the_model_and_nothing_heavy(sides: tuple[Sides, ModelArtifact], tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(encode_json(sides[1]))
    assert process(OURS, path, tmp_path / "bytecode") == 0
    assert process("import sys, numpy", path, tmp_path / "bytecode") == 1


def test_a_process_that_fails_ends_the_benchmark_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)predictor: expected a process that succeeds, got 1: .*No such file or directory"):
        process(OURS, tmp_path / "none.json", tmp_path / "bytecode")


def test_the_busy_thread_ends_with_its_block() -> None:
    with busy() as thread:
        before = time.thread_time(), time.process_time()
        time.sleep(0.05)
        assert thread.is_alive()
        assert time.process_time() - before[1] > time.thread_time() - before[0]
    assert not thread.is_alive()


def test_figures_say_whether_they_meet_their_bound() -> None:
    assert [bounded("start", (ours, 1.0)).met for ours in (0.3, 0.31)] == [True, False]
    assert [none("rows", "rows", ours, 10, "compared").met for ours in (0, 1)] == [True, False]
    found = untargeted("one row", (1e-6, 4e-6), "peer")
    assert found.ratio == pytest.approx(4.0)
    assert (found.target, found.met) == ("none", True)
