from __future__ import annotations

import pytest

from benchmarks.walk_forward import Measured, disturbance, environment, median, same_result, spinning
from pipelines import PINNED


def test_the_peer_sees_none_of_our_threading_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    peer = environment("peer")
    assert not [key for key in peer if key in PINNED or key.startswith(("OMP_", "OPENBLAS_"))]
    assert {key: environment("ours")[key] for key in PINNED} == PINNED


def test_clocks_are_medians_of_their_own() -> None:
    runs = [Measured(1.0, 30.0, 0.5, 0.3), Measured(9.0, 10.0, 0.5, 0.2), Measured(2.0, 20.0, 0.5, 0.1)]
    assert median(runs) == Measured(2.0, 20.0, 0.5, 0.2)


def test_a_pair_is_as_quiet_as_its_louder_side() -> None:
    assert disturbance((Measured(1, 1, 1, 0.01), Measured(1, 1, 1, 0.4))) == 0.4


def test_sides_that_do_not_compute_the_same_are_not_compared() -> None:
    assert same_result(Measured(1, 1, 1.005), Measured(1, 1, 1.0)).ratio == pytest.approx(0.005)
    with pytest.raises(SystemExit, match=r"expected pooled MAEs within 1 %, got 1\.02000 and 1\.00000"):
        same_result(Measured(1, 1, 1.02), Measured(1, 1, 1.0))


def test_the_spinning_process_ends_with_its_block() -> None:
    with spinning() as spinner:
        assert spinner.poll() is None
    assert spinner.poll() is not None
