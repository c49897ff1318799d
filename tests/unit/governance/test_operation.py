from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bot_core._parse import encode_json
from bot_core.documents.operation import JournalExtract
from bot_core.governance import layout, writing
from tests.authenticator import keypair
from tests.evidence import DIGEST
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVICE = """services:
  - name: runtime-1
    may:
      - {may}
    keys:
      - public: "{public}"
        valid_from: "2026-01-01T00:00:00Z"
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = build(tmp_path_factory.mktemp("operation"), "released")
    public = " ".join(keypair(world.keys, "runtime-1").with_suffix(".pub").read_text().split()[:2])
    world.edit("compliance/policy.yaml", "environments:\n", SERVICE.format(may="report", public=public) + "environments:\n")
    world.ok("policy", "propose")
    for name in ("ann", "ben"):
        world.ok("policy", "sign", "--signer", name, "--key", world.key(name))
    return world


@pytest.fixture
def publish(base: World, tmp_path: Path) -> Callable[..., tuple[int, set[str]]]:
    """Publish an extract on a branch and ask the gate."""
    world = base.clone(tmp_path / "repository")

    def publish(signer: str = "runtime-1", key: str = "runtime-1", folder: str = "", edit: bytes = b"") -> tuple[int, set[str]]:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        extract = JournalExtract(
            schema="bot-core/operation-journal/v1",
            repository="quant/models",
            environment="paper",
            model=MODEL,
            version=world.version,
            published=now,
            signer=signer,
            first=now,
            last=now,
            is_ready=True,
            candidates=3,
            decisions=2,
            head=DIGEST,
        )
        path = f"audit/ai_decision/operation/{folder or 'paper'}/{world.version}/journal.{layout.stamp(now)}.json"
        data = encode_json(extract)
        world.git("switch", "-qc", "extract")
        world.put(path, data + edit)
        world.put(path + layout.SIG, writing.sign(data, path, layout.REPORT, world.keys / key))
        world.commit("Extract")
        code, reasons, _ = world.gate()
        return code, reasons

    return publish


def test_an_extract_signed_by_its_service_is_allowed(publish: Callable[..., tuple[int, set[str]]]) -> None:
    assert publish() == (0, set())


def test_a_person_is_no_service(publish: Callable[..., tuple[int, set[str]]]) -> None:
    assert publish(signer="ann", key="ann") == (20, {"SIGNOFF-CONTEXT"})


def test_somebody_else_s_key_is_not_the_service_s(publish: Callable[..., tuple[int, set[str]]]) -> None:
    assert publish(key="ann") == (30, {"SIG-UNKNOWN-KEY"})


def test_an_edited_extract_is_refused(publish: Callable[..., tuple[int, set[str]]]) -> None:
    assert publish(edit=b"\n") == (30, {"SIG-BAD"})


def test_an_extract_of_paper_proves_nothing_about_production(publish: Callable[..., tuple[int, set[str]]]) -> None:
    assert publish(folder="production") == (20, {"SIGNOFF-CONTEXT"})
