from __future__ import annotations

import datetime as dt
import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core.governance.git import Commit, Git
from bot_core.governance.snapshot import Snapshot, as_of, effective_times
from tests.memory_view import DAY, T0

if TYPE_CHECKING:
    from pathlib import Path

MINUTE = dt.timedelta(minutes=1)


def times(*stated: dt.datetime, now: dt.datetime = T0, seen: dict[str, dt.datetime] | None = None) -> list[dt.datetime]:
    """Return the effective times of commits, oldest first."""
    commits = [Commit(str(i), int(time.timestamp())) for i, time in enumerate(stated)]
    found = effective_times(commits[::-1], now, seen or {})
    return [found[commit.id] for commit in commits]


def test_a_commit_counts_from_its_own_time() -> None:
    assert times(T0 - 2 * DAY, T0 - DAY) == [T0 - 2 * DAY, T0 - DAY]


def test_a_backdated_commit_counts_from_the_one_before() -> None:
    assert times(T0 - DAY, T0 - 9 * DAY, T0) == [T0 - DAY, T0 - DAY, T0]


def test_a_clock_a_little_fast_is_believed() -> None:
    assert times(T0 + 5 * MINUTE) == [T0 + 5 * MINUTE]


def test_a_commit_from_the_future_counts_from_when_it_was_seen_first() -> None:
    assert times(T0 + 6 * MINUTE) == [T0]
    assert times(T0 + DAY, seen={"0": T0 - MINUTE}) == [T0 - MINUTE]


def test_one_wrong_clock_does_not_lock_the_branch() -> None:
    assert times(T0 - DAY, T0 + 999 * DAY, T0 - MINUTE, seen={"1": T0 - DAY}) == [T0 - DAY, T0 - DAY, T0 - MINUTE]


# --- on a repository ----------------------------------------------------------------------------------------------------------------


class Repository:
    """A history of dated commits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, when: dt.datetime = T0) -> str:
        """Run git at a time."""
        named = ["-c", "user.name=Dev", "-c", "user.email=dev@desk.example"]
        dated = {"GIT_COMMITTER_DATE": when.isoformat(), "GIT_AUTHOR_DATE": when.isoformat(), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(["git", *named, *words], cwd=self.path, capture_output=True, text=True, check=True, env=dated)
        return done.stdout.strip()

    def commit(self, when: dt.datetime, **files: str | None) -> None:
        """Commit files at a time; nothing: they go."""
        for name, text in files.items():
            (self.path / name).unlink(missing_ok=True)
            if text is not None:
                (self.path / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change", when=when)

    def view(self, proposed: frozenset[str] = frozenset()) -> Snapshot:
        """Look at what is checked out, on top of main."""
        git = Git(self.path)
        tip = git.resolve("main")
        return Snapshot(git, tip, git.tree(git.resolve("HEAD")), T0, proposed)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path)
    found.commit(T0 - 9 * DAY, a="1", b="1")
    found.commit(T0 - 5 * DAY, a="2")
    found.commit(T0 - 2 * DAY, a=None, c="1")
    return found


def test_a_file_counts_from_the_commit_that_changed_it_last(repository: Repository) -> None:
    view = repository.view()
    view.expect(["b", "c"])
    assert (view.since("b"), view.since("c")) == (T0 - 9 * DAY, T0 - 2 * DAY)
    assert view.since("nowhere") == T0


def test_the_states_of_a_file_are_walked_newest_first(repository: Repository) -> None:
    walked = list(repository.view().versions("a"))
    assert walked == [(T0 - 2 * DAY, None), (T0 - 5 * DAY, b"2"), (T0 - 9 * DAY, b"1")]


def test_two_readers_of_one_walk_do_not_disturb_each_other(repository: Repository) -> None:
    view = repository.view()
    first, second = view.versions("a"), view.versions("a")
    assert next(first).data is None
    assert [version.data for version in second] == [None, b"2", b"1"]
    assert [version.data for version in first] == [b"2", b"1"]


def test_what_a_file_held_at_a_time(repository: Repository) -> None:
    view = repository.view()
    held = [as_of(view, "a", T0 - days * DAY) for days in (1, 3, 5, 6, 10)]
    assert held == [None, b"2", b"2", b"1", None]


def test_what_is_proposed_is_effective_now(repository: Repository) -> None:
    repository.git("switch", "-q", "-c", "proposal")
    repository.commit(T0 - DAY, b="2", d="1")
    view = repository.view(frozenset({"b", "d"}))
    assert (view.since("b"), view.since("d"), view.since("c")) == (T0, T0, T0 - 2 * DAY)
    assert list(view.versions("b")) == [(T0, b"2"), (T0 - 9 * DAY, b"1")]
    assert (as_of(view, "b", T0), as_of(view, "b", T0 - DAY)) == (b"2", b"1")


def test_what_a_branch_brought_counts_from_its_merge(repository: Repository) -> None:
    repository.git("switch", "-q", "-c", "proposal", "HEAD~1")
    repository.commit(T0 - 4 * DAY, d="1")
    repository.git("switch", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "proposal", when=T0 - DAY)
    assert repository.view().since("d") == T0 - DAY
    assert list(repository.view().versions("d")) == [(T0 - DAY, b"1")]


def test_names_are_plain_files_only(repository: Repository) -> None:
    (repository.path / "folder").mkdir()
    (repository.path / "folder/link").symlink_to("../b")
    (repository.path / "folder/run").write_text("")
    (repository.path / "folder/run").chmod(0o755)
    repository.commit(T0 - DAY, **{"folder/z.yaml": "1", "folder/a.yaml": "1"})
    view = repository.view()
    assert view.names("folder") == ["a.yaml", "z.yaml"]
    assert view.names("nowhere") == []
    assert (view.read("folder/z.yaml"), view.read("folder"), view.read("no where")) == (b"1", None, None)
