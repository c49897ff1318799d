"""The tables' contracts: column names, their order, their types. A source returns a table that meets its contract, or fails.

Bars: `time` (UTC, microseconds), `open`, `high`, `low`, `close`, `volume` (float64), then where there is one `adjusted_close`
(float64), then where the file carries UTC offsets `offset` (int16, minutes).
Events: `time`, `label_end` (NaT: not known yet), `label`, where there is one `payoff`, then the file's other columns (float64),
then where the file carries UTC offsets `offset`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from bot_core.errors import InputError

TIME, LABEL_END, LABEL, PAYOFF, OFFSET, ADJUSTED_CLOSE = "time", "label_end", "label", "payoff", "offset", "adjusted_close"
PRICES = ("open", "high", "low", "close")
BAR_NUMBERS = (*PRICES, "volume")
UTC_TIME = pd.DatetimeTZDtype("us", "UTC")

_TIME = pa.Column(UTC_TIME)
_NUMBER = pa.Column(np.float64, nullable=True)
_OFFSET = pa.Column(np.int16, required=False)

BARS = pa.DataFrameSchema(
    {
        TIME: _TIME,
        **dict.fromkeys(BAR_NUMBERS, _NUMBER),
        ADJUSTED_CLOSE: pa.Column(np.float64, nullable=True, required=False),
        OFFSET: _OFFSET,
    },
    strict=True,
    ordered=True,
)
_EVENTS = {TIME: _TIME, LABEL_END: pa.Column(UTC_TIME, nullable=True), LABEL: _NUMBER}


def check_bars(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the frame if it meets the bars' contract.

    Raises:
        InputError: it does not; names the column, what was expected and what came.
    """
    return _checked(frame, BARS, where)


def check_events(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the frame if it meets the events' contract: every column but the times and `offset` is a number.

    Raises:
        InputError: it does not; names the column, what was expected and what came.
    """
    others = [str(name) for name in frame.columns if name not in {*_EVENTS, OFFSET}]
    schema = pa.DataFrameSchema({**_EVENTS, **dict.fromkeys(others, _NUMBER), OFFSET: _OFFSET}, strict=True, ordered=True)
    return _checked(frame, schema, where)


def _checked(frame: pd.DataFrame, schema: pa.DataFrameSchema, where: str) -> pd.DataFrame:
    try:
        return schema.validate(frame, inplace=True)  # nothing is coerced; without it pandera copies the table
    except SchemaError as error:
        if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
            row = int(np.flatnonzero(frame[error.schema.name].isna())[0])
            msg = f"{where}: column {error.schema.name}: expected a time in every row, got none in row {row + 1}"
            raise InputError(msg) from error
        raise _unlike(frame, schema, where) from error
    except SchemaErrors as error:
        raise _unlike(frame, schema, where) from error


def _unlike(frame: pd.DataFrame, schema: pa.DataFrameSchema, where: str) -> InputError:
    expected = ", ".join(f"{name} {column.dtype}{'' if column.required else ' or none'}" for name, column in schema.columns.items())
    got = ", ".join(f"{name} {dtype}" for name, dtype in frame.dtypes.items())
    return InputError(f"{where}: expected the columns {expected}; got {got}")
