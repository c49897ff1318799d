"""Making the head that ships: refused where nothing was built, and what was built otherwise."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core._parse import read_json, write_json
from bot_core.documents.artifact import ModelArtifact
from bot_core.errors import DocumentError, ReleaseError
from bot_core.sentiment import head
from pipelines.head import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped artifacts as releases, as a second run of the page finds them."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    for name in (head.BEARISH, head.BULLISH):
        made = read_json(head.PACKAGED / name, ModelArtifact)
        model, version = made.metadata.training.model, made.metadata.version
        (tmp_path / "models" / model).mkdir(parents=True)
        shutil.copy(head.PACKAGED / name, tmp_path / "models" / model / f"{version}.json")
    return tmp_path


def test_where_nothing_was_built_it_says_so(here: Path) -> None:
    with pytest.raises(DocumentError, match=r"build/sentiment_bearish/model\.json: expected a readable file"):
        main(str(here / "heads"))
    assert not (here / "heads").exists()


def test_a_model_that_is_no_trained_one_is_refused_before_anything_is_written(here: Path) -> None:
    for model in ("sentiment_bearish", "sentiment_bullish"):
        write_json(here / "build" / model / "model.json", {"schema": "bot-core/model/v1"})
    with pytest.raises((DocumentError, ReleaseError)):
        main(str(here / "heads"))
    assert not (here / "heads").exists()
