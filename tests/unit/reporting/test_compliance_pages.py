from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.governance.desk import Desk
from bot_core.reporting.compliance_pages import EMPTY, POLICY_PAGE, SIGNOFF_PAGE, pages
from tests.world import MODEL, WEEK, build

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = build(tmp_path_factory.mktemp("pages"), "ready")
    world.merge(world.git("rev-parse", "--abbrev-ref", "HEAD"))
    return world


def test_this_repository_ships_no_policy_and_its_pages_say_so() -> None:
    root = Path(__file__).parents[3]
    assert not (root / "compliance/policy.yaml").exists()
    shown = pages(Desk(root, Desk.here().now).view, None, None, None)
    assert {path: (root / path).read_text(encoding="utf-8") for path in shown} == shown
    assert all(EMPTY in text for text in shown.values())


def test_they_are_rendered_from_the_signed_files(live: World) -> None:
    live.ok("docs", "render", "--now", f"{live.t0 + WEEK:%Y-%m-%dT%H:%M:%SZ}")
    text = live.read(SIGNOFF_PAGE)
    assert f"### {MODEL} `{live.version}`" in text
    assert "| risk | approved | ann |" in text
    assert "No rollback has been reviewed yet." in text
    assert "| ben | root, compliance | \u2013 |" in live.read(POLICY_PAGE)


def test_a_stale_page_is_named_and_left_alone(live: World) -> None:
    live.put(POLICY_PAGE, "edited")
    code, out, _ = live.run("docs", "render", "--check")
    assert code == 20
    assert f"stale: {POLICY_PAGE}" in out
    assert live.read(POLICY_PAGE) == "edited"


def test_what_the_policy_generates_is_written_on_request(live: World) -> None:
    live.put("compliance/allowed_signers", "edited")
    assert "written: compliance/allowed_signers" in live.ok("docs", "render", "--policy")
    assert live.read("compliance/allowed_signers").count("namespaces=") == 8


def test_a_reviewed_rollback_stands_in_the_post_incident_section(live: World) -> None:
    live.put("audit/ai_decision/incident_journal.md", "what was seen\n")
    live.commit("Journal")
    key = live.key("ann")
    live.ok(
        "review",
        "rollback",
        f"production.{MODEL}",
        "audit/ai_decision/incident_journal.md",
        "--role",
        "risk",
        "--signer",
        "ann",
        "--key",
        key,
        "--approve",
    )
    live.ok("docs", "render")
    assert f"| production.{MODEL} | risk | ann | approve |" in live.read(SIGNOFF_PAGE)
