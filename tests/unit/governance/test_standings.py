from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from bot_core.governance.standings import Place, places
from tests.world import MODEL, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

DAY = dt.timedelta(days=1)
PAPER = "compliance/environments/paper.yaml"


def standing(desk: World, *, after: dt.timedelta = DAY, name: str = "paper") -> Place:
    found = places(Desk(desk.path, desk.t0 + after).view, desk.t0 + after, name)
    assert found is not None
    (place,) = found
    return place


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def test_every_environment_of_the_policy_has_a_place(desk: World) -> None:
    found = places(Desk(desk.path, desk.t0).view, desk.t0 + DAY)
    assert found is not None
    assert [(place.environment, place.condition) for place in found] == [("paper", "Ready"), ("production", "Empty")]


def test_maintenance_is_shown_before_anything_else(desk: World) -> None:
    desk.edit(PAPER, "maintenance: false", "maintenance: true")
    desk.commit()
    assert standing(desk).condition == "Maintenance"


def test_what_may_not_decide_degrades_its_environment(desk: World) -> None:
    place = standing(desk, after=400 * DAY)
    assert place.condition == "Degraded"
    assert place.degraded[0].startswith(f"{MODEL} may not decide: docs/runbooks/")


def test_a_rollback_wants_its_review_in_time(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    desk.merge(desk.git("rev-parse", "--abbrev-ref", "HEAD"), after=WEEK)
    desk.shift = WEEK + DAY
    desk.ok("rollback", MODEL, "--env", "production", "--reason", "It drifts.")
    assert standing(desk, after=WEEK + DAY * 1.5, name="production").degraded == ()
    (note,) = standing(desk, after=WEEK + 3 * DAY, name="production").degraded
    assert note.startswith(f"the rollback of {MODEL} wants a signed review since ")


def test_sign_offs_that_end_soon_are_warned_of(desk: World) -> None:
    assert standing(desk, after=300 * DAY).warnings == ()
    for left, within in ((13, 14), (6, 7), (0.5, 1)):
        (warning,) = standing(desk, after=(365 - left) * DAY).warnings
        assert warning.startswith(f"{MODEL}: a sign-off ends within {within} days, at ")


def test_a_repository_without_a_policy_has_no_places(desk: World) -> None:
    desk.git("rm", "-q", "compliance/policy.yaml")
    desk.git("commit", "-qm", "Delete")
    assert places(Desk(desk.path, desk.t0).view, desk.t0) is None


def test_an_unknown_environment_is_said(desk: World) -> None:
    with pytest.raises(Refused, match="--env: expected one of paper, production; got moon"):
        standing(desk, name="moon")


def test_a_place_as_json_names_roles_reasons_and_times(desk: World) -> None:
    plain = json.loads(msgspec.json.encode(standing(desk).as_json()))
    assert (plain["environment"], plain["condition"], plain["degraded"]) == ("paper", "Ready", [])
    (model,) = plain["models"]
    assert (model["model"], model["version"], model["verdict"], model["reasons"]) == (MODEL, desk.version, "ALLOW", [])
    assert (model["roles"]["risk"]["state"], model["roles"]["risk"]["signers"]) == ("approved", ["ann"])
    assert dt.datetime.fromisoformat(model["since"]) >= desk.t0
