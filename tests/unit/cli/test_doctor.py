from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.world import World, build

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world import Stage


def checks(world: World) -> tuple[int, dict[str, dict[str, object]]]:
    code, out, _ = world.run("doctor", "--format", "json")
    return code, {check["check"]: check for check in json.loads(out)["checks"]}


@pytest.fixture
def desk(tmp_path: Path) -> World:
    stage: Stage = "released"
    return build(tmp_path, stage)


def test_a_governed_clone_is_well(desk: World) -> None:
    code, found = checks(desk)
    assert code == 0
    assert {"git", "ssh-keygen", "clone", "policy", "generated files", "checklists", "environments"} == found.keys()
    assert found["policy"]["found"] == "version 1, 7 people, 2 environments"


def test_a_stale_generated_file_is_named_with_what_to_do(desk: World) -> None:
    desk.put("CODEOWNERS", "edited\n")
    desk.commit()
    code, found = checks(desk)
    assert code == 20
    assert not found["generated files"]["well"]
    assert found["generated files"]["hint"] == "bot-core docs render --policy, then commit"


def test_a_checklist_that_is_gone_is_named(desk: World) -> None:
    desk.git("rm", "-q", "compliance/checklists/model-promotion-v1.yaml")
    desk.commit()
    code, found = checks(desk)
    assert code == 20
    assert "expected the checklist that production names, got no file" in str(found["checklists"]["found"])


def test_outside_a_repository_it_says_so(tmp_path: Path, desk: World) -> None:
    (tmp_path / "empty").mkdir()
    code, found = checks(World(tmp_path / "empty", desk.keys, desk.t0))
    assert code == 20
    assert "expected a git repository" in str(found["clone"]["found"])


def test_people_see_marks(desk: World) -> None:
    assert desk.ok("doctor").startswith("\u2713 git ")
