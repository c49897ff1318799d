from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.cli import revoke
from bot_core.governance import layout
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def who(desk: World, name: str = "ben") -> tuple[object, ...]:
    return ("--signer", name, "--key", desk.key(name), "--reason", "Lost.")


def codes(desk: World) -> set[str]:
    facts = json.loads(desk.ok("status", "--env", "paper", "--format", "json"))
    return {reason["code"] for reason in facts["environments"][0]["models"][0]["reasons"]}


def test_help_shows_what_can_be_revoked(help_of: Callable[[str], str]) -> None:
    assert revoke.EPILOG.rstrip() in help_of("revoke")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("revoke", "person", "ann", "--reason", "x", "--signer", "ben", "--key", "ben")


def test_a_release_may_never_decide_again(desk: World) -> None:
    digest = sha256(desk.read(layout.manifest(MODEL, desk.version)).encode())
    facts = json.loads(desk.ok("revoke", "release", digest, *who(desk), "--format", "json"))
    assert facts["commit"] == desk.git("rev-parse", "HEAD")
    assert f"subject: {digest}\n" in desk.read(facts["path"])
    assert codes(desk) == {"REVOKED"}


@pytest.mark.parametrize("kind", ["person", "key"])
def test_a_compromise_takes_what_was_signed_since_with_it(desk: World, kind: str) -> None:
    subject = "ann" if kind == "person" else f"{desk.key('ann')}.pub"
    desk.ok("revoke", kind, subject, "--compromised-since", "2020-01-01T00:00:00Z", *who(desk))
    assert codes(desk) == {"ROLE-MISSING", "SIG-REVOKED"}


def test_without_a_time_what_was_merged_before_still_counts(desk: World) -> None:
    desk.shift = desk.t0 - desk.t0.replace(year=desk.t0.year - 1)
    desk.ok("revoke", "person", "ann", *who(desk))
    assert codes(desk) == set()


def test_a_key_is_revoked_without_its_comment(desk: World) -> None:
    facts = json.loads(desk.ok("revoke", "key", f"{desk.key('ann')}.pub", *who(desk), "--format", "json"))
    public = " ".join(desk.key("ann").with_suffix(".pub").read_text().split()[:2])
    assert f'subject: "{public}"\n' in desk.read(facts["path"])


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (2, ["person", "zoe"], "error[CONFIG]: expected a person of the policy, got zoe\n"),
        (2, ["release", MODEL], f"error[CONFIG]: expected a manifest's digest, sha256:…, got {MODEL}\n"),
        (2, ["key", "nowhere.pub"], "error[DOCUMENT]: nowhere.pub: expected a readable file, got No such file or directory\n"),
        (2, ["key", "docs"], "error[DOCUMENT]: docs: expected a readable file, got Is a directory\n"),
        (2, ["model", MODEL], "usage: "),
        (2, ["person", "ann", "--reason", ""], "error[CONFIG]: compliance/revocations/"),
        (2, ["person", "ann", "--key", "nowhere"], "error[SIGNING]: nowhere: expected a private key"),
        (30, ["person", "ann", "--signer", "fay"], "error[SIG-UNKNOWN-KEY]: compliance/revocations/"),
        (2, ["person", "ann", "--signer", "eve"], "error[CONFIG]: --signer: expected somebody in a role that approves"),
    ],
)
def test_an_order_that_would_not_count_is_not_written(
    desk: World, refuse: Refuse, code: int, words: list[str], sentence: str
) -> None:
    assert refuse(desk, code, "revoke", *who(desk), *words).startswith(sentence)


def test_staged_changes_are_refused(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(desk, 2, "revoke", "person", "ann", *who(desk))
