from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import AuditError, InputError
from bot_core.journal.append import Journal
from bot_core.journal.chain import START, chained
from bot_core.journal.head import head_path, tip_bytes, tip_path
from bot_core.journal.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

EVENT = b'{"event_type":"decision"}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed journal of three files."""
    path = tmp_path / "decisions.jsonl"
    with Journal(path, rotate_bytes=400, fsync="os") as journal:
        for _ in range(9):
            journal.append((EVENT,))
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    return path


def test_a_whole_journal_is_whole_and_its_heads_are_shown(path: Path) -> None:
    verdict = verify(path)
    assert (verdict.whole, verdict.files, verdict.place.sequence, verdict.proven, verdict.torn) == (True, 3, 11, 11, 0)
    assert list(verdict.heads) == [str(head_path(path))]


def test_the_open_file_may_be_missing_right_after_a_rotation(path: Path) -> None:
    with Journal(path) as journal:
        journal.rotate()
    path.unlink()
    assert verify(path).whole


def test_a_missing_segment_is_a_gap(path: Path) -> None:
    path.with_name("decisions.000000000001.jsonl").unlink()
    assert [finding[:3] for finding in verify(path).findings] == [("removed", 1, 5)]


def test_a_missing_open_file_is_truncation(path: Path) -> None:
    path.unlink()
    assert [(finding.kind, finding.last) for finding in verify(path).findings] == [("truncated", 11)]


def test_a_torn_end_is_reported_and_no_fault(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b'{"seq":12,')
    verdict = verify(path)
    assert (verdict.whole, verdict.torn) == (True, 10)


def test_lines_of_a_write_that_was_stopped_before_the_tip_are_counted(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(chained(verify(path).place, [EVENT, EVENT])[0][0])
    verdict = verify(path)
    assert (verdict.whole, verdict.place.sequence - verdict.proven) == (True, 1)


def test_a_copy_of_an_older_head_finds_a_journal_that_was_begun_again(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "published"
    shutil.copy(head_path(path), copy)
    assert verify(path, [copy]).whole
    for file in (*path.parent.glob("*.jsonl"), tip_path(path), head_path(path)):
        file.unlink()
    with Journal(path) as journal:
        journal.append([EVENT] * 3)
    assert verify(path).whole
    assert [finding[:3] for finding in verify(path, [copy]).findings] == [("truncated", 4, 11)]


def test_proofs_that_contradict_each_other_are_named(path: Path) -> None:
    tip_path(path).write_bytes(tip_bytes(START._replace(sequence=11)))
    found = verify(path).findings
    assert "head" in {finding.kind for finding in found}
    assert any("decisions.jsonl.tip states 000000000000" in finding.message for finding in found)
    tip_path(path).write_bytes(tip_bytes(START._replace(hash="1" * 64)))
    assert [finding.kind for finding in verify(path).findings] == ["head"]


@pytest.mark.parametrize("name", ["decisions.jsonl.tip", "decisions.jsonl.head"])
def test_a_missing_or_damaged_proof_is_named(name: str, path: Path) -> None:
    (path.parent / name).write_bytes(b"{}")
    assert [(finding.kind, finding.where) for finding in verify(path).findings] == [("head", name)]
    (path.parent / name).unlink()
    assert [(finding.kind, finding.where) for finding in verify(path).findings] == [("head", name)]
    assert "got none" in verify(path).findings[0].message


def test_a_head_of_another_journal_proves_nothing(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "other.jsonl"
    with Journal(other) as journal:
        journal.append((EVENT,))
    message = verify(path, [head_path(other)]).findings[0].message
    assert message.endswith("other.jsonl.head: expected a head of decisions.jsonl, got one of other.jsonl")


def test_nothing_to_verify_is_an_input_error(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: expected a journal, got no such file"):
        verify(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match=r"expected a head of decisions\.jsonl, got no such file"):
        verify(path, [tmp_path / "none"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(AuditError, match="expected readable files, got Is a directory"):
        verify(tmp_path / "folder")


def test_reading_creates_nothing_and_does_not_wait_for_itself(path: Path) -> None:
    before = sorted(file.name for file in path.parent.iterdir())
    assert verify(path).whole
    journal = Journal(path)
    journal.append((EVENT,))
    assert verify(path).whole
    assert sorted(file.name for file in path.parent.iterdir()) == before
