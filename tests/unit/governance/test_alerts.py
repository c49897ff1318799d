from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._parse import encode_json
from bot_core.governance import layout, writing
from tests.evidence import drifted
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.status import Status

STAMP = "20270101T000000Z"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("alerts"), "paper")


@pytest.fixture
def desk(base: World, tmp_path: Path) -> World:
    return base.clone(tmp_path / "repository")


def bring(desk: World, status: Status, signer: str | None, stamp: str = STAMP) -> str:
    """Bring a later drift report on a branch, signed or not."""
    path = f"audit/ai_decision/drift/{desk.version}.{stamp}.json"
    data = encode_json(drifted(MODEL, status))
    desk.git("switch", "-qC", "report")
    desk.put(path, data)
    if signer is not None:
        desk.put(path + layout.SIG, writing.sign(data, path, layout.REPORT, desk.key(signer)))
    desk.commit("Drift")
    return path


def state(desk: World) -> tuple[str, list[str]]:
    (model,) = desk.status()["environments"][0]["models"]  # type: ignore[index]
    return model["verdict"], [reason["code"] for reason in model["reasons"]]


def test_a_critical_report_takes_the_release_back_until_it_is_dismissed(desk: World) -> None:
    path = bring(desk, "critical", "dora")
    assert desk.gate()[:2] == (0, set())
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED"])
    answer = ("review", "alert", f"{MODEL}.drift", path, "--role", "risk", "--signer", "ann", "--key", desk.key("ann"))
    desk.ok(*answer, "--ticket", "OPS-17")
    assert state(desk) == ("DENY", ["RPT-FAILED"])
    desk.git("reset", "-q", "--hard", "HEAD~1")
    desk.ok(*answer, "--dismiss")
    assert state(desk) == ("ALLOW", [])


def test_a_later_report_that_is_well_undoes_nothing(desk: World) -> None:
    bring(desk, "critical", "dora")
    bring(desk, "ok", "dora", "20270102T000000Z")
    desk.merge("report")
    assert state(desk) == ("DENY", ["RPT-FAILED"])


def test_one_that_is_well_changes_nothing(desk: World) -> None:
    bring(desk, "ok", "dora")
    desk.merge("report")
    assert state(desk) == ("ALLOW", [])


@pytest.mark.parametrize(("signer", "expected"), [(None, (30, {"SIG-BAD"})), ("gus", (20, {"SIGNOFF-CONTEXT"}))])
def test_nobody_without_a_role_brings_one(desk: World, signer: str | None, expected: tuple[int, set[str]]) -> None:
    bring(desk, "critical", signer)
    assert desk.gate()[:2] == expected


def test_a_damaged_report_counts_as_critical(desk: World) -> None:
    desk.put(f"audit/ai_decision/drift/{desk.version}.{STAMP}.json", "{")
    desk.commit("Damaged")
    assert state(desk) == ("DENY", ["RPT-FAILED"])
