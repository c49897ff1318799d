from __future__ import annotations

import msgspec
import pytest

from bot_core.config import values


@pytest.mark.parametrize(
    ("kind", "fits", "does_not"),
    [
        (values.Name, ["hour_sin", "5m", "a-b.c"], ["", "Hour", "_a", "a b"]),
        (values.Duration, ["90m", "6h", "5d", "2w"], ["", "90", "m", "1.5h", "6 h"]),
        (values.DataPath, ["data/a.csv"], ["data/", "data//a.csv", "other/a.csv", "/data/a.csv"]),
        (values.Moment, ["2013-03-01", "2017-12-29T21:00:00Z"], ["2013-3-1", "2017-12-29T21:00:00", "today"]),
        (values.Count, [1, 500], [0, -1, 1.5]),
        (values.Share, [0.0, 0.5, 1.0], [-0.1, 1.1, "0.5"]),
        (values.OpenShare, [0.01, 0.99], [0.0, 1.0]),
        (values.NotNegative, [0.0, 7.0], [-0.1]),
        (values.Positive, [0.1, 7.0], [0.0, -0.1]),
    ],
)
def test_a_value_fits_its_type_or_is_refused(kind: object, fits: list[object], does_not: list[object]) -> None:
    assert [msgspec.convert(value, kind) for value in fits] == fits
    for value in does_not:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)
