"""Reports that are not what was signed, not there, too old, too new, or do not show what the policy asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._parse import encode_json
from bot_core.governance import layout
from tests.attacks.acts import (
    AUDIT,
    DAY,
    branch,
    codes,
    of_report,
    on_main,
    put_release,
    to_paper,
    to_production,
)
from tests.evidence import walk_forward
from tests.world import MODEL, WEEK, World

if TYPE_CHECKING:
    from tests.attacks.acts import Worlds


@pytest.mark.parametrize(("kind", "more"), [("walk_forward", {"CHECK-FAILED"}), ("drift", set())])
def test_a_deleted_report_is_missed(world: Worlds, kind: str, more: set[str]) -> None:
    desk = world("ready")
    (desk.path / f"{AUDIT}/{kind}/{desk.version}.json").unlink()
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY", "RPT-MISSING"} | more)


def test_a_report_deleted_on_main_is_missed_at_the_next_promotion(world: Worlds) -> None:
    desk = world("ready")
    on_main(desk, (desk.path / f"{AUDIT}/drift/{desk.version}.json").unlink)
    assert desk.gate()[:2] == (10, {"RPT-MISSING"})


def test_an_edited_report_is_not_the_signed_one(world: Worlds) -> None:
    desk = world("ready")
    path = f"{AUDIT}/drift/{desk.version}.json"
    desk.edit(path, '"drifted_share": 0.0', '"drifted_share": 0.1')
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY", "REL-DIGEST"})


def test_a_report_edited_on_main_is_not_the_signed_one(world: Worlds) -> None:
    desk = world("ready")
    path = f"{AUDIT}/drift/{desk.version}.json"
    on_main(desk, lambda: desk.edit(path, '"drifted_share": 0.0', '"drifted_share": 0.1'))
    assert desk.gate()[:2] == (30, {"REL-DIGEST"})


def test_reports_grow_stale_while_a_promotion_waits(world: Worlds) -> None:
    desk = world("ready")
    signed_early(desk)
    assert desk.gate(after=29 * DAY)[:2] == (0, set())
    assert desk.gate(after=31 * DAY)[:2] == (20, {"RPT-STALE"})


def test_reports_do_not_grow_stale_under_a_running_model(world: Worlds) -> None:
    desk = world("ready")
    desk.merge(branch(desk), after=WEEK)
    assert codes(desk, after=60 * DAY) == set()


def test_a_report_brought_later_than_the_lead_waits(world: Worlds) -> None:
    desk = world("ready")
    path = f"{AUDIT}/drift/{desk.version}.json"
    text = desk.read(path)
    on_main(desk, (desk.path / path).unlink)
    desk.shift = 5 * DAY
    on_main(desk, lambda: desk.put(path, text))
    assert desk.gate(after=11 * DAY)[:2] == (10, {"RPT-LEAD"})
    assert desk.gate(after=13 * DAY)[:2] == (0, set())


def test_a_model_that_does_not_beat_its_baseline_may_go_to_paper_only(world: Worlds) -> None:
    desk = world("configured")
    desk.version = desk.release(beats=False)
    to_paper(desk)
    assert desk.gate(after=DAY)[:2] == (0, set())
    to_production(desk)
    assert desk.gate()[:2] == (20, {"RPT-FAILED", "CHECK-FAILED"})


def test_the_reports_own_word_that_it_beats_the_baseline_is_only_a_claim(world: Worlds) -> None:
    desk = world("configured")
    boasting = encode_json(walk_forward(MODEL, beats=True)).replace(b'"p_value": 0.0001', b'"p_value": 0.9')
    desk.version = put_release(desk, lambda desk, document: of_report(desk, document, boasting))
    to_paper(desk)
    to_production(desk)
    assert desk.gate()[:2] == (20, {"RPT-FAILED", "CHECK-FAILED"})


def test_critical_drift_keeps_a_release_from_production(world: Worlds) -> None:
    desk = world("configured")
    desk.version = desk.release(drift="critical")
    to_paper(desk)
    to_production(desk)
    assert desk.gate()[:2] == (20, {"RPT-FAILED", "CHECK-FAILED"})


def test_critical_data_quality_keeps_a_release_from_paper(world: Worlds) -> None:
    desk = world("configured")
    desk.version = desk.release(quality="critical")
    to_paper(desk)
    assert desk.gate(after=DAY)[:2] == (20, {"RPT-FAILED"})


def test_a_release_without_a_kind_of_report_is_not_eligible_where_it_is_asked(world: Worlds) -> None:
    desk = world("configured")
    desk.version = put_release(desk, lambda _, document: replace(document, reports=document.reports[:2]))
    to_paper(desk)
    assert desk.gate(after=DAY)[:2] == (0, set())
    to_production(desk)
    assert desk.gate()[:2] == (10, {"RPT-MISSING"})


def signed_early(desk: World) -> None:
    """Merge everything but the promotion a week after paper, and propose the promotion once more."""
    desk.git("rm", "-q", layout.environment("production"))
    desk.commit("Sign-offs first")
    desk.merge(branch(desk), after=WEEK)
    desk.git("switch", "-qc", "again")
    desk.ok("promote", MODEL, desk.version, "--env", "production")
