"""The ways back: which need a signature, what they restore, what is owed afterwards; and what can always merge."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.documents.interventions import Rollback
from bot_core.governance import layout
from bot_core.governance.reading import parse, spell
from tests.attacks.acts import (
    DAY,
    HOUR,
    PRODUCTION,
    back_to_first,
    branch,
    codes,
    condition,
    entries,
    forge,
    live,
    minutes_and_limits,
    release_of,
    releases,
    revoke,
    roll_back,
    signed_by,
)
from tests.world import MODEL, SIGNERS, WEEK, World, _proposed, build

if TYPE_CHECKING:
    from pathlib import Path

    from tests.attacks.acts import Worlds

SECOND, THIRD, BACK = 18 * DAY, 27 * DAY, 28 * DAY


@pytest.fixture(scope="module")
def _history(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Put three releases into production one after the other; the first at 5 %, its sign-offs valid for sixteen days."""
    desk = build(tmp_path_factory.mktemp("history"), "paper")
    first = desk.version
    _proposed(desk)
    for role in SIGNERS:
        desk.sign_off(role, None, "--valid-days", "16")
    minutes_and_limits(desk)
    desk.merge(branch(desk), after=WEEK)
    desk.ok("promote", MODEL, first, "--env", "production", "--rollout", "5")
    desk.sign_off("risk", None, "--rollout", "5", subject=(MODEL, first))
    desk.merge(branch(desk))
    desk.shift = WEEK + DAY
    second = released_and_signed(desk)
    desk.shift += DAY
    third = released_and_signed(desk)
    for version, paper, production in ((second, desk.shift, SECOND), (third, SECOND + HOUR, THIRD)):
        for env, time in (("paper", paper), ("production", production)):
            desk.shift = time
            desk.publish(version)
            desk.ok("promote", MODEL, version, "--env", env)
            assert desk.gate(after=time)[:2] == (0, set())
            desk.merge(branch(desk))
    desk.shift = BACK
    return desk


@pytest.fixture
def history(_history: World, tmp_path: Path) -> World:
    """Give a fresh copy; `version` is the third release."""
    return _history.clone(tmp_path / "repository")


def test_going_back_to_the_fallback_needs_no_new_signature(history: World) -> None:
    history.git("switch", "-qc", "back")
    roll_back(history)
    assert history.git("diff", "--name-only", "main") == PRODUCTION
    assert history.gate(after=BACK)[:2] == (0, set())


def test_going_back_to_a_revoked_release_is_refused(history: World) -> None:
    before = entries(history).models[0].fallback
    revoke(history, before)
    history.git("switch", "-qc", "back")
    roll_back(history)
    assert history.gate(after=BACK)[:2] == (20, {"REVOKED"})


def test_going_back_further_needs_a_signed_order_and_restores_limits_and_percent(history: World) -> None:
    first = releases(history)[0]
    history.git("switch", "-qc", "back")
    code, _, err = history.run("rollback", MODEL, "--env", "production", "--to", first, "--reason", "losses")
    assert code == 2
    assert "--signer" in err
    roll_back(history, "--to", first, *signed_by(history, "cid"))
    assert history.gate(after=BACK)[:2] == (0, set())
    assert entries(history).models[0].rollout == 5


def test_the_same_file_without_the_order_is_a_promotion_like_any_other(history: World) -> None:
    back_to_first(history)
    history.git("rm", "-qr", "compliance/rollbacks")
    history.commit()
    assert history.gate(after=BACK)[:2] == (20, {"ROLLOUT-STEP", "SIGNOFF-EXPIRED", "ROLE-MISSING"})


@pytest.mark.parametrize("who", ["eve", "gus"])
def test_an_order_by_somebody_who_approves_nothing_is_none(history: World, who: str) -> None:
    first = releases(history)[0]
    history.git("switch", "-qc", "back")
    words = ("rollback", MODEL, "--env", "production", "--to", first, "--reason", "x", *signed_by(history, who))
    assert history.run(*words)[0] == 2
    roll_back(history, "--to", first, *signed_by(history, "cid"))
    path = history.find("compliance/rollbacks/production/*/*.yaml")
    order = parse(history.read(path).encode(), Rollback, path)
    forge(history, replace(order, signer=who), path, layout.ROLLBACK, who)
    code, reasons, _ = history.gate(after=BACK)
    assert (code, reasons) == (20, {"SIGNOFF-CONTEXT", "ROLLOUT-STEP", "SIGNOFF-EXPIRED", "ROLE-MISSING"})


