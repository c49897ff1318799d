"""The pages of the sentiment roster, on sentences of our own and the real transformer: names, vectors, figures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from bot_core._parse import read_json
from bot_core.errors import InputError
from bot_core.sentiment import embedding, sentences, snapshot_package
from pipelines import embed
from pipelines import sentences as page
from pipelines.judge_head import figures

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS = ("mill", "ferry", "bank", "bakery")
SAYS = (("profit falls", 0), ("profit rises", 1), ("holds its meeting", 2))


def put(folder: Path, name: str, subjects: tuple[str, ...]) -> None:
    rows = [f"The {subject} {words},{label}" for subject, (words, label) in itertools.product(subjects, SAYS)]
    (folder / name).write_text("text,label\n" + "\n".join(rows) + "\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with no sentences, and sentences elsewhere."""
    (tmp_path / "given").mkdir()
    put(tmp_path / "given", sentences.TRAIN, SUBJECTS[:3])
    put(tmp_path / "given", sentences.HELD_OUT, SUBJECTS[3:])
    monkeypatch.setenv(sentences.PLACE, str(tmp_path / "given"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_stage_names_both_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.main()
    assert read_json(page.SOURCE, dict[str, str]) == sentences.digests(here / "given")
    assert capsys.readouterr().out == f"sentences: {here / 'given'}\n"


def test_without_the_files_nothing_is_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sentences.PLACE)
    with pytest.raises(InputError, match=r"data/sentiment/.*: expected the labelled sentences, got no file"):
        page.main()
    assert not (here / "build").exists()


def test_the_second_writes_a_table_of_events_for_each_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embed.main()
    assert "12 sentences, 3 of them held out, 384 numbers each" in capsys.readouterr().out
    given = sentences.read(here / "given")
    files = snapshot_package.read()
    alone = embedding.load(files["model.onnx"], files["tokenizer.json"]).embed([given.texts[7]])[0]
    for model, subject in embed.MODELS.items():
        table = pd.read_parquet(here / "build" / model / "data.parquet")
        assert table["label"].tolist() == [float(sentences.CLASSES[label] == subject) for label in given.labels]
        assert (table["time"] < table["label_end"]).all()  # or a naive prediction would know the answer
        assert (table["label_end"][:-1].to_numpy() < table["time"][1:].to_numpy()).all()
        assert table["time"].is_monotonic_increasing
        np.testing.assert_array_equal(table.filter(like="e", axis=1).loc[7, "e000":"e383"].to_numpy(np.float64), alone)


def test_figures_are_of_the_held_out_alone(here: Path) -> None:
    given = sentences.read(here / "given")
    right = {0: [1.0, 0.0, 0.0], 1: [0.0, 0.0, 1.0], 2: [0.0, 1.0, 0.0]}
    found = figures(given, np.array([right[label] for label in given.labels[-3:]]))
    assert (found.learned_from, found.held_out, found.twins_left_out) == (9, 3, 0)
    assert (found.head.accuracy, found.head.brier) == (1.0, 0.0)
    assert found.majority.accuracy == pytest.approx(1 / 3)
    assert found.lexicon.classes["neutral"].recall == 1.0
