from __future__ import annotations

import pytest
from rich.console import Console

from benchmarks import run
from benchmarks.measure import Figure

MISSED = Figure(figure="adding", unit="s", ours=0.5, peer=0.6, peer_name="abacus", ratio=1.2, target=">= 2x", met=False)


def test_no_names_mean_all_and_names_keep_their_order() -> None:
    assert run.select([], ["a", "b", "c"]) == ["a", "b", "c"]
    assert run.select(["c", "a"], ["a", "b", "c"]) == ["c", "a"]


def test_an_unknown_name_is_refused_before_anything_runs() -> None:
    with pytest.raises(SystemExit, match="benchmarks: expected names among a, b; got z"):
        run.select(["a", "z"], ["a", "b"])


def test_a_missed_target_stands_in_the_table() -> None:
    console = Console(width=run.WIDTH, record=True, quiet=False)
    with console.capture() as shown:
        console.print(run.table([MISSED]))
    assert [line.split() for line in shown.get().splitlines() if "adding" in line] == [
        ["adding", "s", "0.5000", "0.6000", "1.200", ">=", "2x", "NO", "abacus"]
    ]


def test_a_script_that_fails_is_reported_and_does_not_stop_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert not run.run("no_such_benchmark", "[1/1]")
    assert "[1/1] no_such_benchmark: FAILED after" in capsys.readouterr().out
