from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.documents.stored import StoredRelease
from bot_core.errors import AuditError, DocumentError, ReleaseError
from bot_core.governance.desk import Desk
from bot_core.tracking import store
from bot_core.tracking.store_places import Folder
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot_core.governance.snapshot import Snapshot
    from bot_core.tracking.store_places import Place


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = build(tmp_path_factory.mktemp("desk"), "released")
    world.put("README.md", "later\n")
    world.commit("What came after the release")
    return world


@pytest.fixture
def view(desk: World) -> Snapshot:
    return Desk(desk.path, desk.now).view


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "kept")


@pytest.fixture
def folder(desk: World, place: Folder) -> Path:
    return place.root / "releases" / MODEL / desk.version


class Interrupted(Folder):
    """A folder that ends before its last objects: the disk is full."""

    def create(self, name: str, data: bytes, notes: Mapping[str, str]) -> bool:
        """Refuse the walk-forward report."""
        if "/walk_forward/" in name:
            msg = f"{name}: no space left"
            raise AuditError(msg)
        return Folder.create(self, name, data, notes)


def push(place: Place, view: Snapshot, desk: World) -> store.Pushed:
    return store.push(place, store.released(view, MODEL, desk.version))


def test_a_release_is_everything_its_manifest_names_with_the_commit_that_brought_it(desk: World, view: Snapshot) -> None:
    found = store.released(view, MODEL, desk.version)
    named = {f"audit/ai_decision/{kind}/{desk.version}.json" for kind in ("walk_forward", "data_quality", "drift")}
    stem = f"models/{MODEL}/{desk.version}"
    assert found.files.keys() == {*named, f"{stem}.json", f"{stem}.md", f"{stem}.release.yaml", f"{stem}.release.yaml.sig"}
    assert found.index.commit == desk.git("log", "-1", "--format=%H", "--", f"{stem}.release.yaml")
    assert found.index.manifest == sha256((desk.path / f"{stem}.release.yaml").read_bytes())
    assert {file.path: file.digest for file in found.index.files} == {path: sha256(data) for path, data in found.files.items()}


def test_what_is_pushed_is_what_git_holds_whatever_the_work_tree_says(
    desk: World, view: Snapshot, place: Folder, folder: Path
) -> None:
    artifact = f"models/{MODEL}/{desk.version}.json"
    committed = (desk.path / artifact).read_bytes()
    desk.put(artifact, b"{}")
    done = push(place, view, desk)
    desk.git("checkout", "--", artifact)
    assert (done.created, (folder / artifact).read_bytes()) == (8, committed)
    assert decode_json((folder / "release.json").read_bytes(), StoredRelease, "release.json").version == desk.version


def test_pushing_again_creates_nothing(desk: World, view: Snapshot, place: Folder) -> None:
    push(place, view, desk)
    before = {name: (place.root / name).stat().st_mtime_ns for name in place.names("releases")}
    assert push(place, view, desk).created == 0
    assert {name: (place.root / name).stat().st_mtime_ns for name in place.names("releases")} == before


def test_an_interrupted_push_left_no_release_and_the_next_completes_it(desk: World, view: Snapshot, place: Folder) -> None:
    with pytest.raises(AuditError):
        push(Interrupted(place.root), view, desk)
    assert store.held(place) == []
    (problem,) = store.verify(place, MODEL, desk.version, store.released(view, MODEL, desk.version))
    assert problem.trouble == "missing"
    assert 0 < push(place, view, desk).created < 8
    assert [(one.model, one.version) for one in store.held(place)] == [(MODEL, desk.version)]


def test_other_bytes_under_a_release_s_name_are_refused_and_stay(desk: World, view: Snapshot, place: Folder, folder: Path) -> None:
    card = folder / f"models/{MODEL}/{desk.version}.md"
    card.parent.mkdir(parents=True)
    card.write_text("another card")
    with pytest.raises(ReleaseError, match=r"\.md: expected sha256:\w+, as git holds it, got other bytes"):
        push(place, view, desk)
    assert card.read_text() == "another card"


