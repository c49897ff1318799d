"""A head: small ones made here for what may go wrong, and the one that ships for what it says of sentences written for this test."""

from __future__ import annotations

import base64
import datetime as dt
import shutil
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from bot_core._digest import sha256, sha256_file, sha256_pairs
from bot_core._parse import encode_json, read_json, write_json
from bot_core.ai.predictor import Predictor
from bot_core.documents.artifact import (
    EnsembleState,
    GoldenVector,
    LinearState,
    MemberState,
    ModelArtifact,
    NetworkState,
    learned_digest,
)
from bot_core.documents.sentiment import SentimentFigures, SentimentHead
from bot_core.errors import PredictorError, SnapshotError
from bot_core.sentiment import embedding, head, sentences, snapshot_package
from bot_core.sentiment.report_figures import advantage, judged
from tests.evidence import artifact

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.artifact import ModelState

CREATED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
VERSION = "20261101T000000Z-00000000"
TRUTH = np.array([0, 1, 2, 2])
NEWS = {
    "The mill's profit doubled and it raises its outlook for the year": "positive",
    "Shares jump 12% after the ferry line beats estimates": "positive",
    "Analysts upgrade the bakery chain to buy on strong demand": "positive",
    "Steel maker wins record order, stock rallies": "positive",
    "The airline cuts its guidance as bookings slump": "negative",
    "Shares plunge after the lender warns of heavy losses": "negative",
    "Brokerage downgrades the retailer, citing weak sales": "negative",
    "Oil tumbles 6% on fears of falling demand": "negative",
    "The board will meet on Monday to discuss the agenda": "neutral",
    "Transcript of the quarterly conference call is available": "neutral",
    "The company will present at a technology conference in May": "neutral",
    "Dividend of 0.20 per share declared, payable in June": "neutral",
}


def network(seed: int) -> NetworkState:
    weights = np.random.default_rng(seed).normal(size=6).astype("<f4")
    return NetworkState(
        weights=base64.b64encode(weights.tobytes()).decode(), biases=[0.1, -0.2, 0.0], output=[1.0, -1.0, 0.5], intercept=-0.3
    )


def together(*members: ModelState) -> EnsembleState:
    parts = [
        MemberState(name=f"m{place}", digest=learned_digest(state), state=state)
        for place, state in enumerate(members)
        if not isinstance(state, EnsembleState)
    ]
    return EnsembleState(aggregation="mean", members=parts)


def stored(name: str, state: ModelState) -> ModelArtifact:
    """Make an artifact whose golden vectors are what the plain arithmetic gives."""
    made = msgspec.structs.replace(artifact(name, VERSION, CREATED, state), golden=[])
    plain = Predictor.load(made)
    rows = np.random.default_rng(5).normal(size=(8, 2)).tolist()
    answers = [(row, plain.predict(row)) for row in rows]
    golden = [GoldenVector(features=row, prediction=said, probability=plain.probability(said)) for row, said in answers]
    return msgspec.structs.replace(made, golden=golden)


