from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bot_core import ai
from bot_core.errors import DocumentError, SignOffError
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("signed"), "ready")


@pytest.fixture
def world(built: World, tmp_path: Path) -> Iterator[World]:
    copy = built.clone(tmp_path / "repository")
    with contextlib.chdir(copy.path):
        yield copy


def test_reports_of_a_signed_release_owe_nothing(world: World) -> None:
    drift, quality = ai.load_recent_drift_reports(limit=1), ai.load_recent_data_quality_reports(limit=5)
    ai.ensure_compliance_sign_offs(data_quality_reports=quality, drift_reports=drift)
    summary = ai.summarize_drift_reports(drift)
    assert (summary["total"], summary["critical"]) == (1, 0)
    assert summary["latest_report_path"] == f"audit/ai_decision/drift/{world.version}.json"
    assert summary["pending_sign_off"] == {"risk": [], "compliance": []}


def test_no_report_is_no_pass(world: World) -> None:
    with pytest.raises(SignOffError, match=r"audit/ai_decision/drift: expected at least one report, got none"):
        ai.ensure_compliance_sign_offs(data_quality_reports=ai.load_recent_data_quality_reports(), drift_reports=[])
    assert world.version


def test_a_later_report_is_owed_until_each_role_has_answered_it(world: World) -> None:
    path = f"audit/ai_decision/drift/{world.version}.20270101T000000Z.json"
    world.put(path, world.read(f"audit/ai_decision/drift/{world.version}.json").replace('"ok"', '"critical"'))
    world.commit("Drift")
    newest = ai.load_recent_drift_reports()
    assert newest[0].report_path == path
    summary = ai.summarize_drift_reports(newest)
    assert (summary["critical"], summary["latest_critical_report_path"]) == (1, path)
    assert summary["pending_sign_off"] == {"risk": [path], "compliance": [path]}
    world.ok("review", "alert", f"{MODEL}.drift", path, "--role", "risk", "--signer", "ann", "--key", world.key("ann"), "--dismiss")
    assert ai.summarize_drift_reports(newest)["pending_sign_off"] == {"risk": [], "compliance": [path]}
    with pytest.raises(SignOffError, match=r"expected the signature of compliance, got none \(1 of 2 reports\)"):
        ai.ensure_compliance_sign_offs(data_quality_reports=ai.load_recent_data_quality_reports(), drift_reports=newest)


def test_a_damaged_report_is_not_skipped(world: World) -> None:
    world.put("audit/ai_decision/drift/damaged.20270101T000000Z.json", "{")
    with pytest.raises(DocumentError, match="expected JSON"):
        ai.load_recent_drift_reports()


def test_walk_forward_reports_are_counted_too(world: World) -> None:
    summary = ai.summarize_walk_forward_reports(ai.load_recent_walk_forward_reports())
    assert (summary["total"], summary["ok"]) == (1, 1)
    assert ai.summarize_data_quality_reports([])["latest_report_path"] is None
    assert world.path.exists()
