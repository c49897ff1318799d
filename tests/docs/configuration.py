"""What the typed groups allow, as the rows of the configuration page: key, type, range, default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec
from msgspec import inspect

from bot_core.config import models

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAVES: dict[type, str] = {models.Limit: "limit", models.IndicatorFeature: "feature"}
"""Groups that the page describes in one row, and what it calls them."""

PATTERNS = {"^[a-z0-9][": "name", "^[0-9]+[s": "duration", "^data/": "path under `data/`", r"^\d{4}-": "UTC date or time"}
"""How a text's pattern begins → what the page calls it."""


class Row(NamedTuple):
    """One key of a group, as the page shows it."""

    key: str
    kind: str
    range: str
    default: str


def tables() -> dict[str, list[Row]]:
    """Return every table of the page: its heading → its rows."""
    groups = {field.name: get_args(field.type) or (field.type,) for field in msgspec.structs.fields(models.PipelineConfig)}
    return {heading(name, kind): list(rows(kind)) for name, kinds in groups.items() for kind in kinds}


def heading(group: str, kind: type[msgspec.Struct]) -> str:
    """Name a group's kind as the page's headings do.

    >>> heading("data", models.CsvBars), heading("compute", models.ComputeConfig)
    ('data · kind: csv', 'compute')
    """
    config = kind.__struct_config__
    return f"{group} · {config.tag_field}: {config.tag}" if config.tag else group


def rows(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[Row]:
    """Yield the keys of a group, those of groups inside it with a dotted name."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        inner = _present(_plain(field.type))
        if isinstance(inner, inspect.StructType) and inner.cls not in LEAVES:
            yield from rows(inner.cls, f"{prefix}{field.name}.")
        else:
            yield Row(f"`{prefix}{field.encode_name}`", _kind(inner), _range(inner), _default(field))


def _plain(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _present(kind: inspect.Type) -> inspect.Type:
    """Return the group of a group that may be left out."""
    groups = [one for one in kind.types if isinstance(one, inspect.StructType)] if isinstance(kind, inspect.UnionType) else []
    return groups[0] if len(groups) == 1 else kind


def _kind(kind: inspect.Type) -> str:  # noqa: PLR0911  # one line for each kind
    match kind:
        case inspect.StrType(pattern=str(pattern)):
            return next(word for start, word in PATTERNS.items() if pattern.startswith(start))
        case inspect.LiteralType(values=values):
            return " / ".join(f"`{value}`" for value in sorted(map(str, values)))
        case inspect.ListType(item_type=item):
            return f"list of {_kind(_plain(item))}s"
        case inspect.DictType(key_type=key, value_type=value):
            return f"{_kind(_plain(key))} → {_kind(_plain(value))}"
        case inspect.UnionType(types=types):
            return " or ".join("nothing" if isinstance(one, inspect.NoneType) else _kind(_plain(one)) for one in types)
        case inspect.StructType():
            return LEAVES.get(kind.cls) or f"`{kind.tag_field}: {kind.tag}`"
        case _:
            return _SIMPLE[type(kind)]


_SIMPLE: dict[type[inspect.Type], Literal["true / false", "whole number", "number", "text"]] = {
    inspect.BoolType: "true / false",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.StrType: "text",
}


def _range(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType() | inspect.FloatType():
            bounds = ((">", kind.gt), ("≥", kind.ge), ("<", kind.lt), ("≤", kind.le))
            return ", ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)
        case inspect.StrType(max_length=1):
            return "one character"
        case inspect.ListType(min_length=1):
            return "at least one"
        case inspect.DictType(min_length=2):
            return "at least two"
        case _:
            return ""


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None or value == {}:
        return "none"
    if isinstance(value, models.Limit):
        return f"`{value.warning:g}, {value.critical:g}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    for title, lines in tables().items():
        print(f"\n## {title}\n\n| key | type | range | default | meaning |\n| - | - | - | - | - |")  # noqa: T201  # for the page's writer
        print(*(f"| {' | '.join(line)} | |" for line in lines), sep="\n")  # noqa: T201
