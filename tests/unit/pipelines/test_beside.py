"""The stage of tables with news, on real bars: what it writes, texts that are scored once, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from bot_core._parse import write_json
from bot_core.config.load import load_config
from bot_core.data import sources
from bot_core.errors import BotCoreError, ConfigError, InputError
from bot_core.features.featurize import featurize
from bot_core.sentiment.joining import FEATURES
from pipelines.beside import KEPT, main, read_scores
from tests.unit.metalabel.primaries import HOURLY, composed

ENTRY = {"model": "m", "file": "data/eurusd_1h.csv", "scores": "data/news.csv", "max_age": "3h"}


def table_of(**entry: str) -> None:
    Path("pipelines/sentiment").mkdir(parents=True, exist_ok=True)
    Path("pipelines/sentiment/beside.yaml").write_text(yaml.safe_dump({"beside": {"news": ENTRY | entry}}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model composed, some of its bars, and three scores."""
    write_json(tmp_path / "build/m/config.json", composed(*HOURLY))
    lines = Path("data/eurusd_1h.csv").read_text().splitlines(keepends=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/eurusd_1h.csv").write_text("".join(lines[:401]))
    (tmp_path / "data/news.csv").write_text(
        "published,score\n2017-01-12T12:00:30Z,0.5\n2017-01-12T10:59:00Z,-0.5\n2017-01-12T12:59:30Z,1.0\n"
    )
    monkeypatch.chdir(tmp_path)
    table_of()
    return tmp_path


def test_it_is_the_models_own_dataset_with_three_columns_more(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("news")
    table = pd.read_parquet(here / "data/news.parquet")
    config = load_config(here / "build/m/config.json")
    rows = featurize(sources.read(config.data), config.features, config.target)
    assert list(table.columns[-3:]) == list(FEATURES)
    assert (table[list(rows.feature_names)].to_numpy() == rows.values).all()  # noqa: PD011  # no frame
    noon = table.set_index("time")[list(FEATURES)]["2017-01-12T09:00":"2017-01-12T16:00"]
    assert noon["sentiment_count"].tolist() == [0, 1, 1, 2, 2, 2, 0, 0]  # closes 10:00 to 17:00; on its way at 13:00: 12:59:30 + 1m
    assert noon["sentiment_last"].tolist() == [0, -0.5, -0.5, 0.5, 1.0, 1.0, 0, 0]
    assert f"data/news.parquet: {len(table)} bars of m" in capsys.readouterr().out


def test_texts_are_scored_once_and_kept_without_their_words(here: Path) -> None:
    (here / "data/news.csv").write_text(
        "published,text\n2017-01-12T12:00:30Z,Exports fall sharply\n2017-01-13T12:00:30Z,Profit rises\n"
    )
    first = read_scores(Path("data/news.csv"))
    assert first.scores[0] < 0 < first.scores[1]
    kept = KEPT.read_bytes()
    assert b"Exports" not in kept
    assert (read_scores(Path("data/news.csv")).scores == first.scores).all()
    assert KEPT.read_bytes() == kept


@pytest.mark.parametrize(
    ("entry", "error", "said"),
    [
        (
            {"file": "data/other.csv"},
            ConfigError,
            r"beside\.news\.file: expected data/eurusd_1h\.csv, which m reads, got data/other\.csv",
        ),
        ({"scores": "data/none.csv"}, InputError, r"data/none\.csv: expected a CSV or Parquet file of scores, got no file"),
        ({"max_age": "1m"}, ConfigError, "expected 0 <= delay < max_age"),
        ({"age": "1m"}, ConfigError, "expected one of delay, file, max_age, model, scores; got the unknown key age"),
    ],
)
def test_a_mistake_is_a_sentence_and_no_table(here: Path, entry: dict[str, str], error: type[BotCoreError], said: str) -> None:
    table_of(**entry)
    with pytest.raises(error, match=said):
        main("news")
    assert not (here / "data/news.parquet").exists()
