from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import resume

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    found = world("paper")
    found.ok("halt", "paper", "--all", "--signer", "ann", "--key", found.key("ann"), "--reason", "It drifts.")
    return found


def halted(desk: World) -> str:
    return desk.find("compliance/halts/paper/*.yaml").rsplit("/", 1)[-1].removesuffix(".yaml")


def word(desk: World, name: str = "ann", role: str = "risk") -> tuple[object, ...]:
    return ("--role", role, "--signer", name, "--key", desk.key(name), "--reason", "Mended.")


def test_help_shows_when_a_halt_ends(help_of: Callable[[str], str]) -> None:
    assert resume.EPILOG.split(";")[0] in " ".join(help_of("resume").split())


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("resume", "paper", "stop", "--role", "risk", "--reason", "x", "--signer", "ann", "--key", "ann")


def test_the_last_word_that_is_needed_ends_the_halt(desk: World) -> None:
    name = halted(desk)
    code, out, err = desk.run("resume", "paper", name, *word(desk), "--format", "json")
    facts = json.loads(out)
    assert (code, err) == (0, "the halt ends with this\n")
    assert facts == {"path": f"compliance/resumes/paper/{name}/risk.ann.yaml", "commit": desk.git("rev-parse", "HEAD")}
    status = json.loads(desk.ok("status", "--env", "paper", "--format", "json"))
    assert status["environments"][0]["models"][0]["verdict"] == "ALLOW"


def test_roles_that_have_not_spoken_are_named(desk: World) -> None:
    desk.ok("halt", "production", "--all", "--signer", "ann", "--key", desk.key("ann"), "--reason", "It drifts.")
    name = desk.find("compliance/halts/production/*.yaml").rsplit("/", 1)[-1].removesuffix(".yaml")
    code, _, err = desk.run("resume", "production", name, *word(desk))
    assert (code, err) == (0, "still missing: compliance 1, data 1, platform 1\n")


@pytest.mark.parametrize(
    ("code", "changed", "sentence"),
    [
        (20, {"env": "moon"}, "error[POLICY-MISSING]: --env: expected one of paper, production; got moon\n"),
        (2, {"halt": "other"}, "error[CONFIG]: compliance/halts/paper: expected one of "),
        (2, {"env": "production"}, "error[CONFIG]: compliance/halts/production: expected one of no halt; got "),
        (2, {"role": "data"}, "error[CONFIG]: --signer: expected somebody in the role data, got ann\n"),
        (2, {"signer": "zoe"}, "error[CONFIG]: --signer: expected somebody in the role risk, got zoe\n"),
        (2, {"reason": ""}, "error[CONFIG]: compliance/resumes/paper/"),
        (2, {"key": "nowhere"}, "error[SIGNING]: nowhere: expected a private key"),
        (30, {"signer": "fay"}, "error[SIG-UNKNOWN-KEY]: compliance/resumes/paper/"),
    ],
)
def test_a_word_that_would_not_count_is_not_written(
    desk: World, refuse: Refuse, code: int, changed: dict[str, str], sentence: str
) -> None:
    typed = {
        "env": "paper",
        "halt": halted(desk),
        "role": "risk",
        "signer": "ann",
        "key": str(desk.key("ann")),
        "reason": "x",
        **changed,
    }
    options = [part for name in ("role", "signer", "key", "reason") for part in (f"--{name}", typed[name])]
    assert refuse(desk, code, "resume", typed["env"], typed["halt"], *options).startswith(sentence)


def test_a_word_given_twice_is_never_overwritten(desk: World, refuse: Refuse) -> None:
    desk.run("resume", "paper", halted(desk), *word(desk))
    said = refuse(desk, 30, "resume", "paper", halted(desk), *word(desk)[:-1], "Mended again.")
    assert "expected a new file, got one that is there already" in said
