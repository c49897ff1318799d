from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import fmt
from bot_core.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

RAW = 'name:   "plain"  # why\nitems: [a, b]\n'
COMMENTED = "# why\nname: plain\nitems:\n  - a\n  - b\n"
BARE = COMMENTED.removeprefix("# why\n")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(path: str, text: str = RAW) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def test_help_shows_where_comments_stay(help_of: Callable[[str], str]) -> None:
    assert fmt.EPILOG.split(".")[0] in " ".join(help_of("fmt").split())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compliance/policy.yaml", COMMENTED),
        ("compliance/environments/paper.yaml", COMMENTED),
        ("compliance/checklists/c.yaml", COMMENTED),
        ("conf/decision/d.yaml", COMMENTED),
        ("compliance/halts/paper/a.yaml", BARE),
        ("elsewhere/compliance/halts/paper/a.yaml", BARE),
    ],
)
def test_a_file_is_written_in_the_one_spelling_of_its_kind(path: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = put(path)
    assert main(["fmt", path]) == 0
    assert (target.read_text(), capsys.readouterr().out) == (text, f"formatted: {path}\n")
    assert main(["fmt", path]) == 0
    assert capsys.readouterr().out == "1 files are canonical\n"


def test_a_check_names_what_is_spelled_otherwise_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    files = [put("a.yaml"), put("b.yaml", BARE)]
    assert main(["fmt", "--check", "--format", "json", *map(str, files)]) == 20
    assert json.loads(capsys.readouterr().out) == {"changed": ["a.yaml"]}
    assert files[0].read_text() == RAW
    assert main(["fmt", "--check", "b.yaml"]) == 0


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("a: 1\na: 2\n", 30, "error[CANON]: bad.yaml: line 2: expected each key once, got a again\n"),
        ("a: yes\n", 30, "error[CANON]: bad.yaml: line 1: expected a value that every YAML version reads alike, got yes\n"),
        ("a: &x 1\n", 30, "error[CANON]: bad.yaml: line 1: expected no anchor or alias, got &x\n"),
        ("a: {}\n", 30, "error[CANON]: bad.yaml: line 1: expected at least one key or item, got an empty mapping or list\n"),
        (None, 2, "error[DOCUMENT]: bad.yaml: expected a readable file, got No such file or directory\n"),
    ],
)
def test_where_one_file_cannot_be_mended_none_is_written(
    text: str | None, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = put("good.yaml")
    if text is not None:
        put("bad.yaml", text)
    assert main(["fmt", "good.yaml", "bad.yaml"]) == code
    assert capsys.readouterr().err.startswith(sentence)
    assert good.read_text() == RAW


def test_no_file_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fmt"])
    assert caught.value.code == 2
