"""Laws of ingest: in whatever pieces rows come, the file ends as if they had come at once, and nothing is ever taken back."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.config.models import CsvBars, Update
from bot_core.retraining.ingest import ingest

ROOT = Path(__file__).parents[3]
HEADER, *ROWS = (ROOT / "data/eurusd_1h.csv").read_bytes().splitlines(keepends=True)
ROWS = ROWS[:60]
FIRST = dt.datetime(2017, 1, 1, 22, tzinfo=dt.UTC)
BARS = CsvBars(
    instrument="eurusd",
    path="data/bars.csv",
    bar="1h",
    calendar="fx",
    as_of="2017-01-01",
    update=Update(source="source.csv"),
)
DAYS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 59), st.integers(-5, 10)), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None)
@given(begin=st.integers(1, 50), days=DAYS)
def test_the_file_is_always_a_beginning_of_the_whole_and_grows_by_what_was_said(
    begin: int, days: list[tuple[int, int, int]]
) -> None:
    """On each day the source holds rows from `first` to `stop`, some of which may not be over or already here."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "data").mkdir()
        target = root / BARS.path
        target.write_bytes(b"".join([HEADER, *ROWS[:begin]]))
        held = begin
        for stop, first, late in days:
            start = min(first, held, stop - 1)  # no gap: a source that overlaps or follows on
            (root / "source.csv").write_bytes(b"".join([HEADER, *ROWS[start:stop]]))
            now = dt.datetime.fromisoformat(ROWS[stop - 1].partition(b",")[0].decode()) + dt.timedelta(hours=max(late, 0))
            told = ingest(root, BARS, now)
            over = stop if late > 0 else stop - 1
            assert told.rows_added == max(over - held, 0)
            held += told.rows_added
            assert target.read_bytes() == b"".join([HEADER, *ROWS[:held]])
            assert ingest(root, BARS, now).rows_added == 0
