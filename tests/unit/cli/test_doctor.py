from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bucket import bucket
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from tests.world import Stage

ROOT = Path(__file__).parents[3]


def checks(world: World, *words: str) -> tuple[int, dict[str, dict[str, object]]]:
    code, out, _ = world.run("doctor", *words, "--format", "json")
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


# --- weekly ---


@pytest.fixture
def week(desk: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A clone in which all is well: no tracker, the release in the store, an empty model cache with room."""
    for path in ("conf/tracking/none.yaml", "conf/tracking/mlflow.yaml", "conf/config.yaml"):
        desk.put(path, (ROOT / path).read_text())
    desk.commit()
    desk.ok("store", "push")
    monkeypatch.setenv("AI_TRADER_MODEL_CACHE", str(desk.path / "cache"))
    return desk


def test_all_is_well(week: World) -> None:
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert code == 0, found
    assert {"trackers", "spool", "storage", f"stored {MODEL}", "model cache space", "model cache"} < found.keys()


def test_once_a_week_is_not_every_time(week: World) -> None:
    assert "storage" not in checks(week)[1]


def test_a_declared_tracker_that_is_away_is_wrong(week: World) -> None:
    week.edit("conf/config.yaml", "tracking: none", "tracking: mlflow")
    week.edit("conf/tracking/mlflow.yaml", "uri: null ", "uri: http://127.0.0.1:9 ")
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert (code, found["tracker mlflow"]["well"]) == (20, False)
    assert found["storage"]["well"]


def test_a_tracking_choice_that_is_none_is_wrong(week: World) -> None:
    week.edit("conf/config.yaml", "tracking: none", "tracking: elsewhere")
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert (code, found["trackers"]["well"], found["spool"]["well"]) == (20, False, True)


def test_a_release_that_was_not_stored_or_was_changed_there_is_wrong(week: World) -> None:
    newest = f"var/store/releases/{MODEL}/{week.version}/models/{MODEL}/{week.version}.json"
    week.put(newest, "{}")
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert (code, found[f"stored {MODEL}"]["hint"]) == (20, "bot-core store verify")
    (week.path / newest).unlink()
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert (code, found[f"stored {MODEL}"]["hint"]) == (20, f"bot-core store push {MODEL} {week.version}")


def test_a_full_disk_is_wrong_before_a_model_is_fetched(week: World) -> None:
    code, found = checks(week, "--weekly", "--free", "1e9")
    assert (code, found["model cache space"]["well"]) == (20, False)


def test_a_changed_byte_of_a_cached_model_is_wrong(week: World) -> None:
    week.ok("sentiment", "warm")
    assert checks(week, "--weekly", "--free", "0.001")[0] == 0
    (model,) = (week.path / "cache").glob("*/model.onnx")
    data = bytearray(model.read_bytes())
    data[1000] ^= 1
    model.write_bytes(data)
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert (code, found["model cache"]["well"]) == (20, False)
    assert "model.onnx" in str(found["model cache"]["found"])


def test_a_store_with_wrong_keys_is_wrong(week: World, tmp_path: Path) -> None:
    with bucket(tmp_path) as s3:
        s3.remote(week.path, ("AKIANOBODY", "wrong"))
        code, found = checks(week, "--weekly", "--free", "0.001")
        assert (code, found["storage"]["well"], "does not exist in our records" in str(found["storage"]["found"])) == (
            20,
            False,
            True,
        )
        s3.remote(week.path, "writer")
        week.ok("store", "push")
        assert checks(week, "--weekly", "--free", "0.001")[0] == 0
    code, found = checks(week, "--weekly", "--free", "0.001")
    assert (code, "Could not connect" in str(found["storage"]["found"])) == (20, True)


def test_outside_a_repository_the_rest_is_still_looked_at(tmp_path: Path, week: World) -> None:
    (tmp_path / "empty").mkdir()
    code, found = checks(World(tmp_path / "empty", week.keys, week.t0), "--weekly", "--free", "0.001")
    assert (code, found["storage"]["well"], found["model cache space"]["well"]) == (20, False, True)