def write(folder: Path, bearish: ModelState, bullish: ModelState) -> Path:
    files = {
        head.BEARISH: encode_json(stored("sentiment_bearish", bearish)),
        head.BULLISH: encode_json(stored("sentiment_bullish", bullish)),
    }
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    answers = judged(TRUTH, TRUTH)
    gain = advantage(TRUTH, TRUTH, TRUTH)
    figures = SentimentFigures(
        learned_from=9,
        held_out=4,
        twins_left_out=0,
        head=answers,
        lexicon=answers,
        majority=answers,
        above_lexicon=gain,
        above_majority=gain,
    )
    digests = {name: sha256(data) for name, data in files.items()}
    write_json(
        folder / head.RECORD, SentimentHead(encoder=sha256(b"e"), data={"x.csv": sha256(b"x")}, models=digests, figures=figures)
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small head of networks over two numbers."""
    return write(tmp_path / "head", together(network(1), network(2)), network(3))


@pytest.mark.parametrize(
    "states",
    [(network(1), together(network(2), network(3))), (LinearState(intercept=0.1, coefficients=[1.0, -1.0], link="logistic"),) * 2],
)
def test_three_probabilities_from_two(tmp_path: Path, states: tuple[ModelState, ModelState]) -> None:
    loaded = head.load(write(tmp_path / "head", *states))
    assert loaded is not None
    rows = np.random.default_rng(1).normal(size=(20, 2))
    found = loaded.probabilities(rows)
    plain = [Predictor.load(stored("x", state)) for state in states]
    asked = [[model.probability(model.predict(row)) for row in rows.tolist()] for model in plain]
    np.testing.assert_array_equal(found, head.joined(np.array(asked[0]), np.array(asked[1])))
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_allclose(found[:, 0] / found[:, 1], np.array(asked[0]) / (1 - np.array(asked[0])))
    assert loaded.probabilities(np.empty((0, 2))).shape == (0, 3)


def test_certain_answers_stay_finite() -> None:
    found = head.joined(np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]), atol=1e-8)


def test_where_there_is_no_head_there_is_none(tmp_path: Path) -> None:
    assert head.load(tmp_path) is None


@pytest.mark.parametrize("name", [head.BEARISH, head.BULLISH])
def test_a_changed_or_missing_model_is_refused_by_its_name(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data.replace(b'"intercept"', b'"intercept" ', 1))
    with pytest.raises(SnapshotError, match=f"{name}: expected sha256:"):
        head.load(folder)
    (folder / name).unlink()
    with pytest.raises(SnapshotError, match=f"{name}: expected a model of the head that .* names, got none"):
        head.load(folder)


def test_golden_vectors_are_replayed(folder: Path) -> None:
    path = folder / head.BEARISH
    made = read_json(path, ModelArtifact)
    first = msgspec.structs.replace(made.golden[0], prediction=made.golden[0].prediction + 1e-12)
    write_json(path, msgspec.structs.replace(made, golden=[first]))
    record = read_json(folder / head.RECORD, SentimentHead)
    write_json(folder / head.RECORD, msgspec.structs.replace(record, models=record.models | {head.BEARISH: sha256_file(path)}))
    with pytest.raises(PredictorError, match=r"golden\[0\]\.prediction"):
        head.load(folder)


@pytest.mark.parametrize("vectors", [np.zeros((1, 3)), np.zeros(2), np.array([[np.nan, 0.0]])])
def test_other_vectors_are_refused(folder: Path, vectors: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    loaded = head.load(folder)
    assert loaded is not None
    with pytest.raises(PredictorError, match=r"expected finite vectors, \(n, 2\)"):
        loaded.probabilities(vectors)


# --- the head that ships ---


@pytest.fixture(scope="module")
def shipped() -> head.Head:
    """The package's own."""
    found = head.load()
    assert found is not None
    return found


def test_the_head_that_ships_is_what_its_record_says(shipped: head.Head) -> None:
    assert shipped.encoder == sha256_pairs(snapshot_package.FILES.items())
    assert shipped.record.models == {name: sha256_file(head.PACKAGED / name) for name in (head.BEARISH, head.BULLISH)}
    assert set(shipped.record.data) == {sentences.TRAIN, sentences.HELD_OUT}
    for name in (head.BEARISH, head.BULLISH):
        made = read_json(head.PACKAGED / name, ModelArtifact)
        assert made.test_rows == shipped.record.figures.held_out
        assert made.training_rows + made.validation_rows == shipped.record.figures.learned_from
        assert len(made.feature_names) == snapshot_package.WIDTH


def test_what_ships_holds_no_sentence() -> None:
    for name in (head.RECORD, head.BEARISH, head.BULLISH):
        assert not {"$", "http", "RT @"} & {mark for mark in ("$", "http", "RT @") if mark in (head.PACKAGED / name).read_text()}


def test_the_head_that_ships_beats_the_lexicon_and_the_majority(shipped: head.Head) -> None:
    figures = shipped.record.figures
    assert figures.head.accuracy > 0.8
    assert figures.above_lexicon.low > 0.1
    assert figures.above_majority.low > 0.0


def test_it_reads_sentences_that_it_never_saw(shipped: head.Head) -> None:
    files = snapshot_package.read()
    vectors = embedding.load(files["model.onnx"], files["tokenizer.json"]).embed(list(NEWS))
    found = np.array(["negative", "neutral", "positive"])[shipped.probabilities(vectors).argmax(axis=1)]
    assert (found == np.array(list(NEWS.values()))).mean() >= 10 / 12


def test_a_damaged_copy_of_what_ships_is_refused(tmp_path: Path) -> None:
    shutil.copytree(head.PACKAGED, tmp_path / "heads")
    path = tmp_path / "heads" / head.BULLISH
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(SnapshotError, match=r"sentiment_bullish\.json: expected sha256:"):
        head.load(tmp_path / "heads")
