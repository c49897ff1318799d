"""A cache's snapshots: written once, verified on every load, refused by the name of what changed."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core._parse import encode_json, read_json
from bot_core.errors import AuditError, ConfigError, SnapshotError
from bot_core.sentiment import snapshot, snapshot_package
from bot_core.sentiment.snapshot import SnapshotRecord, cache_root, folder_of, make, read, record_of, verify_all
from tests.full_disk import full_disk

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL, REVISION = "house/words", "r1"
CONTENT = {"model.onnx": b"network", "extra/tokenizer.json": b"{}"}
SAMPLES = Path(__file__)


def filling(content: dict[str, bytes]) -> Callable[[Path], None]:
    """Bring some files."""

    def fill(folder: Path) -> None:
        for name, data in content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    return fill


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with one snapshot."""
    assert make(tmp_path / "cache", MODEL, REVISION, "a test", filling(CONTENT))
    return tmp_path / "cache"


def problems(cache: Path) -> list[str]:
    return [state.problem for state in verify_all(cache) if state.problem]


def test_the_cache_is_what_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_TRADER_MODEL_CACHE", "/var/models")
    assert cache_root() == Path("/var/models")
    for unset in ("", None):
        monkeypatch.setenv("AI_TRADER_MODEL_CACHE", unset) if unset is not None else monkeypatch.delenv("AI_TRADER_MODEL_CACHE")
        assert cache_root() == Path("state/models")
    assert folder_of(cache_root(), "ProsusAI/finbert") == Path("state/models/ProsusAI__finbert")


@pytest.mark.parametrize("name", ["", "finbert", "a/b/c", "../b", "a/..", "a/b\n", "/b", "a/ b"])
def test_a_name_that_is_no_model_s_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="expected organisation/name"):
        folder_of(tmp_path, name)


def test_what_came_is_recorded_once_and_read_as_it_came(cache: Path) -> None:
    folder = cache / "house__words"
    record = read_json(cache / "house__words.snapshot.json", SnapshotRecord)
    assert {file.name: file.digest for file in record.files} == {name: sha256(data) for name, data in CONTENT.items()}
    assert sorted(path.name for path in cache.iterdir()) == [".house__words.lock", "house__words", "house__words.snapshot.json"]
    found = read(cache, MODEL, REVISION)
    assert found is not None
    assert (found.files, found.record) == (CONTENT, record)
    assert not make(cache, MODEL, REVISION, "another", filling({}))
    assert read_json(record_of(folder), SnapshotRecord) == record


def test_the_checksum_covers_names_and_contents(tmp_path: Path) -> None:
    sums = set()
    for place, content in enumerate(({"a": b"1", "b": b"2"}, {"a": b"2", "b": b"1"}, {"a": b"1", "c": b"2"}, {"a": b"1"})):
        make(tmp_path / str(place), MODEL, REVISION, "a test", filling(content))
        sums.add(verify_all(tmp_path / str(place))[0].checksum)
    assert len(sums) == 4


def test_nothing_is_read_of_what_is_not_there_and_nothing_is_made(tmp_path: Path) -> None:
    assert read(tmp_path / "none", MODEL, REVISION) is None
    assert verify_all(tmp_path / "none") == []
    assert list(tmp_path.iterdir()) == []


def change(cache: Path) -> str:
    (cache / "house__words/model.onnx").write_bytes(b"netwerk")
    return "house__words/model.onnx: expected sha256:"


def add(cache: Path) -> str:
    (cache / "house__words/extra/more.bin").write_bytes(b"")
    return "house__words/extra/more.bin: expected no such file, got sha256:"


def remove(cache: Path) -> str:
    (cache / "house__words/extra/tokenizer.json").unlink()
    return "house__words/extra/tokenizer.json: expected sha256:"


def link(cache: Path) -> str:
    path = cache / "house__words/model.onnx"
    path.rename(cache / "elsewhere")
    path.symlink_to(cache / "elsewhere")
    return "house__words/model.onnx: expected a plain file, got a link"


def forget(cache: Path) -> str:
    (cache / "house__words.snapshot.json").unlink()
    return "house__words: expected its record house__words.snapshot.json beside it, got none"


def rewrite(cache: Path) -> str:
    """Change a file, and the record's line of it, but not the checksum."""
    (cache / "house__words/model.onnx").write_bytes(b"netwerk")
    path = cache / "house__words.snapshot.json"
    path.write_bytes(path.read_bytes().replace(sha256(b"network").encode(), sha256(b"netwerk").encode()))
    return "house__words.snapshot.json: expected the checksum sha256:"


def damage(cache: Path) -> str:
    (cache / "house__words.snapshot.json").write_bytes(b"{")
    return "house__words.snapshot.json: expected JSON"


@pytest.mark.parametrize("harm", [change, add, remove, link, forget, rewrite, damage])
def test_what_is_not_as_recorded_is_refused_by_name_and_stays_refused(cache: Path, harm: Callable[[Path], str]) -> None:
    sentence = harm(cache)
    before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    for _ in range(2):
        with pytest.raises(SnapshotError) as refused:
            read(cache, MODEL, REVISION)
        assert sentence in refused.value.message
        assert f"rm -r {cache / 'house__words'} and bot-core sentiment warm" in refused.value.hint
        assert [sentence in problem for problem in problems(cache)] == [True]
        assert not make(cache, MODEL, REVISION, "again", filling(CONTENT))
    assert {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()} == before


