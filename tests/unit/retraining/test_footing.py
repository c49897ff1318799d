from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bot_core.errors import RetrainingError
from bot_core.retraining.footing import Footing, footing, require_same
from pipelines import PINNED

SAY = "{0}import msgspec; from bot_core.retraining.footing import footing; print(msgspec.json.encode(footing({1})).decode())"


def _elsewhere(first: str) -> dict[str, object]:
    """Describe a fresh process that begins with a line of code."""
    plain = {key: value for key, value in os.environ.items() if key not in PINNED}
    code = SAY.format(first, tuple(PINNED))
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_two_pinned_processes_stand_alike() -> None:
    assert _elsewhere("import pipelines; ") == _elsewhere("import pipelines; ")


def test_pins_that_come_after_numpy_are_seen_though_the_variables_are_equal() -> None:
    early, late = _elsewhere("import pipelines; "), _elsewhere("import numpy, pipelines; ")
    assert early["pinned"] == late["pinned"]
    assert early["kernels"] == ["openblas Nehalem"]
    assert late["kernels"] != early["kernels"]


@pytest.mark.parametrize("name", Footing.__struct_fields__)
def test_any_difference_is_refused_by_its_name(name: str) -> None:
    here = footing(tuple(PINNED))
    require_same(here)
    other = {"libraries": {"numpy": "0"}, "kernels": ["openblas Other"], "pinned": dict.fromkeys(PINNED, "other")}.get(
        name, "/other"
    )
    with pytest.raises(RetrainingError, match=rf"process {os.getpid()}: {name}: expected .*: its results might differ") as caught:
        require_same(msgspec.structs.replace(here, **{name: other}))
    assert "python -m pipelines.dask_worker ADDRESS --nthreads 1" in caught.value.hint


def test_a_process_keeps_the_code_it_began_with(tmp_path: Path) -> None:
    lists = tmp_path / "build/code"
    lists.mkdir(parents=True)
    (lists / "train.sha256").write_text("one\n")
    edit = f"import os; os.chdir({str(tmp_path)!r}); from bot_core.retraining.footing import footing as f; a = f(()).code; "
    write = "from pathlib import Path; Path('build/code/train.sha256').write_text('two'); print(a == f(()).code)"
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, "-c", edit + write], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
