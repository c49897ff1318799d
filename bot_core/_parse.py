"""Bytes become typed values here, once, at the edge.

A wrong document fails with one sentence: file, path inside it, expected, got. msgspec does the checking; this module turns its
messages into ours, adding what it leaves out: the offending value and, for an unknown key, the keys that exist.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from typing import TYPE_CHECKING, TypeVar

import msgspec
import yaml

from bot_core.errors import AuditError, BotCoreError, DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]*)`")
_EXPECTED = re.compile(r"Expected (?P<expected>.*?)(, got (?P<got>.*))?$")
_CHOICE = re.compile(r"Invalid (enum )?value (?P<got>.*)$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def decode_json(data: bytes, kind: type[T], where: str) -> T:
    """Parse JSON bytes as `kind`.

    Raises:
        DocumentError: the bytes are not JSON, or not a `kind`; the message starts with `where`.
    """
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{where}: expected JSON, got {_excerpt(data)} ({error})"
        raise DocumentError(msg, hint="the file is damaged; restore it from git or run `dvc repro` again") from error
    return convert(raw, kind, where)


def read_json(path: Path, kind: type[T]) -> T:
    """Read a JSON file as `kind`; see `decode_json` for what is raised."""
    return decode_json(read_bytes(path), kind, str(path))


def read_bytes(path: Path) -> bytes:
    """Read a whole file, or say in one sentence why not.

    Raises:
        DocumentError: missing, unreadable, or a directory.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected a readable file, got {error.strerror or error}"
        raise DocumentError(msg) from error


def load_yaml(data: bytes, where: str) -> object:
    """Parse YAML bytes into plain values (safe loader; no tags).

    Raises:
        DocumentError: not YAML; with line and column.
    """
    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        msg = f"{where}: expected YAML, got {' '.join(str(error).split())}"
        raise DocumentError(msg) from error


def convert(
    raw: object, kind: type[T], where: str, *, error: type[BotCoreError] = DocumentError, locate: Callable[[str], str] | None = None
) -> T:
    """Check plain values against `kind` and return the typed value.

    Args:
        raw: what a JSON or YAML parser returned.
        kind: a msgspec Struct or any type msgspec understands.
        where: the file, for the message.
        error: the exception class to raise.
        locate: maps the dotted key to the file that holds it, when one document is composed of several.

    Raises:
        BotCoreError: of class `error`, one sentence: file, key, expected, got.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as problem:
        key, sentence, hint = _explain(str(problem), raw, kind)
        place = locate(key) if locate else where
        text = f"{place}: {key}: {sentence}" if key else f"{place}: {sentence}"
        raise error(text, hint=hint) from problem


def encode_json(value: object) -> bytes:
    """Serialise a document: two-space indent, field order, one trailing newline. The same value gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def write_bytes(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write a file whole or not at all: a temporary neighbour, then a rename; with `sync` it is on the disk when this returns.

    Raises:
        AuditError: the bytes could not be written (disk full, no permission); the old file, if any, is untouched.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        if sync:
            _sync(part)
        part.replace(path)
        if sync:
            _sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        msg = f"{path}: expected to write {len(data)} bytes, got {error.strerror or error}"
        raise AuditError(msg, hint="nothing was changed; free space or fix permissions, then run the same command again") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: object) -> None:
    """Write a document as `encode_json` spells it; see `write_bytes` for what is raised."""
    write_bytes(path, encode_json(value))


def _explain(message: str, raw: object, kind: object) -> tuple[str, str, str]:
    text, _, at = message.partition(" - at `")
    path = at.rstrip("`").removeprefix("$")
    key = path.lstrip(".")
    if found := _UNKNOWN.search(text):
        return _join(key, found["key"]), *_unknown(found["key"], _fields(kind, raw, path))
    if found := _MISSING.search(text):
        return _join(key, found["key"]), "expected a value, got nothing", "add the key"
    if found := _CHOICE.search(text):
        return key, f"expected one of {', '.join(_choices(kind, raw, path))}; got {found['got']}", ""
    expected = _EXPECTED.match(text)
    if expected is None:
        return key, text.replace("`", ""), ""
    return key, f"expected {expected['expected'].replace('`', '')}, got {_value(raw, path, expected['got'])}", ""


def _unknown(key: str, known: list[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    names = ", ".join(known) if known else "a known key"
    return f"expected one of {names}; got the unknown key {key}", hint


def _join(parent: str, key: str) -> str:
    return f"{parent}.{key}" if parent else key


def _value(raw: object, path: str, stated: str | None) -> str:
    """Show the offending value: what the message states in plain words, else what stands at the path."""
    if stated and not stated.startswith("`"):
        return stated
    return _shown(_at(raw, path))


def _at(raw: object, path: str) -> object:
    value = raw
    for name, index in _STEP.findall(path):
        if isinstance(value, list) and index.isdigit():
            value = value[int(index)]
        elif isinstance(value, dict):
            value = value.get(name)
    return value


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value) if value is not None else "nothing"


def _fields(kind: object, raw: object, path: str) -> list[str]:
    """List the keys allowed at a path; of several kinds, those of the kind that the value names."""
    structs = _structs(_type_at(kind, path))
    value = _at(raw, path)
    tags = {v for v in value.values() if isinstance(v, str)} if isinstance(value, dict) else set()
    named = [struct for struct in structs if struct.__struct_config__.tag in tags]
    return sorted({field.encode_name for struct in named or structs for field in msgspec.structs.fields(struct)})


def _choices(kind: object, raw: object, path: str) -> list[str]:
    """List what a literal, or the tag of several kinds, may be."""
    parent, _, name = path.rpartition(".")
    tags = [str(s.__struct_config__.tag) for s in _structs(_type_at(kind, parent)) if s.__struct_config__.tag_field == name]
    if tags:
        return tags
    owner = _at(raw, parent)
    named = [s for s in _structs(_type_at(kind, parent)) if isinstance(owner, dict) and s.__struct_config__.tag in owner.values()]
    return [str(choice) for choice in getattr(_field_type(named[0] if named else _type_at(kind, parent), name), "__args__", ())]


def _type_at(kind: object, path: str) -> object:
    current = kind
    for name, _ in _STEP.findall(path):
        if name:
            current = _field_type(current, name)
    return current


def _structs(kind: object) -> list[type[msgspec.Struct]]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [struct for part in getattr(kind, "__args__", ()) for struct in _structs(part)]


def _field_type(kind: object, name: str) -> object:
    for struct in _structs(kind):
        for field in msgspec.structs.fields(struct):
            if field.encode_name == name:
                return field.type
    return None


def _excerpt(data: bytes) -> str:
    return f"{data[:40]!r}…" if len(data) > 40 else repr(data)  # noqa: PLR2004  # a line's worth
