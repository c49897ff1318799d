"""Sentences of our own in files of the published form: their order, what is left out, and every mistake as a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot_core._digest import sha256
from bot_core.errors import InputError
from bot_core.sentiment import sentences

TRAIN = [
    ("Mill profits double", 1),
    ("Harbour shuts for good", 0),
    ("The board meets on Monday", 2),
    ("Orders FALL https://a.example/1", 0),
]
HELD_OUT = [("orders fall https://b.example/2", 0), ("A ship, of sorts, sails", 2)]


def put(folder: Path, name: str, rows: list[tuple[str, int]]) -> None:
    lines = "".join(f'"{text}",{label}\n' for text, label in rows)
    (folder / name).write_text(f"text,label\n{lines}", encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with both files."""
    put(tmp_path, sentences.TRAIN, TRAIN)
    put(tmp_path, sentences.HELD_OUT, HELD_OUT)
    return tmp_path


def test_training_first_each_file_in_the_order_of_digests_without_twins(place: Path) -> None:
    found = sentences.read(place)
    assert (len(found), found.held_out, found.twins) == (5, 2, 1)
    learned, held_out = found.texts[:3], found.texts[3:]
    assert set(learned) == {text for text, _ in TRAIN[:3]}
    assert set(held_out) == {text for text, _ in HELD_OUT}
    for part in (learned, held_out):
        assert list(part) == sorted(part, key=lambda text: sha256(text.encode()))
    assert dict(zip(found.texts, found.labels, strict=True)) == dict([*TRAIN[:3], *HELD_OUT])


def test_the_order_in_the_files_does_not_matter(place: Path) -> None:
    before = sentences.read(place)
    put(place, sentences.TRAIN, TRAIN[::-1])
    put(place, sentences.HELD_OUT, HELD_OUT[::-1])
    assert sentences.read(place) == before


def test_the_environment_says_where_else_data(place: Path) -> None:
    assert sentences.folder({sentences.PLACE: str(place)}) == place
    assert sentences.folder({}) == sentences.folder({sentences.PLACE: ""}) == Path("data/sentiment")


def test_digests_name_bytes(place: Path) -> None:
    assert sentences.digests(place)[sentences.TRAIN] == sha256((place / sentences.TRAIN).read_bytes())
    (place / sentences.HELD_OUT).unlink()
    with pytest.raises(InputError, match=r"valid\.csv: expected the labelled sentences, got no file .*BOT_CORE_SENTENCES"):
        sentences.digests(place)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected the columns text and label and rows under them, got nothing"),
        (b"text,label\n", "and rows under them, got text, label"),
        (b"label,text\n1,x\n", "got label, text"),
        (b"text,label\nx,3\n", "row 2: expected a sentence and its label 0, 1 or 2, got 2 fields ending in \\['3'\\]"),
        (b"text,label\nx,1\n ,1\n", "row 3: expected a sentence"),
        (b"text,label\n\xff,1\n", "expected a CSV file in UTF-8"),
        (b'text,label\n"x" y,1\n', "expected a CSV file in UTF-8"),
    ],
)
def test_a_file_of_another_form_is_a_sentence(place: Path, content: bytes, said: str) -> None:
    (place / sentences.TRAIN).write_bytes(content)
    with pytest.raises(InputError, match=said):
        sentences.read(place)
