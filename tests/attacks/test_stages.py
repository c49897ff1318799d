"""The order of stages, the go-live, the limits and the steps of the rollout: none is left out, none is taken twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.documents.domain import Domain
from bot_core.governance import layout
from bot_core.governance.promotion import compose_domain
from bot_core.governance.reading import parse, spell
from tests.attacks.acts import DAY, HOUR, PRODUCTION, branch, codes, entries, live, release_of, to_paper
from tests.world import MODEL, WEEK, World, _paper, _proposed, _ready

if TYPE_CHECKING:
    from tests.attacks.acts import Worlds

PAPER = layout.environment("paper")


def test_production_comes_after_paper(world: Worlds) -> None:
    desk = world("released")
    _proposed(desk)
    _ready(desk)
    assert desk.gate()[:2] == (20, {"STAGE-ORDER", "RPT-MISSING"})  # nor does an extract of paper count, where it never was


def test_days_in_paper_are_counted_from_the_merge(world: Worlds) -> None:
    desk = world("released")
    desk.shift = 3 * DAY
    _paper(desk)
    _proposed(desk)
    _ready(desk)
    assert desk.gate(after=10 * DAY - HOUR)[:2] == (20, {"STAGE-ORDER"})
    assert desk.gate(after=10 * DAY + HOUR)[:2] == (0, set())


def test_paper_and_production_never_share_a_pull_request(world: Worlds) -> None:
    desk = world("released")
    to_paper(desk)
    _proposed(desk)
    _ready(desk)
    assert desk.gate()[:2] == (20, {"STAGE-ORDER", "RPT-MISSING"})


def test_days_out_of_paper_do_not_count_whatever_a_comment_says(world: Worlds) -> None:
    desk = world("paper")
    text = desk.read(PAPER)
    desk.git("switch", "-qc", "out")
    desk.put(PAPER, f"# release: {release_of(desk, desk.version)}\n# model: {MODEL}\n{text.split('models:')[0]}")
    desk.commit()
    assert desk.gate(after=DAY)[:2] == (0, set())
    desk.merge("out", after=DAY)
    _proposed(desk)
    _ready(desk)
    assert desk.gate()[:2] == (20, {"STAGE-ORDER"})
    assert "got 1 days" in str(desk.gate()[2])


def test_the_first_activation_needs_signed_minutes(world: Worlds) -> None:
    desk = world("ready")
    desk.git("rm", "-qr", "compliance/reviews")
    desk.commit()
    assert desk.gate()[:2] == (10, {"GO-LIVE"})


def test_minutes_edited_after_signing_are_not_the_signed_ones(world: Worlds) -> None:
    desk = world("ready")
    desk.put(layout.MINUTES, desk.read(layout.MINUTES) + "\nAnd we may double the limits.\n")
    desk.commit()
    assert desk.gate()[:2] == (10, {"GO-LIVE"})


def test_minutes_edited_after_going_live_change_nothing(world: Worlds) -> None:
    desk = live(world)
    desk.put(layout.MINUTES, "# The next model\n")
    desk.commit()
    assert desk.gate()[:2] == (0, set())
    desk.merge("work", after=WEEK + DAY)
    assert codes(desk, after=WEEK + 2 * DAY) == set()


def test_a_comment_does_not_make_a_first_activation_a_second(world: Worlds) -> None:
    desk = world("ready")
    proposal, mine = branch(desk), desk.read(PRODUCTION)
    desk.git("switch", "-qc", "comment", "main")
    desk.put(PRODUCTION, f"#   - model: {MODEL}\n" + mine.split("models:", maxsplit=1)[0])
    desk.commit()
    assert desk.gate(after=DAY)[:2] == (0, set())
    desk.merge("comment", after=DAY)
    desk.git("switch", "-q", proposal)
    desk.git("rm", "-qr", "compliance/reviews")
    desk.commit()
    desk.git("merge", "-q", "-X", "ours", "main")
    assert desk.gate()[:2] == (10, {"GO-LIVE"})


def test_raised_limits_need_their_own_approval(world: Worlds) -> None:
    desk = live(world)
    desk.edit("conf/decision/trade_entry.yaml", 'max_cost_bps: "15"', 'max_cost_bps: "1500"')
    desk.commit()
    desk.ok("promote", MODEL, desk.version, "--env", "production")
    assert desk.gate()[:2] == (10, {"LIMITS"})
    desk.sign_off("risk", None, "--domain", "trade_entry", subject=())
    assert desk.gate()[:2] == (10, {"LIMITS"})
    desk.sign_off("compliance", None, "--domain", "trade_entry", subject=())
    assert desk.gate()[:2] == (0, set())


def test_a_domain_is_named_by_its_content(world: Worlds) -> None:
    desk = world("ready")
    path = layout.domain("trade_entry", "0" * 64)
    desk.put(path, desk.read(domain_of(desk)).replace('max_cost_bps: "15"', 'max_cost_bps: "1500"'))
    desk.edit(PRODUCTION, domain_of(desk), path)
    desk.commit()
    assert desk.gate()[:2] == (30, {"REL-DIGEST"})


def test_a_domain_that_decides_does_not_change(world: Worlds) -> None:
    desk = live(world)
    desk.edit(domain_of(desk), 'max_cost_bps: "15"', 'max_cost_bps: "1500"')
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY"})


@pytest.mark.parametrize("named", ["flight_delay", "delay_notice"])
def test_a_model_decides_within_a_domain_of_its_own(world: Worlds, named: str) -> None:
    desk = world("ready")
    data = spell(compose_domain(desk.path, "flight_delay", None))
    mine = parse(desk.read(domain_of(desk)).encode(), Domain, "")
    if named == "delay_notice":  # a domain of ours under the other's name
        data = spell(mine)
    path = layout.domain("delay_notice", sha256(data))
    old = domain_of(desk)
    desk.put(path, data)
    desk.edit(PRODUCTION, old, path)
    desk.commit()
    assert desk.gate()[:2] == (10, {"LIMITS"})


@pytest.mark.parametrize("percent", [10, 50, 100])
def test_no_step_of_the_rollout_is_skipped_even_signed(world: Worlds, percent: int) -> None:
    desk = live(world)
    step(desk, percent)
    assert desk.gate()[:2] == (20, {"ROLLOUT-STEP"})
    approve(desk, percent)
    assert desk.gate()[:2] == (20, {"ROLLOUT-STEP"})


def test_a_step_up_needs_its_own_sign_off_and_a_step_down_none(world: Worlds) -> None:
    desk = live(world)
    for hours, percent in enumerate((5, 10), 1):
        step(desk, percent)
        assert desk.gate()[:2] == (10, {"ROLE-MISSING"})
        approve(desk, percent)
        assert desk.gate()[:2] == (0, set())
        desk.merge(branch(desk), after=WEEK + hours * HOUR)
        desk.git("switch", "-qc", f"after-{percent}")
    assert codes(desk, after=WEEK + DAY) == set()
    step(desk, 0)
    assert desk.gate()[:2] == (0, set())


def test_a_sign_off_of_one_step_is_none_of_another(world: Worlds) -> None:
    desk = live(world)
    approve(desk, 50)
    step(desk, 5)
    assert desk.gate()[:2] == (10, {"ROLE-MISSING"})


@pytest.mark.parametrize("percent", [1, 7, 99])
def test_only_the_policys_steps_are_taken(world: Worlds, percent: int) -> None:
    desk = live(world)
    assert desk.run("promote", MODEL, desk.version, "--env", "production", "--rollout", percent)[0] == 20
    desk.edit(PRODUCTION, "rollout: 0", f"rollout: {percent}")
    desk.commit()
    assert desk.gate()[:2] == (20, {"ROLLOUT-STEP"})


@pytest.mark.parametrize("percent", [5, 100])
def test_a_first_entry_starts_at_the_lowest_step(world: Worlds, percent: int) -> None:
    desk = world("ready")
    step(desk, percent)
    approve(desk, percent)
    assert desk.gate()[:2] == (20, {"ROLLOUT-STEP"})


def test_an_entry_taken_out_and_put_back_starts_anew(world: Worlds) -> None:
    desk = live(world)
    step(desk, 5)
    approve(desk, 5)
    desk.merge(branch(desk), after=WEEK + HOUR)
    stood = desk.read(PRODUCTION)
    desk.git("rm", "-q", PRODUCTION)
    desk.commit()
    desk.git("switch", "-qc", "again")
    desk.put(PRODUCTION, stood)
    desk.commit()
    assert desk.gate()[:2] == (20, {"ROLLOUT-STEP"})


def domain_of(desk: World) -> str:
    return entries(desk).models[0].domain


def step(desk: World, percent: int) -> None:
    desk.ok("promote", MODEL, desk.version, "--env", "production", "--rollout", percent)


def approve(desk: World, percent: int) -> None:
    desk.sign_off("risk", None, "--rollout", str(percent), subject=(MODEL, desk.version))
