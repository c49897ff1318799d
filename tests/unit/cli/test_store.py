from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.governance.desk import Desk
from bot_core.tracking import store
from bot_core.tracking.store_places import Folder
from tests.bucket import NAME, bucket
from tests.full_disk import full_disk
from tests.world import MODEL, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bucket import Bucket
    from tests.unit.conftest import Refuse
    from tests.world import Stage


ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with bucket(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("released")


def ignored(desk: World, *places: str) -> None:
    desk.put(".gitignore", "".join(f"{place}\n" for place in places))
    desk.commit("Ignore")


def test_a_release_is_pushed_once_and_verified(desk: World) -> None:
    assert desk.ok("store", "push").startswith(f"{MODEL} {desk.version}: 8 objects, in ")
    assert "there already, with the same bytes" in desk.ok("store", "push", MODEL, desk.version)
    assert desk.ok("store", "verify") == f"✓ {MODEL} {desk.version}\n"


def test_what_the_store_writes_is_a_known_document(desk: World) -> None:
    desk.ok("store", "push")
    before = desk.ok("validate")
    desk.put(f"var/store/releases/{MODEL}/{desk.version}/release.json", '{"schema": "bot-core/stored-release/v1"}')
    code, out, _ = desk.run("validate")
    assert ("0 violations" in before, code, "release.json" in out) == (True, 20, True)


def test_killed_at_any_change_it_left_no_half_release_and_the_next_push_completes_it(desk: World) -> None:
    """The process dies before the first, the second, … change it makes, until it lives through all of them."""
    release = store.released(Desk(desk.path, desk.now).view, MODEL, desk.version)
    place = Folder(desk.path / "var/store")
    words = [sys.executable, "-m", "tests.killing", "store", "push"]
    whole = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=desk.path, env=whole, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        ends = []
        for step in range(1, 200, 2):
            process.stdin.write(f"{step}\n")
            process.stdin.flush()
            ends.append(process.stdout.readline().strip())
            left = {problem.trouble for problem in store.verify(place, MODEL, desk.version, release)}
            assert left <= {"missing"}
            assert not (left and store.held(place))
            store.push(place, release)
            assert store.verify(place, MODEL, desk.version, release) == []
            if ends[-1] == "0":
                break
            shutil.rmtree(desk.path / "var")
        process.stdin.close()
    assert set(ends[:-1]) == {"-9"}
    assert len(ends) > 3 * 8 / 2  # each of eight objects is written, linked, and its draft removed


def test_a_full_disk_is_a_sentence_and_leaves_no_release(desk: World) -> None:
    with full_disk(room=1024):
        code, _, said = desk.run("store", "push")
    assert (code, "File too large" in said) == (2, True)
    assert json.loads(desk.ok("store", "show", "--format", "json"))["releases"] == []
    assert "objects, in " in desk.ok("store", "push")


def test_what_is_there_is_shown_with_its_commit(desk: World) -> None:
    desk.ok("store", "push")
    commit = desk.git("log", "-1", "--format=%H", "--", "models")
    assert f"1 release\n{MODEL} {desk.version}  7 files" in desk.ok("store", "show")
    whole = desk.ok("store", "show", MODEL, desk.version)
    assert f"commit {commit[:12]}" in whole
    assert f"audit/ai_decision/drift/{desk.version}.json" in whole
    (release,) = json.loads(desk.ok("store", "show", "--format", "json"))["releases"]
    assert (release["commit"], len(release["files"])) == (commit, 7)


def test_what_is_missing_and_what_was_changed_end_differently(desk: World) -> None:
    code, out, _ = desk.run("store", "verify")
    assert (code, "missing: " in out) == (20, True)
    desk.ok("store", "push")
    desk.put(f"var/store/releases/{MODEL}/{desk.version}/models/{MODEL}/{desk.version}.json", "{}")
    code, out, _ = desk.run("store", "verify", MODEL, "--format", "json")
    (release,) = json.loads(out)["releases"]
    assert (code, release["well"], [problem["trouble"] for problem in release["problems"]]) == (30, False, ["changed"])


def test_a_damaged_index_is_a_change(desk: World) -> None:
    desk.ok("store", "push")
    desk.put(f"var/store/releases/{MODEL}/{desk.version}/release.json", "{")
    code, out, _ = desk.run("store", "verify")
    assert (code, "changed: " in out) == (30, True)


def test_an_unknown_release_is_a_sentence(desk: World, refuse: Refuse) -> None:
    assert "expected a signed release, committed here" in refuse(desk, 20, "store", "push", MODEL, "20200101T000000Z-00000000")
    assert "here or in the store; got none" in refuse(desk, 20, "store", "verify", MODEL, "20200101T000000Z-00000000")
    assert "expected the release" in refuse(desk, 2, "store", "show", MODEL, desk.version)


def test_nothing_released_is_said(world: Callable[[Stage], World]) -> None:
    empty = world("configured")
    assert empty.ok("store", "push") == "no signed release is committed here\n"
    assert empty.ok("store", "verify") == "no release, neither here nor in the store\n"


def test_an_unknown_remote_is_a_sentence(desk: World, refuse: Refuse) -> None:
    assert "remote: expected one of none, for there is no remote; got elsewhere" in refuse(
        desk, 2, "store", "push", "--remote", "elsewhere"
    )


def test_a_bucket_keeps_releases_with_a_link_to_the_commit(desk: World, s3: Bucket) -> None:
    s3.remote(desk.path, "writer", prefix=desk.version)
    desk.ok("store", "push")
    key = f"{desk.version}/releases/{MODEL}/{desk.version}/models/{MODEL}/{desk.version}.json"
    notes = s3.client().head_object(Bucket=NAME, Key=key)["Metadata"]
    assert notes["commit"] == desk.git("log", "-1", "--format=%H", "--", "models")
    assert notes["manifest"].startswith("sha256:")
    assert desk.ok("store", "verify") == f"✓ {MODEL} {desk.version}\n"
    s3.client().put_object(Bucket=NAME, Key=key, Body=b"{}")
    code, out, _ = desk.run("store", "verify")
    assert (code, "changed: s3://" in out) == (30, True)
    code, _, said = desk.run("store", "push")
    assert (code, "as git holds it, got other bytes" in said) == (20, True)


def test_wrong_keys_end_with_one_sentence(desk: World, s3: Bucket, refuse: Refuse) -> None:
    ignored(desk, ".dvc")
    s3.remote(desk.path, ("AKIANOBODY", "wrong"))
    said = refuse(desk, 2, "store", "push")
    assert said.startswith(f"error[TRACKING]: s3://{NAME}/models: expected a store that answers, got: ")
    assert len(said.splitlines()) == 2


def test_who_may_only_read_can_verify_and_not_push(desk: World, s3: Bucket, refuse: Refuse) -> None:
    ignored(desk, ".dvc")
    s3.remote(desk.path, "writer", prefix="shared")
    desk.ok("store", "push")
    s3.remote(desk.path, "reader", prefix="shared")
    assert desk.ok("store", "verify") == f"✓ {MODEL} {desk.version}\n"
    s3.remote(desk.path, "reader", prefix="fresh")
    assert "Access Denied" in refuse(desk, 2, "store", "push")
