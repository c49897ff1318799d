from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from bot_core.config.models import EventColumns, EventTable
from bot_core.data import sources
from bot_core.errors import InputError

HEADER = "time,label_end,label,a,b\n"
ROW = "2017-01-02T00:00:00Z,2017-01-03T00:00:00Z,1,2,3\n"
CONFIG = EventTable(instrument="x", path="e.csv", as_of="2017-01-03")
RENAME_HINT = "rename the column in the file, or declare it in data.columns"
NUMBER_HINT = "leave the field empty where there is no value; decimals have a point"
TIME_HINT = "write times as year-month-day hour:minute:second"
RESERVED = "time, label_end, label, payoff, offset, target"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _at_root: None) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_label_may_still_be_unknown() -> None:
    Path("e.csv").write_text(HEADER + ROW + "2017-01-02T00:00:00Z,,,2,\n")
    frame = sources.read(CONFIG)
    assert list(frame.columns) == ["time", "label_end", "label", "a", "b", "offset"]
    assert frame["label_end"].isna().tolist() == [False, True]
    assert np.isnan(frame.loc[1, ["label", "b"]].astype(float)).all()


def test_a_payoff_stands_behind_the_label() -> None:
    Path("e.csv").write_text(HEADER + ROW)
    frame = sources.read(msgspec.structs.replace(CONFIG, columns=EventColumns(payoff="b")))
    assert list(frame.columns) == ["time", "label_end", "label", "payoff", "a", "offset"]
    assert frame["payoff"].tolist() == [3.0]


def test_csv_and_parquet_give_the_same_table() -> None:
    Path("e.csv").write_text(HEADER.replace("label_end", "end") + ROW.replace("Z", "") + ROW.replace("Z", ""))
    config = msgspec.structs.replace(CONFIG, columns=EventColumns(label_end="end"), timezone="Asia/Tokyo")
    table = pd.read_csv("e.csv", parse_dates=["time", "end"])
    table.to_parquet("e.parquet")
    frame = sources.read(config)
    assert frame.equals(sources.read(msgspec.structs.replace(config, path="e.parquet")))
    assert str(frame["label_end"][0]) == "2017-01-02 15:00:00+00:00"


BAD = {
    "reserved": (
        HEADER.replace(",b", ",target") + ROW,
        f"e.csv: column target: expected a name that is not one of ours ({RESERVED}), got target ({RENAME_HINT})",
    ),
    "no label": (
        HEADER.replace("label,", "lable,") + ROW,
        "e.csv: expected the column label, got time, label_end, lable, a, b (did you mean lable? set data.columns.label)",
    ),
    "text": (
        HEADER + ROW.replace(",3\n", ",red\n"),
        f"e.csv: line 2: column b: expected a number, got 'red' ({NUMBER_HINT})",
    ),
    "a feature twice": (HEADER.replace(",b", ",a") + ROW, "e.csv: expected the column a once, got it 2 times (rename one of them)"),
    "no label end": (
        HEADER + ROW.replace("2017-01-03T00:00:00Z", "soon"),
        f"e.csv: line 2: column label_end: expected an ISO 8601 time such as 2017-01-01T22:00:00Z, got 'soon' ({TIME_HINT})",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_table_is_named_with_line_and_column(text: str, sentence: str) -> None:
    Path("e.csv").write_text(text)
    with pytest.raises(InputError) as error:
        sources.read(CONFIG)
    assert str(error.value) == sentence


@pytest.mark.parametrize(("path", "got"), [("e.txt", ".txt"), ("e", "no suffix")])
def test_the_suffix_says_how_to_read(path: str, got: str) -> None:
    with pytest.raises(InputError) as error:
        sources.read(msgspec.structs.replace(CONFIG, path=path))
    assert (
        str(error.value)
        == f"{path}: expected a table of events ending in .csv or .parquet, got {got} (name the file by what it is)"
    )
