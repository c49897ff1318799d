"""`bot-core performance` on a machine whose model fell: what it prints, and that it changes nothing."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import performance
from bot_core.cli.main import main
from tests.compact import ROOT
from tests.degrading import LEARNED, MODEL, Watching, broken
from tests.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORDS = ("--journal", "logs/decisions.jsonl", "--bars", "eurusd=feed.csv")


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine that decided on 500 bars, the last 300 of them after a break."""
    root = tmp_path_factory.mktemp("decided")
    shutil.copytree(ROOT / "conf/runtime", root / "conf/runtime")
    Watching(Machine(root), broken(since=LEARNED + 200)).decide(LEARNED + 500)
    return root


@pytest.fixture(autouse=True)
def _there(decided: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(decided)


def test_help_says_what_is_compared(help_of: Callable[[str], str]) -> None:
    assert performance.EPILOG.rstrip() in help_of("performance")


def test_people_read_the_ratio_the_bounds_and_the_newest_blocks(decided: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in decided.rglob("*") if path.is_file()}
    assert main(["performance", MODEL, *WORDS, "--last", "2"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{MODEL} ")
    assert said[0].endswith(" in paper: ok, watching")
    assert said[1] == "expected: absolute loss 0.7786 of last_value's, worst of 6 windows 0.8346"
    assert said[2].startswith("live: ")
    assert "480 rows in all" in said[2]
    assert [line.split()[0] for line in said[5:8]] == ["bound", "request", "fall_back"]
    assert said[-4] == "blocks of 20 rows, the newest of 24"
    assert said[-3].split() == ["first", "last", "model", "naive", "ratio"]
    assert {path: path.read_bytes() for path in decided.rglob("*") if path.is_file()} == before


def test_programs_read_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["performance", MODEL, *WORDS, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["status"], said["reason"], len(said["blocks"])) == (
        "bot-core/degradation/v1",
        "ok",
        "watching",
        24,
    )
    assert [bound["name"] for bound in said["bounds"]] == ["request", "fall_back"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["other", *WORDS], "var/models: expected one of eurusd_range; got other"),
        ([MODEL, *WORDS[:2], "--bars", "feed.csv"], "--bars: expected INSTRUMENT=FILE, got feed.csv"),
        ([MODEL, *WORDS[:2], "--bars", "gold=feed.csv"], "--bars: expected one of eurusd; got gold"),
        ([MODEL, *WORDS, "--state", "nowhere"], "nowhere: expected one of no model, for none was ever in force; got eurusd_range"),
    ],
)
def test_bad_arguments_are_said(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["performance", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_before_the_first_block_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "conf/runtime", tmp_path / "conf/runtime")
    Watching(Machine(tmp_path)).decide(LEARNED + 10)
    monkeypatch.chdir(tmp_path)
    assert main(["performance", MODEL, *WORDS]) == 0
    assert "live: no block of 20 rows yet" in capsys.readouterr().out
