"""What the parent makes of what the process says; the work itself is in tests/scenarios/test_reproducing.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.errors import ConfigError, RetrainingError
from bot_core.retraining.reproducing import Failure, ModelReproduced, Reproduced, StageRun, reproduce

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """\
import json, sys
request = json.loads(sys.stdin.read())
for model in request["models"]:
    print(json.dumps({"kind": "stage", "model": model, "stage": "train", "how": "ran", "seconds": 1.5}))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a roster of two and a page that does nothing and says that it trained."""
    (tmp_path / "params.yaml").write_text("models: {a: {}, b: {}}\n")
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/__main__.py").write_text(PAGE)
    return tmp_path


def test_it_works_in_the_folder_with_the_folders_code_and_tells_as_it_goes(tree: Path) -> None:
    seen: list[StageRun] = []
    done = reproduce(tree, watch=seen.append)
    assert [run.model for run in seen] == ["a", "b"]
    assert done.models == [ModelReproduced(model=model, ran=("train",), seconds=1.5) for model in "ab"]
    assert done.exit_code == 0


def test_one_model_is_asked_for_once_and_alone(tree: Path) -> None:
    assert [found.model for found in reproduce(tree, ["b", "b"]).models] == ["b"]


def test_a_model_that_is_not_in_the_roster_is_refused_before_anything_runs(tree: Path) -> None:
    (tree / "pipelines/__main__.py").unlink()
    with pytest.raises(ConfigError, match=r"params\.yaml: models: expected models among a, b; got nobody, noone"):
        reproduce(tree, ["nobody", "a", "noone"])


def test_a_whole_that_cannot_go_on_says_why(tree: Path) -> None:
    said = '{"kind": "failure", "code": "CONFIG", "message": "no cluster", "hint": "start it", "exit_code": 2}'
    (tree / "pipelines/__main__.py").write_text(f"import sys\nsys.stdin.read()\nprint({said!r})\nsys.exit(2)\n")
    with pytest.raises(RetrainingError, match="no cluster") as caught:
        reproduce(tree)
    assert caught.value.hint == "start it"


def test_a_process_that_ends_before_its_end_is_no_success(tree: Path) -> None:
    (tree / "pipelines/__main__.py").write_text(PAGE + "sys.exit(9)\n")
    with pytest.raises(RetrainingError, match="expected it to reach its end, got exit code 9"):
        reproduce(tree)


def test_an_interrupted_process_interrupts(tree: Path) -> None:
    (tree / "pipelines/__main__.py").write_text(PAGE + "sys.exit(130)\n")
    with pytest.raises(KeyboardInterrupt):
        reproduce(tree)


def test_what_stops_the_stage_of_all_stops_every_model(tree: Path) -> None:
    failure = '"failure": {"kind": "failure", "code": "FAULT", "message": "no"}'
    said = f'{{"kind": "stage", "model": "", "stage": "code", "how": "failed", {failure}}}'
    (tree / "pipelines/__main__.py").write_text(f"import sys\nsys.stdin.read()\nprint({said!r})\n")
    done = reproduce(tree)
    assert [(found.stopped_at, found.failure) for found in done.models] == [("code", Failure(code="FAULT", message="no"))] * 2
    assert done.exit_code == 1


def test_what_else_stopped_stands_after_the_models_that_were_asked_for(tree: Path) -> None:
    failure = '"failure": {"kind": "failure", "code": "CONFIG", "message": "no bars", "exit_code": 2}'
    table = f'{{"kind": "stage", "model": "events", "stage": "events", "how": "failed", {failure}}}'
    beside = '{"kind": "stage", "model": "a", "stage": "compose", "how": "ran"}'
    (tree / "pipelines/__main__.py").write_text(f"import sys\nsys.stdin.read()\nprint({table!r})\nprint({beside!r})\n")
    done = reproduce(tree, ["b"])
    assert [(found.model, found.stopped_at) for found in done.models] == [("b", None), ("events", "events")]
    assert done.exit_code == 2


def test_the_exit_code_is_that_of_the_worst() -> None:
    codes = (2, 20, None)
    stops = [code and Failure(code="X", message="x", exit_code=code) for code in codes]
    assert Reproduced(models=[ModelReproduced(model="m", failure=stop or None) for stop in stops]).exit_code == 20
