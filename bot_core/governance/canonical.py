r"""The one spelling of a signed document: whoever reads its bytes reads the same values, the eye included.

A document is accepted when all of this holds; anything else is refused with its line.

* At most 256 KiB of UTF-8 in Unicode NFC; lines end with LF, the last one too; no character that shows nothing or an odd space:
  control, bidi, zero-width, NEL, LS, PS, BOM, no-break space, variation selector, unassigned or private.
* One block mapping, at most ten levels of block mappings and lists, none of them empty; two spaces per level; a list stands two spaces
  in from its key; a mapping or list inside a list starts on the line of its dash. No flow, anchor, alias, tag, directive, document marker.
* Keys are plain and unique in their mapping: at most 64 of a-z, 0-9 and _, first a letter, no word that some YAML reads as a value (`on`).
* A value is `true`, `false`, an integer of 64 bits in plain decimal, or a string on one line. A string is plain when it is
  letters, digits and `_ . / @ + -` after a letter, with at most one part more after a colon (`sha256:3f0c`), or the same after digits and a
  letter without a colon (`20261121T101500Z-3f2a9c41`), and no YAML 1.1 or 1.2 reads it as something else. Every other string stands in
  JSON double quotes; of the control characters it may hold line feed and tab, as `\n` and `\t`.
* Comments, where the kind of document has them: whole lines, `# text`, indented like the key or item they precede.

The rule behind the rules: `load` reads, writes what `format_text` would write, and compares.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from itertools import zip_longest

import yaml

from bot_core.errors import CanonicalError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 10

_WORD = r"|~|null|y|n|yes|no|on|off|true|false|[-+]?\.?inf|\.?nan|=|<<"
_NUMBER = r"[-+]?[0-9.][0-9_.,:]*(e[-+]?[0-9_]*)?|[-+]?0(x[0-9a-f_]*|o[0-7_]*|b[01_]*)|[0-9]{4}-[0-9].*"
_AMBIGUOUS = re.compile(f"{_WORD}|{_NUMBER}", re.IGNORECASE | re.DOTALL)  # plain text that is no string to some YAML version
_LETTER_FIRST = r"[A-Za-z][A-Za-z0-9_./@+-]*(:[A-Za-z0-9][A-Za-z0-9_./@+-]*)?"
_DIGIT_FIRST = r"[0-9]+[A-Za-z][A-Za-z0-9_./@+-]*"
_PLAIN = re.compile(rf"(?!(?i:{_WORD}|{_NUMBER})\Z)({_LETTER_FIRST}|{_DIGIT_FIRST})")
_KEY = re.compile(rf"(?!({_WORD})\Z)[a-z][a-z0-9_]{{0,63}}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,99}")
_INTEGERS = range(-(2**63), 2**63)
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_ESCAPED = str.maketrans("\n\t", "  ")
_KEY_RULE = "a key of at most 64 of a-z, 0-9 and _ after a letter, no word like on, y or null"
_ALIKE = "quote text; write true or false, whole numbers of 64 bits in decimal, other numbers in quotes, nothing not at all"
_json = json.JSONEncoder(ensure_ascii=False).encode


def load(data: bytes, where: str, *, comments: bool = False) -> dict[str, object]:
    """Parse a document that is in the one accepted spelling; `comments` says whether its kind may have them.

    Raises:
        CanonicalError: any other spelling; the message is one sentence with `where` and the line.
    """
    text = _text(data, where)
    value, lines = _read(text, where, comments=comments)
    if "\n".join(lines) + "\n" != text:
        raise _difference(text, lines, where)
    return value


def dump(value: Mapping[str, object]) -> bytes:
    """Write a mapping in the one accepted spelling, keys in their order.

    Raises:
        ValueError: what no document holds: None, a float, an empty list or mapping, a wrong key, a character or size out of bounds.
    """
    text = "\n".join(_lines(value, 0)) + "\n"
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise _unfit(expected=f"at most {MAX_BYTES} bytes", got=str(len(data)))
    if not unicodedata.is_normalized("NFC", text):
        raise _unfit(expected="text in Unicode NFC", got="an accent after an escape")
    return data


def format_text(data: bytes, where: str, *, comments: bool) -> bytes:
    """Rewrite a document in the one accepted spelling, where that needs no guess.

    With `comments` each is kept, before the key or item that it preceded or stood behind; without, they are dropped.

    Raises:
        CanonicalError: duplicate keys, anchors, tags, several documents, invisible characters, ambiguous values, empty lists.
    """
    text = unicodedata.normalize("NFC", _text(data, where).replace("\r\n", "\n"))
    _, lines = _read(text, where, comments=comments)
    done = ("\n".join(lines) + "\n").encode()
    load(done, where, comments=comments)
    return done


def _text(data: bytes, where: str) -> str:
    if len(data) > MAX_BYTES:
        raise _refused(where, 1, f"at most {MAX_BYTES} bytes", str(len(data)))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _refused(where, data.count(b"\n", 0, error.start) + 1, "UTF-8", f"the byte 0x{data[error.start]:02x}") from error


def _read(text: str, where: str, *, comments: bool) -> tuple[dict[str, object], list[str]]:
    """Return what a text says, and the lines that should say it."""
    _check_characters(text, where)
    reader = _Reader(text, where)
    try:
        value = reader.document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _refused(where, line, "block mappings and lists", f"what is no YAML: {error.problem}") from error
    lines = list(_lines(value, 0))
    return value, _with_comments(lines, reader.rows, text, where) if comments and "#" in text else lines


def _check_characters(text: str, where: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if flaw := _flaw(line):
            mendable = "NFC" in flaw[0] or line.find("\r") == len(line) - 1
            raise _refused(where, number, *flaw, f"bot-core fmt {where}" if mendable else "")


def _flaw(text: str) -> tuple[str, str] | None:
    """Say what the eye cannot see in a line of text: expected, got."""
    if text.isascii() and text.isprintable():
        return None
    for character in text:
        if not character.isprintable() or _INVISIBLE.match(character):
            return "characters that can be seen", f"U+{ord(character):04X}"
    return None if unicodedata.is_normalized("NFC", text) else ("text in Unicode NFC", "another form")


class _Reader:
    """Reads a document's events, refuses what cannot be mended; `rows` has the line in the text for each canonical line."""

    def __init__(self, text: str, where: str) -> None:
        self.rows: list[int] = []
        self._where = where
        self._next = iter(yaml.CSafeLoader(text).get_event, None).__next__

    def document(self) -> dict[str, object]:
        self._next()
        start = self._next()
        if not isinstance(start, yaml.DocumentStartEvent):
            raise self._refused(start, "a mapping", "an empty document")
        if start.version or start.tags:
            raise self._refused(start, "no directive", "%YAML or %TAG")
        root = self._next()
        value = self._node(root, 0)
        if not isinstance(value, dict):
            raise self._refused(root, "a mapping", "a list or a single value")
        self._next()
        if not isinstance(end := self._next(), yaml.StreamEndEvent):
            raise self._refused(end, "one document", "a second one")
        return value

    def _node(self, event: yaml.Event, depth: int) -> object:
        if isinstance(event, yaml.ScalarEvent):
            return self._single(event)
        self._check_properties(event)
        if depth == MAX_DEPTH:
            raise self._refused(event, f"at most {MAX_DEPTH} levels", "one more")
        value = self._mapping(depth + 1) if isinstance(event, yaml.MappingStartEvent) else self._list(depth + 1)
        if not value:
            raise self._refused(event, "at least one key or item", "an empty mapping or list", "leave its key out")
        return value

    def _mapping(self, depth: int) -> dict[str, object]:
        value: dict[str, object] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            self._check_properties(event)
            if not isinstance(event, yaml.ScalarEvent) or not _KEY.fullmatch(event.value):
                raise self._refused(event, _KEY_RULE, f"{getattr(event, 'value', 'a list or a mapping')!r:.80}")
            if (key := event.value) in value:
                raise self._refused(event, "each key once", f"{key} again")
            self.rows.append(_line(event))
            value[key] = self._node(self._next(), depth)
        return value

    def _list(self, depth: int) -> list[object]:
        value: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            if isinstance(event, yaml.ScalarEvent):
                self.rows.append(_line(event))
            value.append(self._node(event, depth))
        return value

    def _single(self, event: yaml.ScalarEvent) -> str | int:
        self._check_properties(event)
        text, plain = event.value, not event.style
        if plain and text in {"true", "false"}:
            return text == "true"
        if plain and _INTEGER.fullmatch(text) and int(text) in _INTEGERS:
            return int(text)
        if plain and _AMBIGUOUS.fullmatch(text):
            raise self._refused(event, "a value that every YAML version reads alike", f"{text:.80}" or "nothing", _ALIKE)
        if not _PLAIN.fullmatch(text) and (flaw := _flaw(text.translate(_ESCAPED))):
            raise self._refused(event, *flaw)
        return text

    def _check_properties(self, event: yaml.Event) -> None:
        if anchor := getattr(event, "anchor", None):
            raise self._refused(event, "no anchor or alias", f"{'*' if isinstance(event, yaml.AliasEvent) else '&'}{anchor:.80}")
        if tag := getattr(event, "tag", None):
            raise self._refused(event, "no tag", tag.replace("tag:yaml.org,2002:", "!!")[:80])

    def _refused(self, event: yaml.Event, expected: str, got: str, hint: str = "") -> CanonicalError:
        return _refused(self._where, _line(event), expected, got, hint)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _refused(where: str, line: int, expected: str, got: str, hint: str = "") -> CanonicalError:
    return CanonicalError(f"{where}: line {line}: expected {expected}, got {got}", hint=hint)


