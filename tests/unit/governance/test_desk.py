from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from tests.memory_view import T0

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def test_a_desk_is_the_repository_around_the_current_folder(desk: World) -> None:
    with contextlib.chdir(desk.path / "docs/runbooks"):
        found = Desk.here()
    assert found.root.samefile(desk.path)
    assert (found.now.tzinfo, found.now.microsecond) == (dt.UTC, 0)
    with contextlib.chdir(desk.path):
        assert Desk.here(T0).now == T0


def test_a_folder_without_a_repository_is_a_sentence(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(GitError, match="expected a git repository, got: fatal: not a git repository"):
        Desk.here()


def test_a_shallow_clone_is_refused(desk: World, tmp_path: Path) -> None:
    desk.git("clone", "-q", "--depth", "1", f"file://{desk.path}", str(tmp_path / "copy"))
    with contextlib.chdir(tmp_path / "copy"), pytest.raises(GitError) as caught:
        Desk.here()
    sentence = "expected the full history, for sign-offs count from the commit that brought them; got a shallow clone"
    assert caught.value.message == f"{tmp_path / 'copy'}: {sentence}"
    assert caught.value.hint == "git fetch --unshallow"


def test_it_reads_commits_and_never_the_work_tree(desk: World) -> None:
    desk.put("compliance/policy.yaml", "not: committed\n")
    found = Desk(desk.path, T0)
    assert (found.policy.version, found.crew.policy) == (1, found.policy)
    assert found.at("main").read("compliance/policy.yaml") == found.view.read("compliance/policy.yaml")


def test_an_environment_is_one_of_the_policys(desk: World) -> None:
    found = Desk(desk.path, T0)
    assert found.rules("paper").name == "paper"
    with pytest.raises(Refused) as caught:
        found.rules("moon")
    assert (caught.value.code, caught.value.message) == ("POLICY-MISSING", "--env: expected one of paper, production; got moon")


def test_a_repository_without_a_policy_says_how_to_begin(desk: World) -> None:
    desk.git("rm", "-q", "compliance/policy.yaml")
    desk.git("commit", "-qm", "Delete")
    with pytest.raises(Refused) as caught:
        _ = Desk(desk.path, T0).policy
    assert caught.value.message == "compliance/policy.yaml: expected a policy, got none: the repository is unconfigured"
    assert caught.value.hint.startswith("bot-core policy init")


def test_a_repository_without_a_commit_is_a_sentence(tmp_path: Path, desk: World) -> None:
    desk.git("init", "-q", str(tmp_path / "new"))
    with pytest.raises(GitError, match="expected a commit named HEAD"):
        _ = Desk(tmp_path / "new", T0).view
