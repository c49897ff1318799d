from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import policy
from bot_core.governance import layout
from bot_core.governance.chain import load_policy
from tests.authenticator import keypair

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("configured")


@pytest.fixture
def bare(desk: World) -> World:
    """A desk before its first policy."""
    desk.git("rm", "-q", "-r", "compliance/policy.yaml*", "compliance/allowed_signers", "CODEOWNERS")
    desk.git("commit", "-qm", "Start again")
    return desk


def public(desk: World, name: str, roles: str = "") -> str:
    return f"{name}={desk.key(name)}.pub{roles}"


def test_help_shows_every_verb(help_of: Callable[[str], str]) -> None:
    assert policy.EPILOG.rstrip() in help_of("policy")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("policy", "init", "--root", "ann=ann.pub")


# --- init -----------------------------------------------------------------------------------------------------------------------------


def test_the_first_policy_is_written_committed_and_says_who_signs(bare: World) -> None:
    roots = [word for name in ("ann", "ben") for word in ("--root", public(bare, name))]
    facts = json.loads(bare.ok("policy", "init", *roots, "--person", public(bare, "ann", ":risk"), "--format", "json"))
    assert (facts["version"], facts["quorum"], facts["roots"]) == (1, 2, ["ann", "ben"])
    assert facts["next"][:2] == [f"bot-core policy sign --signer {name} --key KEY" for name in ("ann", "ben")]
    found = load_policy(bare.read(layout.POLICY).encode())
    assert (found.people[0].roles, found.repository) == (["root", "risk"], bare.path.name)
    assert bare.git("show", "--name-only", "--format=%s", "HEAD").splitlines() == [
        "Propose the first policy",
        "",
        "CODEOWNERS",
        "compliance/allowed_signers",
        "compliance/policy.yaml",
    ]


def test_a_service_is_named_with_what_it_may(bare: World) -> None:
    bare.ok("policy", "init", "--root", public(bare, "ann"), "--service", public(bare, "ben", ":head,report"))
    (service,) = load_policy(bare.read(layout.POLICY).encode()).services
    assert (service.name, service.may) == ("ben", ["head", "report"])
    assert 'ben namespaces="head@bot-core,report@bot-core"' in bare.read(layout.ALLOWED_SIGNERS)


@pytest.mark.parametrize(
    ("words", "sentence"), [(":sign", "services[0].may[0]: expected one of"), ("", "services[0].may: expected a value")]
)
def test_what_no_service_may_is_said(bare: World, refuse: Refuse, words: str, sentence: str) -> None:
    said = refuse(bare, 30, "policy", "init", "--root", public(bare, "ann"), "--service", public(bare, "ben", words))
    assert said.startswith(f"error[CANON]: compliance/policy.yaml: {sentence}")


def test_a_second_first_policy_is_refused(desk: World, refuse: Refuse) -> None:
    said = refuse(desk, 2, "policy", "init", "--root", public(desk, "ann"))
    assert said == "error[CONFIG]: compliance/policy.yaml: expected no policy yet, got one\n  → bot-core policy propose\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--root", "ann"], "error[CONFIG]: expected NAME=KEY.pub:ROLE,ROLE with names of a-z, 0-9, _ and -, got ann:root\n"),
        (
            ["--root", "Ann={keys}/ann.pub"],
            "error[CONFIG]: expected NAME=KEY.pub:ROLE,ROLE with names of a-z, 0-9, _ and -, got Ann=",
        ),
        (
            ["--root", "ann={keys}/ann.pub:risk"],
            "error[CONFIG]: expected NAME=KEY.pub:ROLE,ROLE with names of a-z, 0-9, _ and -, got ann=",
        ),
        (
            ["--root", "ann={keys}/ann.pub", "--quorum", "2"],
            "error[CONFIG]: --quorum: expected 1 to 1, as many as there are root people; got 2\n",
        ),
        (
            ["--root", "ann={keys}/ann.pub", "--quorum", "0"],
            "error[CONFIG]: --quorum: expected 1 to 1, as many as there are root people; got 0\n",
        ),
        (["--root", "ann=nowhere.pub"], "error[DOCUMENT]: nowhere.pub: expected a readable file, got No such file or directory"),
        (["--root", "ann={keys}/ann"], "error[CONFIG]: ann: expected an OpenSSH public key of type ssh-ed25519"),
        (
            ["--root", "ann={keys}/ann.pub", "--person", "ann={keys}/ben.pub:risk"],
            "error[CONFIG]: expected one key for ann, got another in",
        ),
    ],
)
def test_people_who_are_none_are_said(bare: World, refuse: Refuse, words: list[str], sentence: str) -> None:
    said = refuse(bare, 2, "policy", "init", *(word.format(keys=bare.keys) for word in words))
    assert said.startswith(sentence)


