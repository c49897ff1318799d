"""A line of a bar file becomes a bar, without a table: the light half of the pair whose other half is `bot_core.data.sources`.

What is read here is what training reads from the same bytes, to the last bit; anything else is refused. It knows fewer spellings than
training: ISO 8601 times with two digits each, decimal numbers, one line per row, every row as long as the header.

Of the repairs only `adjust_for_splits` can be made on line, since it needs nothing but the bar's own row. The others wait for rows to
come, and a bar that was decided on cannot be taken back: where one is declared, or would have been needed, there is no bar.
A vendor rewrites all adjusted closes at a split or dividend; from then on the file is another one, to be read again from its start.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import asdict

from bot_core.data.durations import DAY, microseconds
from bot_core.errors import ConfigError, InputError
from bot_core.features.indicators.indicator import Bar

if TYPE_CHECKING:
    from bot_core.config.models import CsvBars

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIME = re.compile(
    r"\d{4}([-./])\d\d\1\d\d(?:[T ](?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_BOM = b"\xef\xbb\xbf"
_WAITING = ("sort", "drop_duplicates", "forward_fill_at_most")


class BarLines:
    """The lines of one file, each given once and in order.

    Args:
        config: the source as it is declared.

    Raises:
        ConfigError: an unknown time zone, or a repair that cannot be made on line.
    """

    def __init__(self, config: CsvBars) -> None:
        _require_online(config)
        self.config = config
        self.number = 0
        self._zone = _zone(config.timezone)
        self._whole_days = microseconds(config.bar, "data.bar") % DAY == 0
        self._places: dict[str, int] = {}
        self._width = 0
        self._aware: bool | None = None
        self._newest = -math.inf

    def take(self, line: bytes) -> Bar | None:
        """Return the bar of the next line, given without its end; `None` for the header and for a blank line.

        Raises:
            InputError: it is no bar, or one that is not later than the one before: file, line, column, expected, got.
        """
        self.number += 1
        fields = self._fields(line.removeprefix(_BOM) if self.number == 1 else line)
        if not fields:
            return None
        if not self._places:
            self._places, self._width = self._header(fields), len(fields)
            return None
        if len(fields) != self._width:
            expected = f"{self._width} fields as in the header"
            raise self.refused(expected=expected, got=f"{len(fields)}", hint="every row has one field per column")
        return self._bar(fields)

    def refused(self, *, expected: str, got: str, hint: str, column: str = "") -> InputError:
        """Return an error at the line taken last, and at one of our columns."""
        place = f"column {getattr(self.config.columns, column)}: " if column else ""
        return InputError(f"{self.config.path}: line {self.number}: {place}expected {expected}, got {got}", hint=hint)

    def _fields(self, line: bytes) -> list[str]:
        try:
            return next(csv.reader([line.removesuffix(b"\r").decode()], delimiter=self.config.delimiter, strict=True), [])
        except UnicodeDecodeError as error:
            byte = f"the byte 0x{error.object[error.start]:02x}"
            raise self.refused(expected="UTF-8 text", got=byte, hint="a CSV file is plain text") from error
        except csv.Error as error:
            hint = "a row is one line, and its quotation marks are closed"
            raise self.refused(expected="a row of a CSV file", got=str(error), hint=hint) from error

    def _header(self, found: list[str]) -> dict[str, int]:
        """Return our name of a column → its place."""
        declared = {ours: theirs for ours, theirs in asdict(self.config.columns).items() if theirs is not None}
        for ours, theirs in declared.items():
            if found.count(theirs) != 1:
                hint = f"set data.columns.{ours} to the name in the file"
                raise self.refused(expected=f"the column {theirs} once", got=", ".join(found), hint=hint)
        return {ours: found.index(theirs) for ours, theirs in declared.items()}

    def _bar(self, fields: list[str]) -> Bar:
        text = fields[self._places["time"]]
        time = self._seconds(text)
        numbers = [self._number(fields[place], name) for name, place in self._places.items() if name != "time"]
        bar = Bar(time, *numbers[:5])
        if self.config.repairs.adjust_for_splits:
            bar = self._adjusted(bar, numbers[5])
        if time <= self._newest:
            got = f"{text} {'twice' if time == self._newest else 'after a later time'}"
            hint = "mend the file where it is written: what was decided cannot be taken back"
            raise self.refused(expected="every bar later than the one before", got=got, hint=hint)
        self._newest = time
        return bar

    def _number(self, text: str, column: str) -> float:
        if _NUMBER.fullmatch(text.strip(" ")) and math.isfinite(value := float(text)):
            return value
        hint = "no repair invents values; decimals have a point"
        raise self.refused(column=column, expected="a finite number", got=repr(text), hint=hint)

    def _adjusted(self, bar: Bar, adjusted_close: float) -> Bar:
        """Return a bar as `bot_core.data.repairs` adjusts it, operation by operation."""
        factor = adjusted_close / bar.close if bar.close else 0.0
        if factor:
            prices = (bar.open * factor, bar.high * factor, bar.low * factor, bar.close * factor)
            if all(map(math.isfinite, (*prices, bar.volume / factor))):
                return Bar(bar.time, *prices, bar.volume / factor)
        got = f"{adjusted_close!r} / {bar.close!r}"
        expected = "a factor adjusted_close / close that leaves finite numbers"
        raise self.refused(expected=expected, got=got, hint="mend the file where it is written")

    def _seconds(self, text: str) -> float:
        """Return a time as `bot_core.data.sources.times` reads it, in seconds since 1970 UTC."""
        moment = _moment(text)
        if moment is None:
            hint = "write times as year-month-day hour:minute:second"
            raise self.refused(column="time", expected="an ISO 8601 time such as 2017-01-01T22:00:00Z", got=repr(text), hint=hint)
        aware = moment.tzinfo is not None
        if self._aware is None:
            self._aware = aware
        if aware != self._aware:
            expected = f"a time {'with' if self._aware else 'without'} a UTC offset, as in the first row"
            raise self.refused(column="time", expected=expected, got=repr(text), hint="write all times alike")
        if self._whole_days and moment.time() == dt.time():
            moment = moment.replace(tzinfo=dt.UTC)
        elif not aware:
            moment = self._located(moment, text)
        return (moment - _EPOCH) // dt.timedelta(microseconds=1) / 1e6

    def _located(self, naive: dt.datetime, text: str) -> dt.datetime:
        local = naive.replace(tzinfo=self._zone)
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            expected = f"a time that {self.config.timezone} has exactly once"
            raise self.refused(
                column="time", expected=expected, got=repr(text), hint="write times in UTC, or with their UTC offset"
            )
        return local


def _moment(text: str) -> dt.datetime | None:
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return dt.datetime.fromisoformat(f"{text[:4]}-{text[5:7]}-{text[8:]}")
    except ValueError:
        return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"data.timezone: expected an IANA time zone such as UTC or America/New_York, got {name}"
        raise ConfigError(msg) from error


def _require_online(config: CsvBars) -> None:
    for name in _WAITING:
        if value := getattr(config.repairs, name):
            msg = f"data.repairs.{name}: expected a repair that needs only a bar's own row (adjust_for_splits), got {value}"
            raise ConfigError(
                msg, hint="bars cannot be decided on as they come; mend the file where it is written, then remove the repair"
            )
    if config.repairs.adjust_for_splits and config.columns.adjusted_close is None:
        msg = "data.repairs.adjust_for_splits: expected data.columns.adjusted_close to name a column, got none"
        raise ConfigError(msg, hint="name the column, or remove the repair")
