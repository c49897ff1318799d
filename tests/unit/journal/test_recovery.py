from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.errors import AuditError
from bot_core.journal.append import Journal
from bot_core.journal.head import read_tip, tip_path
from bot_core.journal.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

EVENT = b'{"event_type":"decision"}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal whose writer was stopped after three lines, with a head from its beginning."""
    path = tmp_path / "rollback.log"
    Journal(path).append([EVENT] * 3)
    return path


def test_a_torn_line_is_put_aside_cut_off_and_journalled(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b'{"seq":4,"prev":"')
    with Journal(path) as journal:
        assert journal.append((EVENT,)).sequence == 5
    assert [(repair.what, repair.sequence, repair.size, repair.kept) for repair in journal.repaired] == [
        ("torn", 4, 17, "rollback.log.000000000004.torn")
    ]
    assert path.with_name("rollback.log.000000000004.torn").read_bytes() == b'{"seq":4,"prev":"'
    said = json.loads(path.read_bytes().splitlines()[3])["event"]
    assert (said["event_type"], said["metadata"]["size"]) == ("journal_repaired", 17)
    assert verify(path).whole


def test_a_first_line_may_be_torn(tmp_path: Path) -> None:
    path = tmp_path / "new.log"
    path.write_bytes(b'{"se')
    assert Journal(path).append((EVENT,)).sequence == 2
    assert verify(path).whole


def test_a_torn_line_that_the_tip_covers_is_tampering(path: Path) -> None:
    data = path.read_bytes()[:-3]
    path.write_bytes(data)
    with pytest.raises(AuditError, match=r"got line 2, .*…; the tip speaks of line 3"):
        Journal(path).append((EVENT,))
    assert path.read_bytes() == data


def restart(path: Path) -> None:
    """Make the tip one that was written before the machine was started."""
    tip = read_tip(path)
    assert tip
    tip_path(path).write_bytes(msgspec.json.encode(msgspec.structs.replace(tip, boot="another")))


def test_lines_that_a_failure_of_the_machine_took_are_journalled(path: Path) -> None:
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0] + b"\0\0\0")
    restart(path)
    assert [(finding.kind, finding.first, finding.last) for finding in verify(path).findings] == [("truncated", 2, 3)]
    with Journal(path) as journal:
        assert journal.append((EVENT,)).sequence == 4
    assert [(repair.what, repair.sequence, repair.size) for repair in journal.repaired] == [("torn", 2, 3), ("lost", 2, 2)]
    assert verify(path).whole


def test_no_failure_of_the_machine_takes_lines_that_a_head_speaks_of(path: Path) -> None:
    Journal(path).checkpoint()
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    restart(path)
    with pytest.raises(AuditError, match="the head speaks of line 3"):
        Journal(path).append((EVENT,))


@pytest.mark.parametrize("name", ["head", "tip"])
def test_a_journal_that_lost_a_proof_says_which(name: str, path: Path) -> None:
    path.with_name(f"{path.name}.{name}").unlink()
    with pytest.raises(AuditError, match=f"the {name} is missing") as caught:
        Journal(path).append((EVENT,))
    assert f"bot-core journal verify {path}" in caught.value.hint


def test_a_newest_segment_that_ends_in_no_line_is_refused(path: Path) -> None:
    Journal(path).rotate()
    part = path.with_name("rollback.log.000000000001.jsonl")
    part.write_bytes(part.read_bytes() + b"x\n")
    with pytest.raises(AuditError, match="expected a line of the chain at the end"):
        Journal(path).append((EVENT,))
