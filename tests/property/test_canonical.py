"""Laws of the canonical spelling: writing and reading are inverse, and every YAML version reads what we accept as we do."""

from __future__ import annotations

import io
import unicodedata
from collections import Counter

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot_core.errors import CanonicalError
from bot_core.governance.canonical import dump, format_text, load

CANONICAL = [
    "a: b\n",
    'role: risk\nissued: "2026-11-22T14:03:00Z"\npercent: 5\n',
    "a:\n  - item: C1\n    answer: pass\n  - item: C2\n    evidence: sha256:3f0c\n",
    'models:\n  - - 20261121T101500Z-3f2a9c41\n    - "12:30"\n  - true\nstatement: "Read; a \\"b\\" \\\\ c\\n"\n',
    '# why\nsubject:\n  # which\n  name: quant/models\n  limits:\n    - -7\n    # one more\n    - ""\nok: false\n',
]
SPECIALS = [
    *(
        "&a",
        "*a",
        "!!int",
        "!!str",
        "!",
        "<<",
        "<<:",
        "=",
        "~",
        "null",
        "Null",
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "N",
        "true",
        "True",
        "false",
    ),
    *(
        "0",
        "-0",
        "+1",
        "007",
        "0o7",
        "0x1F",
        "0b1",
        "1_000",
        "1,000",
        "12:30",
        "1:2:3",
        "1.5",
        ".5",
        "1.",
        "1e5",
        "1e+5",
        "12e",
        "1.2.3",
    ),
    *(
        ".inf",
        "-.INF",
        ".nan",
        "inf",
        "2026-11-21",
        "2026-11-21T10:15:00Z",
        "20261121T101500Z-3f2a9c41",
        "3f0c",
        "0b1e5f",
        "sha256:3f0c",
    ),
    *(
        "a:b",
        "a:b:c",
        "a:",
        ":a",
        "a#b",
        "#a",
        "a,b",
        "[]",
        "{}",
        "[a]",
        "{a}",
        "{a: b}",
        "[a, b]",
        "|",
        ">",
        "|-",
        "? ",
        "-",
        "--",
        "---",
    ),
    *(
        "...",
        "%",
        "%YAML",
        "@a",
        "`a",
        "'a'",
        '"a"',
        '"1"',
        '"a b"',
        '"\\n"',
        '"\\u0041"',
        '"\\x41"',
        '"\\/"',
        "\\",
        "'",
        '"',
        ": ",
        ", ",
    ),
    *(
        "a/b",
        "a.b",
        "a@b",
        "a+b",
        "a-b",
        "A_b",
        "e5",
        "9223372036854775807",
        "9223372036854775808",
        "\u00e9",
        "e\u0301",
        "\U0001f600",
    ),
]
INVISIBLE = ["\u0085", "\u2028", "\u2029", "\ufeff", "\u200b", "\u202e", "\u00a0", "\u00ad", "\0", "\x7f", "\t", "\r", "\r\n"]
SPACES = [
    " ",
    "  ",
    "\n",
    "\n\n",
    "\n  ",
    "\n- ",
    "\n  - ",
    ": ",
    " #",
    " # a",
    "\n# a\n",
    "\n  # a\n",
    "\n---\n",
    "\n...\n",
    "\n? ",
]


def _fits(value: object) -> bool:
    """Tell whether a document can hold it."""
    try:
        return bool(dump({"a": value}))
    except ValueError:
        return False


words = st.one_of(st.sampled_from(SPECIALS), st.text(max_size=8), st.from_regex(r"[0-9a-fA-FxobTZ_.:eE+-]{1,9}", fullmatch=True))
strings = words.map(lambda text: unicodedata.normalize("NFC", text)).filter(_fits)
keys = st.one_of(st.sampled_from(["a", "b", "role", "max_1", "e5"]), st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)).filter(
    lambda key: key not in {"y", "n", "on", "no", "off", "yes", "null", "true", "false", "inf", "nan"}
)
singles = st.one_of(strings, st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9), st.booleans())
values = st.recursive(
    singles,
    lambda inner: st.one_of(st.lists(inner, min_size=1, max_size=3), st.dictionaries(keys, inner, min_size=1, max_size=3)),
    max_leaves=6,
)
documents = st.dictionaries(keys, values, min_size=1, max_size=3).filter(_fits)
insertions = st.sampled_from(SPECIALS + INVISIBLE + SPACES + list("abz019_.:/-+@ \"'#&*!|>%[]{},?\n"))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A canonical document with a change or two anywhere; small, since one reader of the three is slow."""
    text = draw(st.sampled_from(CANONICAL))
    for _ in range(draw(st.sampled_from([1, 1, 2]))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(insertions) + text[start + draw(st.integers(0, 4)) :]
    return text


plain_texts = words.map("a:\n  - {}\n".format)


def accepted(text: str) -> dict[str, object] | None:
    try:
        return load(text.encode(), "x.yaml", comments=True)
    except CanonicalError:
        return None


def check_that_all_agree(text: str, value: object) -> None:
    """Compare what two other readers, of YAML 1.1 and 1.2, make of a text; as text, where 1 is not true."""
    assert repr(yaml.safe_load(text)) == repr(value)
    assert repr(YAML(typ="safe", pure=True).load(io.StringIO(text))) == repr(value)


def test_the_texts_that_are_changed_are_canonical() -> None:
    assert all(accepted(text) for text in CANONICAL)


@settings(max_examples=250, deadline=None)
@given(documents)
def test_reading_gives_back_what_was_written_and_writing_what_was_read(value: dict[str, object]) -> None:
    data = dump(value)
    assert repr(load(data, "x.yaml")) == repr(value)
    assert dump(load(data, "x.yaml")) == data == format_text(data, "x.yaml", comments=True)
    check_that_all_agree(data.decode(), value)


def test_what_is_accepted_is_read_alike_by_yaml_1_1_and_1_2() -> None:
    seen: Counter[bool] = Counter()

    @settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(texts(), texts(), plain_texts))
    def law(text: str) -> None:
        value = accepted(text)
        seen[value is not None] += 1
        if value is not None:
            check_that_all_agree(text, value)

    law()
    assert seen[True] > 0.2 * seen.total()
    assert seen[False] > 0.2 * seen.total()


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
def test_fmt_changes_no_meaning_and_is_done_after_once(text: str) -> None:
    try:
        done = format_text(text.encode(), "x.yaml", comments=True)
    except CanonicalError:
        assert accepted(text) is None
        return
    assert repr(yaml.safe_load(unicodedata.normalize("NFC", text))) == repr(load(done, "x.yaml", comments=True))
    assert format_text(done, "x.yaml", comments=True) == done
    if accepted(text) is not None:
        assert done == text.encode()
