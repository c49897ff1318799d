from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.scale import Cost, entry, figures, measure, require_equal

if TYPE_CHECKING:
    from pathlib import Path

OURS = {1: Cost(10.0, 8.0, 300.0), 10: Cost(30.0, 26.0, 310.0), 100: Cost(240.0, 208.0, 341.0)}
LOOP = {1: Cost(9.0, 7.0, 290.0), 10: Cost(25.0, 20.0, 300.0), 100: Cost(200.0, 160.0, 320.0)}
PEER = {1: Cost(25.0, 24.0, 280.0), 10: Cost(270.0, 240.0, 280.0)}


def test_every_figure_is_of_one_model_and_says_whether_it_is_met() -> None:
    found = {f.figure: f for f in figures(OURS, LOOP, PEER)}
    assert len(found) == 10
    assert found["1 models: wall per model"].ratio == 2.5
    assert found["1 models: wall per model"].met
    assert found["10 models: CPU per model"].ratio == pytest.approx(240 / 26)
    assert found["100 models: CPU per model, recorded"].ratio == pytest.approx(160 / 208)
    flat = found["CPU per model at 100 (ratio: over that at 10)"]
    assert flat.ratio == pytest.approx(2.08 / 2.6)
    assert flat.met
    assert found["peak memory at 100 models (ratio: over that at 10)"].ratio == pytest.approx(1.1)
    start = found["start-up, CPU: the first model less each further one"]
    assert (start.ours, start.peer) == (6.0, 0.0)


def test_memory_that_grows_with_the_roster_is_a_missed_target() -> None:
    grown = {**OURS, 100: Cost(240.0, 208.0, 900.0)}
    assert [f.figure for f in figures(grown, LOOP, PEER) if not f.met and "memory" in f.figure] != []


def test_two_models_differ() -> None:
    assert entry(1) != entry(2)


def test_a_side_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="scale: false: expected success, got 1"):
        measure(tmp_path, "false")
    assert measure(tmp_path, "true").peak > 0


def test_two_locks_that_differ_are_nothing_to_compare(tmp_path: Path) -> None:
    for name, text in (("a", "one"), ("b", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dvc.lock").write_text(text)
    with pytest.raises(SystemExit, match=r"expected the same dvc\.lock of both sides"):
        require_equal(tmp_path / "a", tmp_path / "b")
    require_equal(tmp_path / "a", tmp_path / "a")
