"""What is said on one machine, and when git has overtaken it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256, sha256_file
from bot_core.ai.activation import entry_digest
from bot_core.ai.local import overtaken
from bot_core.documents.interventions import Halt
from bot_core.documents.runtime import Control, Degraded, Named, Protected
from bot_core.governance import layout
from bot_core.governance.acceptance import Accepted, accept
from bot_core.governance.git import Git
from bot_core.governance.promotion import desired
from bot_core.governance.reading import spell
from tests.attacks import forge
from tests.attacks.acts import signed_by
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.runtime import RuntimeMemory
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def met(desk: World, before: RuntimeMemory | None = None) -> Accepted:
    git = Git(desk.path)
    return accept(git, git.resolve("main"), before, "paper", desk.now)


def after(desk: World, control: Control) -> Control:
    return overtaken(control, met(desk), desk.now)


def halted(desk: World, name: str = "stop") -> Control:
    order = Halt(
        schema="bot-core/halt/v1", repository="here", environment="paper", id=name, signer="ann", issued=desk.now, reason="x"
    )
    return Control(halts=[order])


def in_git(desk: World) -> str:
    """Halt everything in git; return the halt's name."""
    desk.ok("halt", "paper", "--all", *signed_by(desk, "ann"), "--reason", "x", "--state", "none")
    return desk.find("compliance/halts/paper/*.yaml").rsplit("/", 1)[-1].removesuffix(".yaml")


def named(desk: World, **changes: object) -> Control:
    entry = desired(met(desk).view, "paper").entry(MODEL)
    assert entry is not None
    one = Named(model=MODEL, version=desk.version, artifact=sha256(b"a"), entry=entry_digest(entry))
    return Control(models={"x": replace(one, **changes)}, default="x")


def test_what_git_says_nothing_about_stays(desk: World) -> None:
    for control in (Control(), Control(detached=True, reason="x"), halted(desk), named(desk)):
        assert after(desk, control) is control


# --- halts ---


def test_a_halt_leaves_once_git_has_it(desk: World) -> None:
    control = halted(desk, in_git(desk))
    said = after(desk, control)
    assert (said.halts, said.changed) == ([], desk.now)
    assert [one.id for one in met(desk).remembered.halts] == [control.halts[0].id]


def test_a_halt_that_git_has_ended_leaves_too(desk: World) -> None:
    name = in_git(desk)
    desk.ok("resume", "paper", "--role", "risk", *signed_by(desk, "ann"), "--reason", "mended")
    assert after(desk, halted(desk, name)).halts == []


@pytest.mark.parametrize("how", ["unsigned", "by nobody", "by somebody without a role", "for another environment", "another one"])
def test_a_file_that_counts_for_nothing_ends_no_halt(desk: World, how: str) -> None:
    control = halted(desk)
    (order,) = control.halts
    env = "production" if how == "for another environment" else "paper"
    path = f"{layout.halts(env)}/{'other' if how == 'another one' else order.id}.yaml"
    key = {"unsigned": None, "by nobody": forge.stranger(desk), "by somebody without a role": desk.key("eve")}
    signer = "eve" if how == "by somebody without a role" else "ann"
    told = replace(order, repository="quant/models", signer=signer, environment=env)
    told = replace(told, id="other") if how == "another one" else told
    forge.bring(desk, path, spell(told), key.get(how, desk.key("ann")), layout.HALT)
    assert after(desk, control).halts == [order]


# --- a release that was asked for ---


def test_a_default_ends_when_git_desires_something_else(desk: World) -> None:
    control = named(desk)
    desk.edit(layout.environment("paper"), "rollout: 100", "rollout: 50")
    desk.commit()
    said = after(desk, control)
    assert (said.default, said.reason) == (None, "the environment's entry has changed")
    assert said.models == control.models


def test_it_ends_when_git_desires_nothing_of_the_model(desk: World) -> None:
    control = named(desk)
    desk.ok("rollback", MODEL, "--env", "paper", "--reason", "x")
    assert after(desk, control).default is None


def test_it_stays_where_git_never_desired_anything_and_does_not_now(desk: World) -> None:
    control = named(desk, model="other", entry=None)
    assert after(desk, control) is control


def test_a_default_that_names_nothing_ends(desk: World) -> None:
    assert after(desk, Control(default="unheard")).default is None


def test_a_broken_environment_says_nothing_new(desk: World) -> None:
    control = named(desk)
    desk.put(layout.environment("paper"), "junk")
    desk.commit()
    assert after(desk, control) is control


# --- shrunk limits ---

REPORT = "audit/ai_decision/drift/"


@pytest.fixture
def shrunk(desk: World) -> Control:
    path = f"{REPORT}{desk.version}.{desk.now:%Y%m%dT%H%M%SZ}.json"
    desk.put(path, "critical")
    desk.commit("A report")
    digest = sha256_file(desk.path / path)
    return Control(protected=[Protected(model=MODEL, path=path, digest=digest, since=desk.now)])


def review(desk: World, path: str, who: str, role: str, *more: str) -> None:
    desk.ok("review", "alert", f"{MODEL}.drift", path, "--role", role, *signed_by(desk, who), *more)


def test_shrunk_limits_stay_until_the_report_is_answered(desk: World, shrunk: Control) -> None:
    assert after(desk, shrunk) is shrunk
    review(desk, shrunk.protected[0].path, "ann", "risk", "--dismiss")
    assert after(desk, shrunk).protected == []


def test_an_answer_in_a_role_that_approves_nothing_here_changes_nothing(desk: World, shrunk: Control) -> None:
    review(desk, shrunk.protected[0].path, "dora", "data", "--dismiss")
    assert after(desk, shrunk) is shrunk


def test_a_ticket_is_no_answer(desk: World, shrunk: Control) -> None:
    review(desk, shrunk.protected[0].path, "ann", "risk", "--ticket", "OPS-1")
    assert after(desk, shrunk) is shrunk


def test_nor_is_an_answer_to_another_report(desk: World, shrunk: Control) -> None:
    other = replace(shrunk, protected=[replace(shrunk.protected[0], digest=sha256(b"another"))])
    review(desk, shrunk.protected[0].path, "ann", "risk", "--dismiss")
    assert after(desk, other) is other


# --- a release that did worse than its evidence said ---


@pytest.fixture
def worse(desk: World) -> Control:
    path = f"audit/ai_decision/degradation/{desk.version}.{desk.now:%Y%m%dT%H%M%SZ}.json"
    desk.put(path, "critical")
    desk.commit("A report")
    found = Degraded(model=MODEL, version=desk.version, path=path, digest=sha256_file(desk.path / path), since=desk.now)
    return Control(degraded=[found])


def answer(desk: World, control: Control, category: str, *more: str) -> None:
    who = ("--role", "risk", *signed_by(desk, "ann"))
    desk.ok("review", "alert", f"{MODEL}.{category}", control.degraded[0].path, *who, *more)


def test_rules_decide_until_the_report_is_answered(desk: World, worse: Control) -> None:
    assert after(desk, worse) is worse
    answer(desk, worse, "degradation", "--ticket", "OPS-1")
    assert after(desk, worse) is worse
    desk.git("reset", "-q", "--hard", "HEAD~1")
    answer(desk, worse, "degradation", "--dismiss")
    assert after(desk, worse).degraded == []


def test_an_answer_filed_under_another_alert_is_none(desk: World, worse: Control) -> None:
    answer(desk, worse, "drift", "--dismiss")
    assert after(desk, worse) is worse
