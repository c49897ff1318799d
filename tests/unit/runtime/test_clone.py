"""The runtime's own clone: one branch, the full history, nothing forgotten; whatever a killed git left."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import AuditError, GitError
from bot_core.runtime.clone import ACCEPTED, TIP, Clone

if TYPE_CHECKING:
    from pathlib import Path


def git(place: Path, *words: str) -> str:
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")
    return subprocess.run(["git", "-C", str(place), *name, *words], capture_output=True, text=True, check=True).stdout.strip()


def commit(source: Path, name: str) -> str:
    (source / name).write_text(name)
    git(source, "add", "-A")
    git(source, "commit", "-qm", name)
    return git(source, "rev-parse", "HEAD")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "around" / "source"
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main")
    commit(path, "a")
    return path


@pytest.fixture
def clone(source: Path) -> Clone:
    return Clone(source / "var/models/repository.git", str(source), "main")


def refs(place: Path) -> list[str]:
    return git(place, "for-each-ref", "--format=%(refname)").splitlines()


def test_it_begins_with_the_first_fetch_and_follows(source: Path, clone: Clone) -> None:
    assert not clone.root.exists()
    assert clone.fetch() == git(source, "rev-parse", "main")
    second = commit(source, "b")
    assert clone.fetch() == clone.resolve(TIP) == second
    assert refs(clone.root) == [TIP]
    assert refs(source) == ["refs/heads/main"]


def test_it_fetches_one_branch_and_no_tags(source: Path, clone: Clone) -> None:
    git(source, "branch", "other")
    git(source, "tag", "v1")
    clone.fetch()
    assert refs(clone.root) == [TIP]


def test_it_fetches_a_rewritten_branch_too_and_keeps_what_was_accepted(source: Path, clone: Clone) -> None:
    accepted = clone.fetch()
    clone.hold(accepted)
    git(source, "commit", "-q", "--amend", "-m", "Rewritten")
    assert clone.fetch() != accepted
    git(clone.root, "gc", "-q", "--prune=now")
    assert clone.resolve(ACCEPTED) == clone.resolve(accepted) == accepted


@pytest.mark.parametrize("broken", ["gone", "no branch", "no repository"])
def test_a_server_that_does_not_answer_is_an_error_and_changes_nothing(source: Path, clone: Clone, broken: str) -> None:
    tip = clone.fetch()
    root = source.parent.parent / "away.git"
    shutil.move(clone.root, root)
    away = Clone(root, clone.source, "moon" if broken == "no branch" else "main")
    if broken == "gone":
        source.rename(source.parent / "moved")
    elif broken == "no repository":
        shutil.rmtree(source / ".git")
    with pytest.raises(GitError, match=f"expected the branch {away.branch}, got: fatal") as caught:
        away.fetch()
    assert "what was proven goes on deciding" in caught.value.hint
    assert away.resolve(TIP) == tip


def test_a_server_that_never_answers_is_given_up(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(slow))
    began = time.monotonic()
    with pytest.raises(GitError, match=r"expected an answer within 0\.3 s, got none"):
        Clone(source / "var/repository.git", "ssh://nobody@localhost/x", "main", timeout_s=0.3).fetch()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("known", [False, True])
def test_a_cut_off_history_is_refused(source: Path, clone: Clone, tmp_path: Path, *, known: bool) -> None:
    tip = clone.fetch() if known else None
    for name in "bcd":
        commit(source, name)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{source}", "shallow")
    for _ in range(2):
        with pytest.raises(GitError, match="expected the full history, got a shallow one"):
            Clone(clone.root, str(tmp_path / "shallow"), "main").fetch()
    assert not tip or clone.resolve(TIP) == tip
    assert clone.fetch() == git(source, "rev-parse", "main")


def test_a_path_is_meant_from_the_working_directory(source: Path, clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source)
    assert Clone(clone.root, ".", "main").fetch() == git(source, "rev-parse", "main")


def test_neither_a_hook_nor_a_program_of_the_address_is_run(source: Path, clone: Clone, tmp_path: Path) -> None:
    clone.fetch()
    for name in ("reference-transaction", "post-update"):
        hook = clone.root / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    commit(source, "b")
    clone.hold(clone.fetch())
    with pytest.raises(GitError, match="transport 'ext' not allowed"):
        Clone(clone.root, f"ext::touch {tmp_path}/ran", "main").fetch()
    assert not (tmp_path / "ran").exists()


# --- what a killed git leaves ---


def test_half_a_repository_is_begun_anew(source: Path, clone: Clone) -> None:
    part = clone.root.with_name("repository.git.part")
    part.mkdir(parents=True)
    (part / "HEAD").write_text("ref: refs/heads/main\n")
    assert clone.fetch() == git(source, "rev-parse", "main")
    assert not part.exists()


def test_it_never_works_in_the_repository_around_it(source: Path, clone: Clone) -> None:
    clone.root.mkdir(parents=True)
    (clone.root / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(GitError, match="not a git repository"):
        clone.fetch()
    assert refs(source) == ["refs/heads/main"]


def test_a_lock_that_a_killed_git_left_is_no_obstacle(source: Path, clone: Clone) -> None:
    clone.hold(clone.fetch())
    second = commit(source, "b")
    for ref in (TIP, ACCEPTED):
        (clone.root / f"{ref}.lock").write_bytes(b"")
    assert clone.fetch() == second
    clone.hold(second)
    assert clone.resolve(ACCEPTED) == second


def test_what_cannot_be_kept_is_an_error_of_the_own_disk(clone: Clone) -> None:
    clone.fetch()
    with pytest.raises(AuditError, match="expected to keep ffffffffffff, got"):
        clone.hold("f" * 40)
    assert refs(clone.root) == [TIP]