def _difference(text: str, canonical: list[str], where: str) -> CanonicalError:
    """Name the first line that is not as it should be."""
    mend = f"bot-core fmt {where}"
    for number, lines in enumerate(zip_longest(canonical, text.removesuffix("\n").split("\n")), 1):
        if lines[0] != lines[1]:
            expected, got = ("the end of the file" if line is None else f"{line!r:.200}" for line in lines)
            comment = got.lstrip("' ").startswith("#") > expected.lstrip("' ").startswith("#")
            return _refused(where, number, "no comment here" if comment else expected, got, mend)
    return _refused(where, len(canonical), "a line feed at the end", "the end of the file", mend)


def _unfit(*, expected: str, got: str) -> ValueError:
    return ValueError(f"expected {expected}, got {got}")


def _lines(value: object, depth: int) -> Iterator[str]:
    """Spell a mapping or a list, line by line, two spaces in for each level above it."""
    if depth == MAX_DEPTH:
        raise _unfit(expected=f"at most {MAX_DEPTH} levels", got="one more")
    pad = "  " * depth
    for mark, child in _entries(value):
        if isinstance(child, (str, int)):
            yield f"{pad}{mark} {_spelled(child)}"
        elif mark == "-":
            lines = _lines(child, depth + 1)
            yield f"{pad}- {next(lines).lstrip(' ')}"
            yield from lines
        else:
            yield f"{pad}{mark}"
            yield from _lines(child, depth + 1)