def test_a_release_that_never_decided_here_is_no_way_back(history: World) -> None:
    version = history.release()
    code, out, err = history.run(
        "rollback", MODEL, "--env", "production", "--to", version, "--reason", "x", *signed_by(history, "cid")
    )
    assert (code, out) == (2, "")
    assert "active here before" in err


def test_a_fallback_is_not_bent_by_an_ordinary_pull_request(history: World) -> None:
    first = releases(history)[0]
    history.git("switch", "-qc", "attack")
    history.edit(PRODUCTION, f"fallback: {entries(history).models[0].fallback}", f"fallback: {first}")
    history.commit()
    assert history.gate(after=BACK)[:2] == (20, {"STAGE-ORDER"})


def test_a_comment_does_not_bend_the_way_back(history: World) -> None:
    first = releases(history)[0]
    history.git("switch", "-qc", "comment")
    old = entries(history)
    history.put(PRODUCTION, f"# {release_of(history, first)}\n# model: {MODEL}\n".encode() + spell(old))
    history.commit()
    assert history.gate(after=BACK)[:2] == (0, set())
    history.merge("comment")
    back_to_first(history)
    history.git("rm", "-qr", "compliance/rollbacks")
    history.commit()
    assert history.gate(after=BACK)[:2] == (20, {"ROLLOUT-STEP", "SIGNOFF-EXPIRED", "ROLE-MISSING"})


def test_sign_offs_that_ended_meanwhile_hold_until_the_review_is_due(history: World) -> None:
    back_to_first(history)
    history.merge("back")
    assert codes(history, after=BACK + 23 * HOUR) == set()
    assert codes(history, after=BACK + 25 * HOUR) == {"SIGNOFF-EXPIRED", "ROLE-MISSING"}


def test_a_first_release_goes_back_to_rules(world: Worlds) -> None:
    desk = live(world)
    roll_back(desk)
    assert entries(desk).models == []
    assert desk.gate()[:2] == (0, set())


def test_a_rollback_wants_a_signed_review(world: Worlds) -> None:
    desk = world("configured")
    no_waiting(desk)
    desk.put(layout.MINUTES, "# Minutes\n")
    desk.commit()
    for number in range(2):
        desk.shift = dt.timedelta(minutes=number - 2)
        released_and_signed(desk)
        desk.shift = dt.timedelta()
        for env in ("paper", "production"):
            desk.publish()
            desk.ok("promote", MODEL, desk.version, "--env", env)
            if (env, number) == ("production", 0):
                minutes_and_limits(desk)
            desk.merge(branch(desk))
    desk.git("switch", "-qc", "back")
    roll_back(desk)
    assert desk.gate(after=HOUR)[:2] == (0, set())
    desk.merge("back")
    assert condition(desk, after=23 * HOUR) == "Ready"
    assert condition(desk, after=25 * HOUR) == "Degraded"
    desk.put(layout.JOURNAL, "# Incidents\n\n## 2026-11-21 Losses\n")
    desk.commit()
    desk.ok("review", "rollback", f"production.{MODEL}", layout.JOURNAL, "--role", "risk", *signed_by(desk, "ann"), "--approve")
    assert condition(desk, after=25 * HOUR) == "Ready"


def test_what_only_restricts_can_always_merge(history: World) -> None:
    late = 400 * DAY
    back_to_first(history)
    history.merge("back")
    history.git("switch", "-qc", "less")
    history.edit(PRODUCTION, "rollout: 5", "rollout: 0")
    history.commit()
    assert history.gate(after=late)[:2] == (0, set())
    history.edit(PRODUCTION, "maintenance: false", "maintenance: true")
    history.commit()
    assert history.gate(after=late)[:2] == (0, set())
    history.merge("less")
    history.git("switch", "-qc", "more")
    history.edit(PRODUCTION, "maintenance: true", "maintenance: false")
    history.commit()
    assert history.gate(after=late)[:2] == (20, {"SIGNOFF-EXPIRED", "ROLE-MISSING", "LIMITS"})


def released_and_signed(desk: World) -> str:
    """Put a release and its sign-offs for production on main, long before it goes there."""
    desk.version = desk.release()
    for role in SIGNERS:
        desk.sign_off(role)
    desk.sign_off("risk", env="paper")
    return desk.version


def no_waiting(desk: World) -> None:
    """Merge a policy that asks for no days in paper."""
    desk.edit(layout.POLICY, "days: 7", "days: 0")
    desk.ok("policy", "propose")
    for name in ("ann", "ben"):
        desk.ok("policy", "sign", *signed_by(desk, name))
