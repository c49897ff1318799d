import contextlib
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from bot_core._parse import convert, decode_json, encode_json, load_yaml, read_bytes, read_json, write_bytes
from bot_core.config.models import ModelConfig
from bot_core.errors import AuditError, ConfigError, DocumentError


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rounds: Annotated[int, Meta(ge=1)]
    name: str = "x"


class Outer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    inner: Inner
    many: list[Inner] = []


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"inner": {"rounds": "ten"}}, "f.yaml: inner.rounds: expected int, got 'ten'"),
        ({"inner": {"rounds": 0}}, "f.yaml: inner.rounds: expected int >= 1, got 0"),
        (
            {"inner": {"rouds": 3}},
            "f.yaml: inner.rouds: expected one of name, rounds; got the unknown key rouds (did you mean rounds?)",
        ),
        ({"inner": {}}, "f.yaml: inner.rounds: expected a value, got nothing (add the key)"),
        ({"inner": 3}, "f.yaml: inner: expected object, got 3"),
        ({"inner": {"rounds": 1}, "many": [{"rounds": None}]}, "f.yaml: many[0].rounds: expected int, got nothing"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_place_expected_and_got(raw: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        convert(raw, Outer, "f.yaml")
    assert str(caught.value) == sentence


def test_the_file_that_holds_the_key_is_named_when_a_locator_is_given() -> None:
    with pytest.raises(ConfigError) as caught:
        convert({"inner": {"rounds": 0}}, Outer, "x", error=ConfigError, locate=lambda key: f"conf/{key.partition('.')[0]}.yaml")
    assert caught.value.message == "conf/inner.yaml: inner.rounds: expected int >= 1, got 0"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"family": "forest"}, "f: family: expected one of lightgbm, xgboost, linear, network, ensemble; got 'forest'"),
        ({"family": "linear", "objective": "l1"}, "f: objective: expected one of l2, binary; got 'l1'"),
        (
            {"family": "linear", "objective": "l2", "rounds": 3},
            "f: rounds: expected one of objective, penalty; got the unknown key rounds",
        ),
    ],
)
def test_of_several_kinds_the_one_that_is_named_is_explained(raw: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        convert(raw, ModelConfig, "f")  # type: ignore[arg-type]  # a union is a type to msgspec
    assert str(caught.value) == sentence


def test_a_value_that_is_not_in_a_choice_names_the_choices() -> None:
    class Choice(msgspec.Struct):
        loss: Annotated[str, Meta(pattern="^(absolute|squared)$")]

    with pytest.raises(DocumentError, match=r"f: loss: expected str matching regex .*absolute\|squared.*, got 'cubic'"):
        convert({"loss": "cubic"}, Choice, "f")


def test_bytes_that_are_not_json_say_so() -> None:
    with pytest.raises(DocumentError, match=r"^f\.json: expected JSON, got b'\{broken'"):
        decode_json(b"{broken", Outer, "f.json")


def test_yaml_errors_have_line_and_column() -> None:
    with pytest.raises(DocumentError, match=r"f\.yaml: expected YAML, got .*line 2, column"):
        load_yaml(b"a: 1\n  b: [", "f.yaml")


def test_serialising_and_parsing_is_the_identity_and_ends_with_one_newline(tmp_path: Path) -> None:
    value = Outer(inner=Inner(rounds=3, name="ö"), many=[Inner(rounds=1)])
    path = tmp_path / "a" / "value.json"
    write_bytes(path, encode_json(value))
    assert read_json(path, Outer) == value
    assert path.read_bytes().endswith(b"}\n")
    assert encode_json(read_json(path, Outer)) == path.read_bytes()


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.json: expected a readable file, got No such file or directory"):
        read_bytes(tmp_path / "none.json")


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    write_bytes(path, b"old")
    with pytest.raises(AuditError, match=r"expected to write 3 bytes, got"):
        write_bytes(path / "below" / "a-file", b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f.json"]


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    write_bytes(path, b"old")
    with (
        no_room(),
        pytest.raises(AuditError, match=r"f\.json: expected to write 5000 bytes, got File too large \(nothing was changed"),
    ):
        write_bytes(path, b"x" * 5000)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f.json"]


@contextlib.contextmanager
def no_room() -> Iterator[None]:
    """Let the system refuse every file beyond 4 KiB, as a disk that fills up does in mid-write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
