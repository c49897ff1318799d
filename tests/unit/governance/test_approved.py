"""Has everybody whom some environment asks for approved a release?"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256_file
from bot_core.errors import GitError
from bot_core.governance import layout
from bot_core.governance.approved import approved_somewhere
from bot_core.governance.reasons import Refused
from tests.attacks.acts import revoke, signed_by
from tests.evidence import ensemble, line
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage, World


def asked(desk: World, version: str = "", data: bytes | None = None) -> bool:
    name = version or desk.version
    content = (desk.path / layout.artifact(MODEL, name)).read_bytes() if data is None else data
    with contextlib.chdir(desk.path):
        return approved_somewhere(MODEL, name, content)


def test_a_release_that_paper_approved_is(world: Callable[[Stage], World]) -> None:
    assert asked(world("paper"))


def test_a_release_that_nobody_signed_off_is_not(world: Callable[[Stage], World]) -> None:
    assert not asked(world("released"))


def test_a_file_without_a_manifest_is_not(world: Callable[[Stage], World]) -> None:
    assert not asked(world("paper"), "20200101T000000Z-00000000", b"{}")


def test_other_bytes_are_not(world: Callable[[Stage], World]) -> None:
    assert not asked(world("paper"), data=b"{}")


def test_a_role_that_said_no_takes_it_back(world: Callable[[Stage], World]) -> None:
    desk = world("paper")
    desk.sign_off("risk", "ann", "--reject", env="paper")
    assert not asked(desk)


def test_a_revoked_release_is_not(world: Callable[[Stage], World]) -> None:
    desk = world("paper")
    revoke(desk)
    assert not asked(desk)


def test_a_revoked_signer_s_word_does_not_count(world: Callable[[Stage], World]) -> None:
    desk = world("paper")
    since = f"{desk.t0:%Y-%m-%dT%H:%M:%SZ}"
    desk.ok("revoke", "person", "ann", "--compromised-since", since, "--reason", "x", *signed_by(desk, "cid"))
    assert not asked(desk)


def test_where_no_history_or_policy_is_it_says_so(
    world: Callable[[Stage], World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GitError):
        approved_somewhere(MODEL, "20200101T000000Z-00000000", b"{}")
    desk = world("paper")
    desk.git("rm", "-q", layout.POLICY)
    desk.commit()
    with pytest.raises(Refused, match="expected"):
        asked(desk)


def test_an_ensemble_of_a_revoked_member_is_not(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    desk.release("single", state=line(1.5))
    desk.version = desk.release(state=ensemble(ridge=line(0.5), other=line(1.5)))
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    desk.sign_off("risk", env="paper")
    assert asked(desk)
    digest = sha256_file(desk.path / desk.find("models/single/*.release.yaml"))
    desk.ok("revoke", "release", digest, "--reason", "x", *signed_by(desk, "cid"))
    assert not asked(desk)
