"""`FinBERTLite`: who answers, when, and that a changed model never does."""

from __future__ import annotations

import logging
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot_core import sentiment
from bot_core.errors import PredictorError, SnapshotError
from bot_core.sentiment import FinBERTLite, lexicon
from bot_core.sentiment.finbert_settings import Fallback, SentimentSettings
from bot_core.sentiment.lexicon import SILENCE
from tests.sentiment_hub import COMMIT, CONTENT, MODEL, answer, hub
from tests.webserver import serving

WORDS = {"": "neu", "profit rises": "pos", "the bank falls": "neg", "the bank": "neu"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache to which the classifier was downloaded; the hub is away since."""
    with serving(answer) as server:
        model = FinBERTLite(MODEL, cache=tmp_path / "cache", allow_download=True, revision=COMMIT, hub=hub(server.address))
        model.warm()
        assert len(server.asked) == len(CONTENT)
    return tmp_path / "cache"


def cached(cache: Path, fallback: Fallback = "missing") -> FinBERTLite:
    return FinBERTLite(MODEL, cache=cache, revision=COMMIT, fallback=fallback)


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        msg = "a connection was opened"
        raise AssertionError(msg)

    monkeypatch.setattr(socket.socket, "connect", refused)


def test_making_one_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    no_network(monkeypatch)
    FinBERTLite("no/such model at all", cache=tmp_path / "cache", allow_download=True, fallback="none")
    FinBERTLite()
    assert list(tmp_path.iterdir()) == []


def test_the_model_answers_offline_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_network(monkeypatch)
    model = cached(cache)
    answers = model.analyze_batch(WORDS)
    assert {text: one.label for text, one in zip(WORDS, answers, strict=True)} == WORDS
    said = model.analyze("profit rises")
    assert said.source.startswith(f"model:{MODEL}@")
    assert said.reasons == ["positive 0.91", "negative 0.05", "neutral 0.05"]
    assert said.score == pytest.approx(0.9094 - 0.0453, abs=1e-3)
    assert said.confidence == pytest.approx(0.909, abs=1e-3)


def test_an_answer_is_the_same_alone_in_a_batch_and_in_threads(cache: Path) -> None:
    alone = [cached(cache).analyze(text) for text in WORDS]
    model = cached(cache)
    assert model.analyze_batch(WORDS) == alone
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(model.analyze, [*WORDS] * 8)) == alone * 8


@pytest.mark.parametrize("fallback", ["missing", "rules", "none"])
def test_without_text_nobody_is_asked(tmp_path: Path, fallback: Fallback) -> None:
    model = FinBERTLite(cache=tmp_path / "cache", fallback=fallback)
    assert [model.analyze(text) for text in ("", "  \n")] == [SILENCE, SILENCE]
    assert list(tmp_path.iterdir()) == []


def test_without_a_snapshot_words_answer_and_say_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = cached(tmp_path / "cache")
    assert model.analyze("profit rises") == lexicon.analyze("profit rises")
    assert model.analyze("profit falls").source == "lexicon"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "house__words: no such snapshot, and downloads are not allowed" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_without_the_libraries_words_answer(cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert cached(cache).warm() == "lexicon"
    assert "onnxruntime: not installed (pip install 'bot-core[sentiment]')" in caplog.text


def test_where_words_may_not_answer_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictorError, match="house/words: expected a model to answer, got none: ") as refused:
        cached(tmp_path, "none").analyze("profit rises")
    assert refused.value.hint == "bot-core sentiment warm --allow-download"


def test_a_changed_model_never_answers_and_neither_do_words_in_its_place(cache: Path) -> None:
    model = cached(cache)
    said = model.analyze("profit rises")
    changed = cache / "house__words/onnx/model_quantized.onnx"
    changed.write_bytes(changed.read_bytes() + b"\x00")
    for fallback in ("missing", "none"):
        for _ in range(2):
            with pytest.raises(SnapshotError, match=r"house__words/onnx/model_quantized\.onnx: expected sha256:"):
                cached(cache, fallback).analyze("profit rises")
    with pytest.raises(SnapshotError):
        model.warm()
    assert model.analyze("profit rises") == said


def test_in_an_emergency_words_answer_everything_and_the_model_is_not_touched(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (cache / "house__words/config.json").unlink()
    model = cached(cache, "rules")
    assert model.warm() == "lexicon"
    assert model.analyze("profit rises") == lexicon.analyze("profit rises")
    assert caplog.records == []


def test_a_repaired_cache_answers_again_once_it_is_warmed(tmp_path: Path) -> None:
    with serving(answer) as server:
        model = FinBERTLite(MODEL, cache=tmp_path, revision=COMMIT, hub=hub(server.address))
        assert model.analyze("profit rises").source == "lexicon"
        FinBERTLite(MODEL, cache=tmp_path, allow_download=True, revision=COMMIT, hub=hub(server.address)).warm()
    assert model.analyze("profit rises").source == "lexicon"
    assert model.warm() == model.analyze("profit rises").source != "lexicon"


def test_the_log_names_the_checksum_of_every_load(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bot_core.sentiment")
    cached(cache).warm()
    cached(cache).warm()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0].startswith("FinBERT snapshot ready (checksum=")
    assert len(lines[0]) == len("FinBERT snapshot ready (checksum=") + 13


def test_the_cache_is_the_environment_s_when_it_is_opened(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = FinBERTLite(MODEL, revision=COMMIT)
    monkeypatch.chdir(tmp_path)
    assert model.order.cache == Path("state/models")
    monkeypatch.setenv("AI_TRADER_MODEL_CACHE", str(cache))
    assert model.analyze("profit rises").source != "lexicon"


def test_an_explanation_names_the_words_that_the_answer_hangs_on(cache: Path) -> None:
    said = cached(cache).analyze("the profit falls", explain=True)
    assert said.reasons[:3] == cached(cache).analyze("the profit falls").reasons
    assert said.reasons[3].startswith("falls -0.")
    assert {reason.split()[0] for reason in said.reasons[3:]} == {"the", "profit", "falls"}
    assert len(cached(cache).analyze("falls", explain=True).reasons) == 4


def test_settings_make_the_same(cache: Path) -> None:
    model = FinBERTLite.of(SentimentSettings(model=MODEL, revision=COMMIT, cache=str(cache), head="heads", fallback="none"))
    assert model.order.head == Path("heads")
    assert model.warm() == cached(cache).warm()
    assert FinBERTLite.of(SentimentSettings()).order == FinBERTLite().order


def test_the_package_offers_two_names() -> None:
    assert sentiment.FinBERTLite is FinBERTLite
    with pytest.raises(AttributeError, match=r"module 'bot_core\.sentiment' has no attribute 'FinBERT'"):
        _ = sentiment.FinBERT