def test_staged_changes_are_refused(bare: World, refuse: Refuse) -> None:
    bare.put("docs/mine.md", "1")
    bare.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(bare, 2, "policy", "init", "--root", public(bare, "ann"))


# --- propose and sign -------------------------------------------------------------------------------------------------------------------


def test_the_next_version_takes_the_old_signatures_away_and_names_who_signs(desk: World) -> None:
    desk.git("switch", "-q", "-c", "proposal")
    facts = json.loads(desk.ok("policy", "propose", "--person", f"hal={keypair(desk.keys, 'hal')}.pub:risk", "--format", "json"))
    assert facts == {"version": 2, "next": [f"bot-core policy sign --signer {name} --key KEY" for name in ("ann", "ben")]}
    assert list(desk.path.glob("compliance/*.sig")) == []
    assert desk.git("status", "--porcelain") == ""
    for name, left in (("ann", 1), ("ben", 0)):
        told = json.loads(desk.ok("policy", "sign", "--signer", name, "--key", desk.key(name), "--format", "json"))
        assert told["lacking"] == left
    assert desk.gate()[:2] == (0, set())


def test_who_is_dropped_still_signs_for_the_old_policy(desk: World) -> None:
    desk.git("switch", "-q", "-c", "proposal")
    desk.edit(layout.POLICY, "root_quorum: 2", "root_quorum: 1")
    assert "2 root people of the old and 1 of the new policy must sign" in desk.ok("policy", "propose", "--drop", "ben")
    assert desk.ok("policy", "sign", "--signer", "ann", "--key", desk.key("ann")) == "signed by ann; 1 more to go\n"
    assert desk.ok("policy", "sign", "--signer", "ben", "--key", desk.key("ben")) == "signed by ann, ben; 0 more to go\n"
    assert desk.gate()[:2] == (0, set())


def test_who_signed_already_may_sign_again(desk: World) -> None:
    head = desk.git("rev-parse", "HEAD")
    assert desk.ok("policy", "sign", "--signer", "ann", "--key", desk.key("ann")) == "signed by ann, ben; 0 more to go\n"
    assert (desk.git("rev-parse", "HEAD"), desk.git("status", "--porcelain")) == (head, "")


def test_staged_changes_leave_policy_and_signatures_as_they_are(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "got docs/mine.md" in refuse(desk, 2, "policy", "propose", "--drop", "gus")


def test_a_drop_of_nobody_is_said(desk: World, refuse: Refuse) -> None:
    said = refuse(desk, 2, "policy", "propose", "--drop", "zoe")
    assert said.startswith("error[CONFIG]: compliance/policy.yaml: people: expected zoe among them")


@pytest.mark.parametrize(
    ("signer", "key", "sentence"),
    [
        ("zoe", "ann", "error[CONFIG]: --signer: expected a root person, got zoe; root people are ann, ben\n"),
        ("cid", "cid", "error[CONFIG]: --signer: expected a root person, got cid; root people are ann, ben\n"),
        ("ann", "ben", "error[CONFIG]: --key: expected a key that counts now and that the policy gives ann, got another: "),
        ("ann", "nowhere", "error[SIGNING]: "),
    ],
)
def test_a_signature_that_would_not_count_is_not_made(desk: World, refuse: Refuse, signer: str, key: str, sentence: str) -> None:
    assert refuse(desk, 2, "policy", "sign", "--signer", signer, "--key", desk.key(key)).startswith(sentence)


def test_a_policy_of_a_newer_version_is_refused_with_its_path(desk: World, refuse: Refuse) -> None:
    desk.edit(layout.POLICY, "policy/v1", "policy/v2")
    said = refuse(desk, 30, "policy", "sign", "--signer", "ann", "--key", desk.key("ann"))
    assert said.startswith(
        "error[CANON]: compliance/policy.yaml: schema: expected one of bot-core/policy/v1; got 'bot-core/policy/v2'"
    )
