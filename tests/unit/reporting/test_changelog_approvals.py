from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.documents.signoff import Subject
from bot_core.governance.desk import Desk
from bot_core.reporting.changelog_approvals import approvals
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.reporting.changelog_approvals import Approval


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("signed"), "ready")


@pytest.fixture
def desk(signed: World, tmp_path: Path) -> World:
    return signed.clone(tmp_path / "repository")


def said(world: World) -> tuple[Approval, ...]:
    desk = Desk(world.path, world.now)
    manifest = desk.view.read(f"models/{MODEL}/{world.version}.release.yaml")
    assert manifest is not None
    subject = Subject(kind="release", name=MODEL, version=world.version, digest=sha256(manifest))
    return approvals(desk.view, desk.crew, subject)


def test_everybody_who_signed_is_named_once_per_environment(desk: World) -> None:
    assert [(one.environment, one.role, one.signer, one.decision, one.problem) for one in said(desk)] == [
        ("paper", "risk", "ann", "approve", ""),
        ("production", "compliance", "ben", "approve", ""),
        ("production", "data", "dora", "approve", ""),
        ("production", "platform", "cid", "approve", ""),
        ("production", "risk", "ann", "approve", ""),
    ]


def test_a_signature_that_fits_nothing_proves_nothing(desk: World) -> None:
    path = desk.find(f"{desk.signoffs}/release.risk.*.yaml")
    desk.edit(path, "decision: approve", "decision: reject")
    desk.commit()
    (wrong,) = [one for one in said(desk) if one.problem]
    assert (wrong.environment, wrong.role, wrong.signer, wrong.decision, wrong.problem) == (
        "production",
        "risk",
        "ann",
        "unproven",
        "SIG-BAD",
    )


def test_a_sign_off_that_was_copied_to_another_environment_proves_nothing(desk: World) -> None:
    path = desk.find(f"compliance/signoffs/paper/{MODEL}/{desk.version}/release.risk.*.yaml")
    for suffix in ("", ".sig"):
        desk.put(path.replace("/paper/", "/production/").replace("risk.ann", "risk.fay") + suffix, desk.read(path + suffix))
    desk.commit()
    assert [(one.signer, one.problem) for one in said(desk) if one.problem] == [("fay", "SIGNOFF-CONTEXT")]


def test_a_rejection_is_part_of_the_history(desk: World) -> None:
    desk.sign_off("risk", "fay", "--reject", "--statement", "not like this", env="paper")
    assert ("fay", "reject") in [(one.signer, one.decision) for one in said(desk)]