def test_another_index_is_refused(desk: World, view: Snapshot, place: Folder, folder: Path) -> None:
    push(place, view, desk)
    index = decode_json((folder / "release.json").read_bytes(), StoredRelease, "release.json")
    other = StoredRelease(
        model=MODEL, version=desk.version, commit=index.commit, manifest=sha256(b"another"), files=list(index.files)
    )
    (folder / "release.json").write_bytes(encode_json(other))
    with pytest.raises(ReleaseError, match="expected the index of"):
        push(place, view, desk)
    (problem,) = store.verify(place, MODEL, desk.version, store.released(view, MODEL, desk.version))
    assert (problem.path, problem.trouble) == (f"releases/{MODEL}/{desk.version}/release.json", "changed")


def test_a_history_that_was_rebased_is_the_same_release(desk: World, view: Snapshot, place: Folder, folder: Path) -> None:
    push(place, view, desk)
    index = (folder / "release.json").read_text()
    commit = store.released(view, MODEL, desk.version).index.commit
    (folder / "release.json").write_text(index.replace(commit, "f" * 40))
    assert push(place, view, desk).created == 0
    assert store.verify(place, MODEL, desk.version, store.released(view, MODEL, desk.version)) == []


def test_every_byte_is_read_again(desk: World, view: Snapshot, place: Folder) -> None:
    push(place, view, desk)
    release = store.released(view, MODEL, desk.version)
    for file in release.index.files:
        target = place.root / f"releases/{MODEL}/{desk.version}/{file.path}"
        whole = target.read_bytes()
        target.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        (problem,) = store.verify(place, MODEL, desk.version, release)
        assert (problem.trouble, file.path in problem.path) == ("changed", True)
        target.unlink()
        (problem,) = store.verify(place, MODEL, desk.version, release)
        assert (problem.trouble, file.path in problem.path) == ("missing", True)
        target.write_bytes(whole)
    assert store.verify(place, MODEL, desk.version, release) == []


def test_what_git_no_longer_has_is_verified_by_its_index(desk: World, view: Snapshot, place: Folder, folder: Path) -> None:
    push(place, view, desk)
    assert store.verify(place, MODEL, desk.version) == []
    (folder / f"models/{MODEL}/{desk.version}.json").write_bytes(b"{}")
    (problem,) = store.verify(place, MODEL, desk.version)
    assert problem.trouble == "changed"


def test_a_damaged_index_is_a_change(desk: World, view: Snapshot, place: Folder, folder: Path) -> None:
    push(place, view, desk)
    (folder / "release.json").write_text("{")
    (problem,) = store.verify(place, MODEL, desk.version)
    assert problem.trouble == "changed"
    with pytest.raises(DocumentError):
        store.held(place)


def test_an_unknown_release_names_those_there_are(desk: World, view: Snapshot) -> None:
    with pytest.raises(ReleaseError, match=rf"there are: {desk.version}\); got no file"):
        store.released(view, MODEL, "20200101T000000Z-00000000")
    with pytest.raises(ReleaseError, match=r"there are: none\); got no file"):
        store.released(view, "nobody", desk.version)


def test_a_release_without_a_manifest_is_not_listed(desk: World, tmp_path: Path) -> None:
    other = desk.clone(tmp_path / "other")
    other.git("rm", "-q", f"models/{MODEL}/{desk.version}.release.yaml")
    other.commit()
    assert store.versions(Desk(other.path, other.now).view) == []


def test_a_file_that_is_not_what_the_manifest_says_is_not_stored(desk: World, tmp_path: Path) -> None:
    other = desk.clone(tmp_path / "other")
    path = f"audit/ai_decision/drift/{desk.version}.json"
    other.put(path, other.read(path) + "\n")
    other.commit()
    with pytest.raises(ReleaseError, match=rf"^{path}: expected sha256:\w+, as the manifest says, got sha256:"):
        store.released(Desk(other.path, other.now).view, MODEL, desk.version)


def test_versions_are_by_model_oldest_first(desk: World, tmp_path: Path) -> None:
    other = desk.clone(tmp_path / "other")
    first = other.version
    other.shift = other.shift.__class__(hours=1)
    second, third = other.release(), other.release("aaa")
    view = Desk(other.path, other.now).view
    assert store.versions(view) == [("aaa", third), (MODEL, first), (MODEL, second)]
    assert store.versions(view, MODEL) == [(MODEL, first), (MODEL, second)]
