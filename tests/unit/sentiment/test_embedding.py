"""Vectors of sentences: their length, what they depend on, and what is refused."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bot_core.errors import PredictorError
from bot_core.sentiment import embedding, snapshot_package
from bot_core.sentiment.embedding import Transformer, load
from tests.onnx_model import TABLE, classifier, encoder, tokenizer

SENTENCES = ["Profit rises sharply at the bank.", "The bank", "", "loss " * 600]


@pytest.fixture(scope="module")
def packaged() -> Transformer:
    """The transformer that ships in packages."""
    files = snapshot_package.read()
    return load(files["model.onnx"], files["tokenizer.json"])


def test_a_vector_is_the_mean_of_its_tokens_scaled_to_length_one() -> None:
    model = load(encoder(), tokenizer())
    mean = (np.array(TABLE[1]) + np.array(TABLE[3])) / 2
    assert model.embed(["profit falls"]) == pytest.approx(np.array([mean / np.linalg.norm(mean)]))


def test_each_sentence_has_a_row_of_length_one(packaged: Transformer) -> None:
    rows = packaged.embed(SENTENCES)
    assert rows.shape == (4, snapshot_package.WIDTH)
    assert rows.dtype == np.dtype(np.float64)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0)
    assert packaged.embed([]).size == 0


def test_a_vector_depends_on_nothing_else_in_the_batch(packaged: Transformer) -> None:
    together = packaged.embed(SENTENCES)
    assert all((packaged.embed([text])[0] == row).all() for text, row in zip(SENTENCES, together, strict=True))


def test_threads_get_the_same_bits(packaged: Transformer) -> None:
    alone = packaged.embed(SENTENCES[:1])
    with ThreadPoolExecutor(4) as threads:
        rows = list(threads.map(lambda _: packaged.embed(SENTENCES[:1]), range(12)))
    assert all((row == alone).all() for row in rows)


def test_what_is_alike_in_meaning_is_near(packaged: Transformer) -> None:
    rises, climbs, weather = packaged.embed(["Profit rises", "Earnings climb", "It rains in the mountains"])
    assert rises @ climbs > rises @ weather + 0.2


def test_what_stands_after_the_last_token_is_not_seen(packaged: Transformer) -> None:
    long = "loss " * embedding.MAX_TOKENS
    assert (packaged.embed([long]) == packaged.embed([long + "profit"])).all()
    short = load(encoder(), tokenizer(), max_tokens=1)
    assert (short.embed(["rises falls"]) == short.embed(["rises"])).all()


def test_without_a_library_it_says_which_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(PredictorError) as refused:
        load(b"", b"")
    assert refused.value.message == "sentiment model: expected tokenizers to run it, got none: not installed"
    assert refused.value.hint == "pip install 'bot-core[sentiment]'"


@pytest.mark.parametrize(
    ("model", "words", "sentence"),
    [
        (b"not a model", tokenizer(), "expected a model that onnxruntime loads, got an error of the library"),
        (encoder(), b"{}", "tokenizer.json: expected a tokenizer, got an error of the library"),
        (encoder(name="pixels"), tokenizer(), "expected inputs of a sentence's tokens, got pixels"),
    ],
)
def test_what_is_no_such_model_is_refused(model: bytes, words: bytes, sentence: str) -> None:
    with pytest.raises(PredictorError, match=re.escape(sentence)):
        load(model, words)


def test_a_vector_without_a_length_is_refused() -> None:
    model = load(encoder(), tokenizer())
    for text in ("unknown", ""):
        with pytest.raises(PredictorError, match="expected a vector of finite length, got length"):
            model.embed([text])


def test_a_classifier_is_no_encoder() -> None:
    with pytest.raises(PredictorError, match="expected a state per token, got 2 dimensions where there are 3"):
        load(classifier(), tokenizer()).embed(["profit"])
