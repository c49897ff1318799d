"""The condition on a meta-label model cannot be taken away, moved or softened without those who sign limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

FILE = "conf/decision/trade_entry.yaml"
CONDITION = f'meta_label:\n  {MODEL}: {{model: decision_meta, min_probability: "0.55"}}\n'


@pytest.fixture
def gated(world: Callable[[Stage], World]) -> World:
    """A release in production whose trades must be confirmed, all signed."""
    found = world("ready")
    merged(found)
    found.edit(FILE, "rules:", f"{CONDITION}rules:")
    assert "LIMITS" in proposed(found)  # a stricter limit is a new domain file too
    for role in ("risk", "compliance"):
        found.sign_off(role, None, "--domain", "trade_entry", subject=())
    assert "LIMITS" not in found.gate()[1]
    merged(found)
    return found


def merged(desk: World) -> None:
    """Merge what is proposed."""
    branch = desk.git("branch", "--show-current")
    desk.merge(branch)
    desk.git("branch", "-D", branch)


def proposed(desk: World) -> set[str]:
    """Propose the release within what the file says now; return the gate's reasons."""
    desk.commit("Other limits")
    desk.ok("promote", MODEL, desk.version, "--env", "production")
    return desk.gate()[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [('"0.55"', '"0.54"'), ("decision_meta", "another_meta"), (f"  {MODEL}:", "  msft_direction:")],
    ids=["lowered", "asked of another", "asked for another"],
)
def test_any_change_of_it_needs_the_limits_signatures(gated: World, old: str, new: str) -> None:
    gated.edit(FILE, old, new)
    assert "LIMITS" in proposed(gated)


def test_limits_without_it_that_were_signed_before_stay_signed_until_one_person_rejects_them(gated: World) -> None:
    gated.edit(FILE, CONDITION, "")
    assert "LIMITS" not in proposed(gated)
    gated.sign_off("risk", None, "--domain", "trade_entry", "--reject", "--statement", "Trades must be confirmed.", subject=())
    assert {"LIMITS", "ROLE-REJECTED"} <= gated.gate()[1]


def test_the_file_that_was_signed_cannot_be_changed_in_its_place(gated: World) -> None:
    gated.git("switch", "-qc", "softer")
    path = next(path for path in gated.path.glob("compliance/domains/trade_entry/*.yaml") if "meta_label" in path.read_text())
    gated.edit(str(path.relative_to(gated.path)), '"0.55"', '"0.05"')
    gated.commit("Softer")
    code, reasons, _ = gated.gate()
    assert code != 0
    assert "ADD-ONLY" in reasons