def _entries(value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping | list | tuple) or not value:
        raise _unfit(expected="text, an integer, true, false, or a mapping or list that is not empty", got=repr(value))
    if not isinstance(value, Mapping):
        yield from (("-", item) for item in value)
        return
    for key, child in value.items():
        if not _KEY.fullmatch(key):
            raise _unfit(expected=_KEY_RULE, got=repr(key))
        yield f"{key}:", child


def _spelled(value: str | int) -> str:
    """Spell a single value: the one place that decides between plain and quoted."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value):
            return value
        if flaw := _flaw(value.translate(_ESCAPED)):
            raise _unfit(expected=flaw[0], got=flaw[1])
        return _json(value)
    if value not in _INTEGERS:
        raise _unfit(expected="an integer of 64 bits", got=str(value))
    return str(value).lower()


def _with_comments(lines: list[str], rows: list[int], text: str, where: str) -> list[str]:
    """Put each comment of a text before the canonical line of the key or item that it preceded or stood behind."""
    above: list[list[str]] = [[] for _ in lines]
    for number, words, whole in _comments(text):
        at = bisect_left(rows, number if whole else rows[max(bisect_right(rows, number) - 1, 0)])
        if at == len(lines):
            raise _refused(where, number, "a comment before what it explains", "one after everything")
        above[at].append(f"{lines[at][: -len(lines[at].lstrip(' '))]}# {words}")
    return [line for comments, spelled in zip(above, lines, strict=True) for line in (*comments, spelled)]


def _comments(text: str) -> Iterator[tuple[int, str, bool]]:
    """Find each comment: its line, its words, whether it comes first there. A # outside every key and value begins one."""
    bare = list(text := f"{text}\n")
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
            start, end = event.start_mark.index, event.end_mark.index
            start = text.index("\n", start) if event.style in {"|", ">"} else start  # a comment may stand behind the sign
            bare[start:end] = ["\n" if character == "\n" else " " for character in bare[start:end]]
    for number, (line, rest) in enumerate(zip(text.split("\n"), "".join(bare).split("\n"), strict=True), 1):
        at = rest.find("#")
        words = line[at + 1 :].rstrip().removeprefix(" ")
        if at >= 0 and words.strip():
            yield number, words, not line[:at].strip(" -?[{")
