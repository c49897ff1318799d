from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError
from bot_core.governance.git import FILE, Change, Git

if TYPE_CHECKING:
    from pathlib import Path

ODD = ["two words", "three short words", "a 5", "ümlaut", "tab\tname", "HEAD:x", "{}", "-n", "new\nline", os.fsdecode(b"\xff")]


def run(path: Path, *words: str) -> str:
    named = ["-c", "user.name=Dev", "-c", "user.email=dev@desk.example"]
    return subprocess.run(["git", *named, *words], cwd=path, capture_output=True, text=True, check=True).stdout.strip()


def commit(path: Path, *words: str) -> str:
    run(path, "add", "-A")
    run(path, "commit", "-q", "-m", "change", *words)
    return run(path, "rev-parse", "HEAD")


@pytest.fixture(params=["sha1", "sha256"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    run(tmp_path, "init", "-q", "-b", "main", f"--object-format={request.param}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.yaml").write_text("1\n")
    (tmp_path / "folder/b.yaml").write_bytes(b"\x00\n\xff")
    commit(tmp_path)
    return tmp_path


def test_it_reads_folders_and_blobs_of_any_kind_of_repository(path: Path) -> None:
    git = Git(path)
    tree = git.tree(git.resolve("main"))
    assert [(item.mode, item.name) for item in git.items(tree, "folder")] == [(FILE, "a.yaml"), (FILE, "b.yaml")]
    assert [item.mode for item in git.items(tree, "")] == ["40000"]
    assert (git.blob(tree, "folder/a.yaml"), git.blob(tree, "folder/b.yaml")) == (b"1\n", b"\x00\n\xff")


@pytest.mark.parametrize("name", ["nowhere", "no where", "three short words", "a 5", "folder", "folder/a.yaml/x", "a\nb", ""])
def test_where_no_file_is_there_is_nothing(path: Path, name: str) -> None:
    git = Git(path)
    assert git.blob("HEAD", name) is None
    assert git.blob("HEAD", "folder/a.yaml") == b"1\n"
    assert git.items("HEAD", f"{name} x") == []


def test_odd_names_are_read_as_they_are(path: Path) -> None:
    for name in ODD:
        (path / "folder" / name).write_text(name, errors="surrogateescape")
    tip = commit(path)
    git = Git(path)
    assert {item.name for item in git.items("HEAD", "folder")} == {*ODD, "a.yaml", "b.yaml"}
    readable = [name for name in ODD if "\n" not in name]
    assert [git.blob("HEAD", f"folder/{name}") for name in readable] == [os.fsencode(name) for name in readable]
    assert {change.path for change in git.changes("HEAD~1", "HEAD")} == {f"folder/{name}" for name in ODD}
    asked = [f"folder/{name}" for name in ODD]
    ((found, paths),) = git.touched(tip, asked)
    assert (found, set(paths)) == (tip, set(asked))


def test_a_change_says_what_and_with_which_mode(path: Path) -> None:
    (path / "folder/a.yaml").unlink()
    (path / "folder/b.yaml").unlink()
    (path / "folder/b.yaml").symlink_to("a.yaml")
    (path / "run").write_text("x")
    (path / "run").chmod(0o755)
    commit(path)
    assert Git(path).changes("HEAD~1", "HEAD") == [
        Change("D", "000000", "folder/a.yaml"),
        Change("T", "120000", "folder/b.yaml"),
        Change("A", "100755", "run"),
    ]


def test_a_merge_is_one_change_of_the_branch(path: Path) -> None:
    run(path, "switch", "-q", "-c", "proposal")
    (path / "new").write_text("1")
    inner = commit(path)
    run(path, "switch", "-q", "main")
    run(path, "merge", "-q", "--no-ff", "-m", "Merge", "proposal")
    git = Git(path)
    tip = git.resolve("main")
    assert list(git.touched(tip, ["new"])) == [(tip, ["new"])]
    assert inner not in {found.id for found in git.first_parents(tip)}


def test_a_walk_may_stop_early(path: Path) -> None:
    for number in range(3):
        (path / "folder/a.yaml").write_text(f"{number}\n")
        commit(path)
    git = Git(path)
    walk = git.touched(git.resolve("main"), ["folder/a.yaml"])
    assert next(walk)[0] == git.resolve("main")
    walk.close()  # type: ignore[attr-defined]  # a generator
    assert len(list(git.touched(git.resolve("main"), ["folder/a.yaml"]))) == 4


def test_the_result_of_a_merge_is_found_without_a_work_tree(path: Path) -> None:
    run(path, "switch", "-q", "-c", "proposal")
    (path / "new").write_text("1")
    head = commit(path)
    run(path, "switch", "-q", "main")
    (path / "other").write_text("1")
    base = commit(path)
    git = Git(path)
    assert {item.name for item in git.items(git.merged(base, head), "")} == {"folder", "new", "other"}
    assert run(path, "status", "--porcelain") == ""


def test_a_conflict_is_said_in_a_sentence(path: Path) -> None:
    run(path, "switch", "-q", "-c", "proposal")
    (path / "folder/a.yaml").write_text("2\n")
    head = commit(path)
    run(path, "switch", "-q", "main")
    (path / "folder/a.yaml").write_text("3\n")
    base = commit(path)
    with pytest.raises(GitError) as caught:
        Git(path).merged(base, head)
    assert caught.value.message == f"{path}: expected {head[:12]} to merge into {base[:12]}, got conflicts"


def test_no_commit_of_that_name_is_said_in_a_sentence(path: Path) -> None:
    with pytest.raises(GitError) as caught:
        Git(path).resolve("--nonsense")
    assert caught.value.message == f"{path}: expected a commit named --nonsense, got: no such thing"
    with pytest.raises(GitError, match="expected the tree of nonsense"):
        Git(path).tree("nonsense")


def test_replaced_objects_are_not_believed(path: Path) -> None:
    old = run(path, "rev-parse", "HEAD:folder/a.yaml")
    run(path, "replace", old, run(path, "rev-parse", "HEAD:folder/b.yaml"))
    assert Git(path).blob("HEAD", "folder/a.yaml") == b"1\n"
