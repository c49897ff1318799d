from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.governance.desk import Desk
from bot_core.governance.signing import Wish, prepare
from bot_core.reporting.briefing import brief, figures
from tests.evidence import data_quality, drifted, walk_forward
from tests.memory_view import make
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World


def lines(desk: World, **more: object) -> list[str]:
    here = Desk(desk.path, desk.t0 + dt.timedelta(hours=1))
    facts = {"environment": "production", "role": "risk", "signer": "ann", "model": MODEL, "version": desk.version, **more}
    wish = make(Wish, facts)
    return list(brief(here, wish, prepare(here, wish)))


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("proposed")


def test_the_subject_comes_first(desk: World) -> None:
    said = lines(desk)
    assert said[0] == "You are about to approve, as ann in the role risk, for production:"
    assert said[1] == f"  release {MODEL} {desk.version}"
    assert said[2].startswith("  sha256:")
    assert said[3].startswith("  proposed at 0 % within compliance/domains/trade_entry/")
    assert said[3].endswith("; fallback rules")
    assert said[4].startswith("  author eve; released ")
    assert said[-1] == ""
    assert lines(desk, reject=True)[0].startswith("You are about to REJECT, ")


def test_the_figures_that_matter_are_shown(desk: World) -> None:
    said = lines(desk)
    at = said.index("Evidence")
    assert [line.split()[0] for line in said[at + 1 : at + 4]] == ["walk-forward", "data", "drift"]


def test_every_question_is_shown_with_who_answers(desk: World) -> None:
    said = lines(desk, answers={"C7": "pass"})
    assert not [line for line in said if "unanswered" in line]
    at = said.index("Checklist model-promotion-v1")
    shown = {line.split()[0]: line[5:34].strip() for line in said[at + 1 : at + 8]}
    assert shown == {
        "C1": "machine: yes",
        "C2": "machine: yes",
        "C3": "machine: yes",
        "C4": "machine: yes",
        "C5": "machine: yes",
        "C6": "for data, compliance",
        "C7": "you: pass",
    }
    assert "  C7 you: pass                    I have read the rollback procedure and it can be carried out." in said


def test_what_is_not_answered_is_asked_for(desk: World) -> None:
    said = lines(desk)
    assert "  C7 you: not answered            I have read the rollback procedure and it can be carried out." in said
    assert "  unanswered: it will not count → --answer C7=pass" in said


def test_who_says_no_owes_no_answers(desk: World) -> None:
    assert not [line for line in lines(desk, reject=True) if "unanswered" in line]


def test_what_the_machine_decided_against_is_loud(desk: World) -> None:
    desk.git("switch", "-q", "main")
    desk.shift = dt.timedelta(minutes=1)
    desk.version = desk.release(beats=False, quality="critical")
    said = lines(desk)
    assert [line.split()[0] for line in said if "machine: NO" in line] == ["C2", "C3", "C4", "C5"]
    assert any(line.endswith("does NOT beat its baseline") for line in said)
    assert not any("proposed at" in line for line in said)


def test_limits_are_shown_in_full(desk: World) -> None:
    said = lines(desk, model=None, version=None, domain="trade_entry")
    path = desk.find("compliance/domains/trade_entry/*.yaml")
    assert [line[4:] for line in said[3:-1]] == desk.read(path).splitlines()


def test_a_step_says_how_far(desk: World) -> None:
    assert lines(desk, percent=5)[1] == f"  rollout {MODEL} {desk.version}, step to 5 %"


# --- a line for each report -------------------------------------------------------------------------------------------------------------


def test_a_walk_forward_report_is_compared_with_its_baseline() -> None:
    assert list(figures(walk_forward(MODEL, beats=True))) == [
        "  walk-forward   0 windows, absolute loss 4 against 5 of last_sign (+20.0%, p = 0.0001): beats its baseline"
    ]
    assert list(figures(walk_forward(MODEL, beats=False))) == [
        "  walk-forward   0 windows, absolute loss 6 against 5 of last_sign (-20.0%, p = 0.99): does NOT beat its baseline"
    ]


def test_a_report_that_praises_itself_is_not_believed() -> None:
    report = walk_forward(MODEL, beats=False)
    praised = msgspec.structs.replace(report, comparison=msgspec.structs.replace(report.comparison, beats_baseline=True))
    (said,) = figures(praised)
    assert said.endswith("does NOT beat its baseline")


def test_data_quality_and_drift_say_what_is_left() -> None:
    assert list(figures(data_quality(MODEL, "warning"))) == [
        "  data quality   warning: 1,400 of 1,400 rows usable, 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z; nothing left"
    ]
    assert list(figures(drifted(MODEL, "critical"))) == [
        "  drift          critical: 80% of 0 features, 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z"
    ]
