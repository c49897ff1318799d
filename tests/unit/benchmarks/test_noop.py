from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.noop import Cost, figure, repro, run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_figure_is_the_ratio_of_medians_ours_over_the_peers() -> None:
    pairs = [(Cost(3.0, 1.0), Cost(1.0, 1.0)), (Cost(30.0, 1.0), Cost(10.0, 1.0)), (Cost(5.0, 1.0), Cost(2.0, 1.0))]
    found = figure("wall", 0, pairs, 41)
    assert (found.ours, found.peer, found.ratio, found.met) == (5.0, 2.0, 2.5, False)
    assert figure("CPU", 1, pairs, 41).met


def test_a_command_that_fails_ends_the_benchmark_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"noop: git log: expected success, got 128: fatal: not a git repository"):
        run(tmp_path, "git", "log")


def test_dvc_is_the_one_of_the_project_and_fails_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"dvc repro: expected success, got .*you are not inside of a DVC repository"):
        repro(tmp_path)