def test_another_revision_or_model_in_its_place_is_refused(cache: Path) -> None:
    with pytest.raises(SnapshotError, match="expected house/words at r2, got house/words at r1"):
        read(cache, MODEL, "r2")
    make(cache, "house__a/b", REVISION, "a test", filling(CONTENT))
    with pytest.raises(SnapshotError, match="expected house/a__b at r1, got house__a/b at r1"):
        read(cache, "house/a__b", REVISION)


def test_a_digest_that_is_known_elsewhere_is_compared_too(cache: Path) -> None:
    assert read(cache, MODEL, REVISION, {"model.onnx": sha256(b"network")}) is not None
    with pytest.raises(SnapshotError, match=r"model\.onnx: expected sha256:.*, as the model is known by, got sha256:"):
        read(cache, MODEL, REVISION, {"model.onnx": sha256(b"netwerk")})
    with pytest.raises(SnapshotError, match=r"more\.onnx: expected sha256:.*, got no such file"):
        read(cache, MODEL, REVISION, {"more.onnx": sha256(b"")})


def test_a_forged_record_of_the_packaged_model_does_not_help(tmp_path: Path) -> None:
    make(
        tmp_path, snapshot_package.MODEL, snapshot_package.REVISION, "a forger", filling({"model.onnx": b"", "tokenizer.json": b""})
    )
    assert "as the model is known by" in problems(tmp_path)[0]


def test_made_again_at_one_revision_it_must_be_the_same(cache: Path) -> None:
    before = (cache / "house__words.snapshot.json").read_bytes()
    gone = cache / "house__words"
    gone.rename(cache.parent / "gone")
    assert "expected the files of house/words, got none" in problems(cache)[0]
    with pytest.raises(SnapshotError, match=r"expected the files that .* records, got others: model\.onnx \(") as refused:
        make(cache, MODEL, REVISION, "a test", filling({**CONTENT, "model.onnx": b"other"}))
    assert "one revision has one content" in refused.value.hint
    assert not gone.exists()
    assert make(cache, MODEL, REVISION, "a test", filling(CONTENT))
    assert ((cache / "house__words.snapshot.json").read_bytes(), problems(cache)) == (before, [])


def test_another_revision_gets_another_record(cache: Path) -> None:
    (cache / "house__words").rename(cache.parent / "gone")
    assert make(cache, MODEL, "r2", "a test", filling({"model.onnx": b"new"}))
    assert [(state.revision, state.bytes, state.problem) for state in verify_all(cache)] == [("r2", 3, "")]


def test_what_could_not_be_brought_leaves_nothing(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        (folder / "half").write_bytes(b"")
        msg = "no"
        raise ConfigError(msg)

    with pytest.raises(ConfigError):
        make(tmp_path, MODEL, REVISION, "a test", broken)
    with full_disk(100), pytest.raises(AuditError, match="expected to write a snapshot, got File too large"):
        make(tmp_path, MODEL, REVISION, "a test", filling({"big": b"1" * 1000}))
    assert [path.name for path in tmp_path.iterdir()] == [".house__words.lock"]


def test_a_full_disk_leaves_no_folder_without_a_record(tmp_path: Path) -> None:
    with full_disk(100), pytest.raises(AuditError, match=r"snapshot\.json: expected to write"):
        make(tmp_path, MODEL, REVISION, "a test", filling(CONTENT))
    assert read(tmp_path, MODEL, REVISION) is None
    assert make(tmp_path, MODEL, REVISION, "a test", filling(CONTENT))


def test_a_cache_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditError, match="expected a folder to write to, got Not a directory") as refused:
        make(tmp_path / "file" / "cache", MODEL, REVISION, "a test", filling(CONTENT))
    assert "AI_TRADER_MODEL_CACHE" in refused.value.hint


def test_of_several_one_makes_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: make(tmp_path, MODEL, REVISION, "a test", filling(CONTENT)), range(8)))
    assert sum(made) == 1
    assert problems(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from bot_core.sentiment.snapshot import make
def fill(folder):
    (folder / "half").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
make(Path(sys.argv[1]), "house/words", "r1", "a test", fill)
"""


def test_whoever_is_killed_meanwhile_leaves_no_snapshot(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == -9
    assert read(tmp_path, MODEL, REVISION) is None
    assert verify_all(tmp_path) == []
    assert make(tmp_path, MODEL, REVISION, "a test", filling(CONTENT))
    assert problems(tmp_path) == []


def test_a_record_is_a_document_like_the_others(cache: Path) -> None:
    data = (cache / "house__words.snapshot.json").read_bytes()
    record = msgspec.json.decode(data, type=SnapshotRecord)
    assert encode_json(record) == data
    assert snapshot.SUFFIX in record_of(cache / "house__words").name
