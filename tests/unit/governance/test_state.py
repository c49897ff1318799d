"""The state folder: files replaced whole, bytes checked at every read, one writer at a time."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core._digest import sha256
from bot_core.documents.interventions import Halt
from bot_core.documents.runtime import Active, Control, RuntimeMemory, RuntimeStatus
from bot_core.errors import AuditError, DocumentError
from bot_core.governance.state import StateFolder

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
ACTIVE = Active(environment="paper", commit="a" * 40, verified=NOW)
MEMORY = RuntimeMemory(repository="quant/models", policy=sha256(b"p"), accepted="a" * 40)
STATUS = RuntimeStatus(environment="paper", observed_commit=None, last_attempted=NOW, last_applied=None, conditions=[])


def halt(name: str) -> Halt:
    return Halt(
        schema="bot-core/halt/v1", repository="here", environment="paper", id=name, signer="ann", issued=NOW, reason="It drifts."
    )


def test_reading_creates_nothing(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    assert (folder.active(), folder.memory(), folder.status()) == (None, None, None)
    assert folder.control() == Control()
    with pytest.raises(DocumentError):
        folder.blob(sha256(b"nothing"))
    assert not folder.root.exists()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    control = Control(detached=True, reason="x")
    for document in (ACTIVE, control, MEMORY, STATUS):
        folder.write(document)
    assert (folder.active(), folder.control(), folder.memory(), folder.status()) == (ACTIVE, control, MEMORY, STATUS)
    assert sorted(path.name for path in folder.root.iterdir()) == ["active.json", "control.json", "memory.json", "status.json"]


@pytest.mark.parametrize("name", ["active", "control", "memory", "status"])
@pytest.mark.parametrize("data", [b"", b"junk", b"[]", b'{"schema": "bot-core/other/v1"}', b'{"unheard": 1}', b"\xff\xfe"])
def test_a_damaged_file_is_an_error_and_never_an_empty_one(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / f"{name}.json").write_bytes(data)
    with pytest.raises(DocumentError, match=f"{name}.json"):
        getattr(StateFolder(tmp_path), name)()


def test_a_damaged_memory_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_bytes(b"{")
    with pytest.raises(DocumentError) as caught:
        StateFolder(tmp_path).memory()
    assert "compare the policy's digest by telephone, set it in conf/runtime/, remove the file" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"other"])
def test_bytes_are_checked_at_every_read_and_kept_anew(tmp_path: Path, content: bytes) -> None:
    folder = StateFolder(tmp_path)
    digest = folder.keep(b"model")
    assert (digest, folder.blob(digest)) == (sha256(b"model"), b"model")
    (path,) = (tmp_path / "blobs").iterdir()
    path.write_bytes(content)
    with pytest.raises(DocumentError, match="expected the content that its name says"):
        folder.blob(digest)
    assert folder.keep(b"model") == digest
    assert folder.blob(digest) == b"model"


@settings(max_examples=25)
@given(st.sets(st.binary(max_size=8), max_size=5), st.data())
def test_only_what_nothing_names_is_dropped(
    tmp_path_factory: pytest.TempPathFactory, kept: set[bytes], data: st.DataObject
) -> None:
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    named = data.draw(st.sets(st.sampled_from(sorted(kept)))) if kept else set()
    digests = {folder.keep(content): content for content in kept}
    folder.drop_all_but({sha256(content) for content in named})
    left = {digest for digest in digests if (folder.root / "blobs" / digest.removeprefix("sha256:")).exists()}
    assert left == {sha256(content) for content in named}


def test_what_a_killed_writer_left_is_dropped_too(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    digest = folder.keep(b"model")
    (tmp_path / "blobs" / f".{digest[7:]}.part").write_bytes(b"mod")
    folder.drop_all_but({digest})
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == [digest[7:]]


def say(root: Path, name: str) -> None:
    StateFolder(root).change(lambda said: msgspec.structs.replace(said, halts=[*said.halts, halt(name)]))


def test_several_processes_lose_nothing_that_was_said(tmp_path: Path) -> None:
    spawned = [multiprocessing.get_context("fork").Process(target=say, args=(tmp_path, f"halt-{number}")) for number in range(8)]
    for process in spawned:
        process.start()
    for process in spawned:
        process.join(30)
    assert sorted(one.id for one in StateFolder(tmp_path).control().halts) == [f"halt-{number}" for number in range(8)]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_halt_is_said_whatever_the_file_holds_and_nothing_of_it_is_lost(tmp_path: Path, data: bytes) -> None:
    folder = StateFolder(tmp_path)
    folder.control_path.write_bytes(data)
    aside = folder.halt(halt("one"))
    assert aside == tmp_path / "control.json.damaged-20261121T100000Z"
    assert aside.read_bytes() == data
    control = folder.control()
    assert (control.detached, control.halts, control.changed) == (True, [halt("one")], NOW)
    assert control.reason == f"control.json was damaged and lies in {aside.name}"
    assert folder.halt(halt("two")) is None
    assert folder.control() == msgspec.structs.replace(control, halts=[halt("one"), halt("two")])


def test_a_halt_takes_nothing_back_that_was_said(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert folder.halt(halt("one")) is None
    assert folder.control() == Control(halts=[halt("one")], changed=NOW)


def test_where_a_damaged_control_cannot_be_kept_it_stands(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.control_path.mkdir()
    with pytest.raises(AuditError, match=r"expected to keep a damaged control\.json, got "):
        folder.halt(halt("one"))
    assert folder.control_path.is_dir()


def test_a_change_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    assert StateFolder(tmp_path).change(lambda said: said) == Control()
    assert not (tmp_path / "control.json").exists()


def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    folder = StateFolder(tmp_path / "file" / "state")
    with pytest.raises(AuditError, match="expected a folder to write to, got Not a directory"), folder.lock():
        pytest.fail("the lock was taken")
    with pytest.raises(AuditError, match="got Not a directory"):
        folder.write(ACTIVE)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.write(Control(halts=[halt("stop")]))
    with pytest.raises(DocumentError, match=r"control\.json: halts\[0\]\.reason: expected str of length >= 1"):
        folder.change(lambda said: msgspec.structs.replace(said, halts=[msgspec.structs.replace(halt("stop"), reason="")]))
    assert folder.control() == Control(halts=[halt("stop")])


def test_the_old_file_stands_where_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.write(ACTIVE)
    (tmp_path / ".active.json.part").mkdir()  # in the way of the temporary file
    with pytest.raises(AuditError):
        folder.write(msgspec.structs.replace(ACTIVE, maintenance=True))
    assert folder.active() == ACTIVE
