from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import AuditError
from bot_core.journal.chain import Link
from bot_core.journal.head import TIP_SIZE, Statement, boot, head_path, read_head, read_tip, tip_bytes, tip_path, write_head

if TYPE_CHECKING:
    from pathlib import Path

HASH = hashlib.sha256(b"line").hexdigest()
NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
STATEMENT = Statement(journal="a.log", sequence=7, hash=HASH, taken=NOW)


def test_the_tip_and_the_head_lie_beside_the_journal(tmp_path: Path) -> None:
    assert [tip_path(tmp_path / "a.log").name, head_path(tmp_path / "a.log").name] == ["a.log.tip", "a.log.head"]
    assert read_tip(tmp_path / "a.log") is None
    assert read_head(tmp_path / "a.log.head") is None


@pytest.mark.parametrize("sequence", [0, 7, 10**17])
def test_a_tip_is_one_line_of_fixed_size_and_reads_as_it_was_written(sequence: int, tmp_path: Path) -> None:
    data = tip_bytes(Link(sequence, HASH))
    assert (len(data), data.count(b"\n"), data[-1:]) == (TIP_SIZE, 1, b"\n")
    (tmp_path / "a.log.tip").write_bytes(data)
    tip = read_tip(tmp_path / "a.log")
    assert tip
    assert (tip.place, tip.boot) == (Link(sequence, HASH), boot())


def test_a_head_reads_as_it_was_written_and_its_first_line_is_what_is_signed(tmp_path: Path) -> None:
    said = STATEMENT.spelled()
    assert json.loads(said)["schema"] == "bot-core/journal-head/v1"
    for signature in (b"", b"-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----\n"):
        write_head(tmp_path / "a.log.head", said + signature)
        head = read_head(tmp_path / "a.log.head")
        assert head
        assert (head.statement, head.said, head.signature) == (STATEMENT, said, signature)
        assert head.statement.place == Link(7, HASH)
    assert [file.name for file in tmp_path.iterdir()] == ["a.log.head"]


def test_a_head_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a.head").mkdir()
    with pytest.raises(AuditError, match="Is a directory"):
        write_head(tmp_path / "a.head", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["a.head"]


@pytest.mark.parametrize(
    "data", [b"{}", b"\xff", b'{"sequence":-1,"hash":"' + b"0" * 64 + b'","boot":""}', b'{"sequence":1,"hash":"x","boot":""}']
)
def test_something_else_in_their_place_is_named(data: bytes, tmp_path: Path) -> None:
    for name in ("a.log.tip", "a.log.head"):
        (tmp_path / name).write_bytes(data)
    with pytest.raises(AuditError, match=r"a\.log\.tip: expected the tip of a journal, got something else") as caught:
        read_tip(tmp_path / "a.log")
    assert caught.value.hint.endswith("a.log")
    with pytest.raises(AuditError, match=r"a\.log\.head: expected the head of a journal, got something else"):
        read_head(tmp_path / "a.log.head")


def test_a_file_that_cannot_be_read_is_not_a_missing_one(tmp_path: Path) -> None:
    tip_path(tmp_path / "a.log").mkdir()
    with pytest.raises(AuditError, match="expected a readable file, got Is a directory"):
        read_tip(tmp_path / "a.log")
