from __future__ import annotations

import pytest
import yaml

from bot_core.errors import CanonicalError
from bot_core.governance.canonical import MAX_BYTES, MAX_DEPTH, dump, format_text, load

SHA = "sha256:3f0c" + "5a" * 30

RELEASE = f"""\
schema: bot-core/release/v1
model: decision_engine
version: 20261121T101500Z-3f2a9c41
author: d.kowalski
created: "2026-11-21T10:15:00Z"
source:
  inputs: {SHA}
  commit: 3f0c9a1b2d4e5f60718293a4b5c6d7e8f9012345
  config: {SHA}
  dvc_lock: {SHA}
  environment: {SHA}
data:
  - name: btcusd_1h
    digest: {SHA}
artifact:
  path: models/decision_engine/20261121T101500Z-3f2a9c41.json
  format: lightgbm-text
  size: 582916
  digest: {SHA}
reports:
  - kind: walk_forward
    path: audit/ai_decision/walk_forward/20261121T101500Z-3f2a9c41.json
    digest: {SHA}
    generated: "2026-11-21T10:15:00Z"
    status: ok
golden:
  digest: {SHA}
"""

SIGNOFF = f"""\
schema: bot-core/signoff/v1
repository: quant/models
environment: production
subject:
  kind: release
  name: decision_engine
  version: 20261121T101500Z-3f2a9c41
  digest: {SHA}
role: risk
signer: anna.nowak
decision: approve
issued: "2026-11-22T14:03:00Z"
expires: "2027-02-20T00:00:00Z"
policy_version: 7
checklist:
  id: model-promotion-v1
  digest: {SHA}
  answers:
    - item: C1
      answer: pass
      evidence: {SHA}
conditions:
  max_trade_notional: 50000
statement: "Read the walk-forward report; residual risk accepted."
"""

ENVIRONMENT = f"""\
schema: bot-core/environment/v1
environment: production
maintenance: false
models:
  # moves along the policy's steps only
  - model: decision_engine
    version: 20261121T101500Z-3f2a9c41
    release: {SHA}
    domain: compliance/domains/trade_entry/{SHA[7:]}.yaml
    rollout: 100
    # pre-verified every cycle
    fallback: 20261101T080000Z-aa17c02e
"""

POLICY = f"""\
# Who may say what about a model.
schema: bot-core/policy/v1
repository: quant/models
version: 7
previous: {SHA}
root_quorum: 2
formats:
  - lightgbm-text
  - onnx
people:
  - name: anna.nowak
    emails:
      - anna@desk.example
    roles:
      - risk
    keys:
      # her second token
      - public: "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5"
        valid_from: "2026-01-01T00:00:00Z"
        require_touch: true
services:
  - name: runtime-1
    may:
      - head
      - report
environments:
  - name: production
    approvals:
      risk: 1
      compliance: 1
    rollout:
      steps:
        - 0
        - 5
        - 100
      forward:
        risk: 1
signoffs_valid_from_policy: 3
"""


@pytest.mark.parametrize("text", [RELEASE, SIGNOFF, ENVIRONMENT, POLICY], ids=["release", "signoff", "environment", "policy"])
def test_the_documents_of_the_design_are_canonical(text: str) -> None:
    value = load(text.encode(), "x.yaml", comments=True)
    assert value == yaml.safe_load(text)
    assert format_text(text.encode(), "x.yaml", comments=True) == text.encode()
    bare = "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#")).encode()
    assert dump(value) == bare == format_text(text.encode(), "x.yaml", comments=False)
    assert load(bare, "x.yaml") == value


PLAIN = [
    *(
        "a",
        "C1",
        "ok",
        "risk",
        "quant/models",
        "anna.nowak",
        "anna@desk.example",
        "lightgbm-text",
        "bot-core/signoff/v1",
        "sha256:3f0c",
    ),
    *("20261121T101500Z-3f2a9c41", "3f0c9a", "1e5f", "0x1g", "0b1e5f7", "yess", "nano", "oNe", "a+b", "a:1"),
]
QUOTED = [
    *(
        "",
        " ",
        "a b",
        "a:",
        "a: b",
        "a:b:c",
        "a #b",
        "-",
        "- a",
        "-1",
        "+1",
        "1.0",
        "0.5",
        ".5",
        "1.2.3",
        "0",
        "7",
        "007",
        "1_000",
        "1,5",
        "1e5",
    ),
    *(
        "1E5",
        "12e",
        "0x1F",
        "0o7",
        "0b1",
        "0b11",
        "12:30",
        "1:2:3",
        "2026-11-21",
        "2026-11-21T10:15:00Z",
        "2026-1",
        "y",
        "N",
        "Yes",
        "no",
        "ON",
    ),
    *(
        "off",
        "true",
        "False",
        "null",
        "Null",
        "~",
        "=",
        "<<",
        ".inf",
        "-.INF",
        ".nan",
        "inf",
        "NaN",
        "ß",
        "[a]",
        "{a",
        "a,b",
        "&a",
        "*a",
        "!a",
    ),
    *("|", ">", "%a", "`a", "'a'", 'say "a"', "a\\b", "a\nb", "\t", "? a", "---", "...", "@a", "/a", "_a", "1-a", "5 %"),
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_string_no_yaml_mistakes_is_plain(text: str) -> None:
    assert dump({"a": text}) == f"a: {text}\n".encode()
    assert load(f"a: {text}\n".encode(), "x.yaml") == {"a": text}


@pytest.mark.parametrize("text", QUOTED)
def test_any_other_string_is_quoted(text: str) -> None:
    data = dump({"a": text, "b": [text]})
    assert data.startswith(b'a: "')
    assert load(data, "x.yaml") == {"a": text, "b": [text]} == yaml.safe_load(data)


@pytest.mark.parametrize("number", [0, 1, -1, 20261121, 2**63 - 1, -(2**63)])
def test_integers_of_64_bits_are_plain(number: int) -> None:
    assert dump({"a": number}) == f"a: {number}\n".encode()
    assert load(f"a: {number}\n".encode(), "x.yaml") == {"a": number}


def test_lists_in_lists_start_on_the_line_of_the_dash() -> None:
    data = b"a:\n  - - b\n    - - c: 1\n        d: true\n      - e\n"
    assert load(data, "x.yaml") == {"a": [["b", [{"c": 1, "d": True}, "e"]]]} == yaml.safe_load(data)


ALIKE = "expected a value that every YAML version reads alike, got "
SEEN = "line 1: expected characters that can be seen, got "
KEY = "expected a key of at most 64 of a-z, 0-9 and _ after a letter, no word like on, y or null, got "
END = "the end of the file"

UNMENDABLE = {
    "nothing": (b"", "line 1: expected a mapping, got an empty document"),
    "only a comment": (b"# a\n", "line 2: expected a mapping, got an empty document"),
    "a list": (b"- a\n", "line 1: expected a mapping, got a list or a single value"),
    "a string": (b"a\n", "line 1: expected a mapping, got a list or a single value"),
    "no YAML": (b'a: "b\n', "line 2: expected block mappings and lists, got what is no YAML: found unexpected end of stream"),
    "two keys in a line": (
        b"a: b: c\n",
        "line 1: expected block mappings and lists, got what is no YAML: mapping values are not allowed in this context",
    ),
    "a key again": (b"a: 1\nb: 2\na: 3\n", "line 3: expected each key once, got a again"),
    "an anchor": (b"a: &b c\n", "line 1: expected no anchor or alias, got &b"),
    "an anchor of a list": (b"a: &b\n  - c\n", "line 1: expected no anchor or alias, got &b"),
    "an anchor of a key": (b"&b a: c\n", "line 1: expected no anchor or alias, got &b"),
    "an alias": (b"a: *b\n", "line 1: expected no anchor or alias, got *b"),
    "a tag": (b"a: !!int 7\n", "line 1: expected no tag, got !!int"),
    "a tag of its own": (b"a: !b c\n", "line 1: expected no tag, got !b"),
    "an empty tag": (b"a: ! c\n", "line 1: expected no tag, got !"),
    "a Python tag": (b"a: !!python/name:os.system\n", "line 1: expected no tag, got !!python/name:os.system"),
    "a merge key": (b"a: 1\n<<:\n  b: 2\n", f"line 2: {KEY}'<<'"),
    "a directive": (b"%YAML 1.2\n---\na: 1\n", "line 1: expected no directive, got %YAML or %TAG"),
    "two documents": (b"a: 1\n---\nb: 2\n", "line 2: expected one document, got a second one"),
    "a key that is true": (b"on: 1\n", f"line 1: {KEY}'on'"),
    "a key in capitals": (b"Role: a\n", f"line 1: {KEY}'Role'"),
    "a key with a dash": (b"a-b: a\n", f"line 1: {KEY}'a-b'"),
    "a number as a key": (b"7: a\n", f"line 1: {KEY}'7'"),
    "a homoglyph in a key": ("rol\u0435: a\n".encode(), f"line 1: {KEY}'rol\u0435'"),
    "a long key": (b"a" * 65 + b": 1\n", f"line 1: {KEY}'{'a' * 65}'"),
    "a list as a key": (b"? - a\n: b\n", f"line 1: {KEY}'a list or a mapping'"),
    "nothing after a key": (b"a:\nb: 1\n", f"line 1: {ALIKE}nothing"),
    "null": (b"a: null\n", f"line 1: {ALIKE}null"),
    "a tilde": (b"a:\n  - ~\n", f"line 2: {ALIKE}~"),
    "yes": (b"a: yes\n", f"line 1: {ALIKE}yes"),
    "Off": (b"a: Off\n", f"line 1: {ALIKE}Off"),
    "True": (b"a: True\n", f"line 1: {ALIKE}True"),
    "n": (b"a: n\n", f"line 1: {ALIKE}n"),
    "an octal": (b"a: 017\n", f"line 1: {ALIKE}017"),
    "an octal of 1.2": (b"a: 0o17\n", f"line 1: {ALIKE}0o17"),
    "a hexadecimal": (b"a: 0x1F\n", f"line 1: {ALIKE}0x1F"),
    "a sexagesimal": (b"a: 12:30\n", f"line 1: {ALIKE}12:30"),
    "an underscore": (b"a: 1_000\n", f"line 1: {ALIKE}1_000"),
    "a sign": (b"a: +1\n", f"line 1: {ALIKE}+1"),
    "minus nothing": (b"a: -0\n", f"line 1: {ALIKE}-0"),
    "a decimal": (b"a: 1.5\n", f"line 1: {ALIKE}1.5"),
    "an exponent": (b"a: 1e5\n", f"line 1: {ALIKE}1e5"),
    "infinity": (b"a: -.inf\n", f"line 1: {ALIKE}-.inf"),
    "no number": (b"a: .NaN\n", f"line 1: {ALIKE}.NaN"),
    "a date": (b"a: 2026-11-21\n", f"line 1: {ALIKE}2026-11-21"),
    "a time": (b"a: 2026-11-21 10:15:00\n", f"line 1: {ALIKE}2026-11-21 10:15:00"),
    "an equals sign": (b"a: =\n", f"line 1: {ALIKE}="),
    "65 bits": (b"a: 9223372036854775808\n", f"line 1: {ALIKE}9223372036854775808"),
    "an empty list": (b"a: []\n", "line 1: expected at least one key or item, got an empty mapping or list"),
    "an empty mapping": (b"a:\n  - {}\n", "line 2: expected at least one key or item, got an empty mapping or list"),
    "no UTF-8": (b"a: 1\nb: \xff\n", "line 2: expected UTF-8, got the byte 0xff"),
    "a surrogate": (b"a: \xed\xa0\x80\n", "line 1: expected UTF-8, got the byte 0xed"),
    "UTF-16": ("a: b\n".encode("utf-16"), "line 1: expected UTF-8, got the byte 0xff"),
    "NUL": (b"a: b\0\n", f"{SEEN}U+0000"),
    "a tab": (b"a:\tb\n", f"{SEEN}U+0009"),
    "CR": (b"a: b\rc: d\n", f"{SEEN}U+000D"),
    "escape": (b"# \x1b[2J\na: b\n", f"{SEEN}U+001B"),
    "DEL": (b"a: b\x7f\n", f"{SEEN}U+007F"),
    "NEL": ("a: b\u0085c: d\n".encode(), f"{SEEN}U+0085"),
    "LS": ("a: b\u2028c: d\n".encode(), f"{SEEN}U+2028"),
    "PS": ('a: "b\u2029"\n'.encode(), f"{SEEN}U+2029"),
    "BOM": (b"\xef\xbb\xbfa: b\n", f"{SEEN}U+FEFF"),
    "bidi": ('a: "\u202eb"\n'.encode(), f"{SEEN}U+202E"),
    "a bidi isolate": ('a: "\u2066b"\n'.encode(), f"{SEEN}U+2066"),
    "zero width": ('a: "b\u200bc"\n'.encode(), f"{SEEN}U+200B"),
    "a soft hyphen": ('a: "b\u00adc"\n'.encode(), f"{SEEN}U+00AD"),
    "a variation selector": ('a: "b\ufe0f"\n'.encode(), f"{SEEN}U+FE0F"),
    "a Hangul filler": ('a: "\u3164"\n'.encode(), f"{SEEN}U+3164"),
    "an odd space": ('a: "b\u00a0c"\n'.encode(), f"{SEEN}U+00A0"),
    "a language tag": ('a: "b\U000e0041"\n'.encode(), f"{SEEN}U+E0041"),
    "NEL as an escape": (b'a: "b\\Nc"\n', f"{SEEN}U+0085"),
    "NUL as an escape": (b'a: "\\u0000"\n', f"{SEEN}U+0000"),
    "zero width as an escape": (b'a: "\\u200b"\n', f"{SEEN}U+200B"),
    "an accent as an escape": (b'a: "e\\u0301"\n', "line 1: expected text in Unicode NFC, got another form"),
    "eleven levels": (b"[" * 11 + b"]" * 11, "line 1: expected at most 10 levels, got one more"),
    "a flood of levels": (b"a: " + b"[" * 200_000, "line 1: expected at most 10 levels, got one more"),
    "too large": (b"a: " + b"b" * MAX_BYTES, f"line 1: expected at most {MAX_BYTES} bytes, got {MAX_BYTES + 3}"),
}


@pytest.mark.parametrize(("data", "sentence"), UNMENDABLE.values(), ids=UNMENDABLE)
def test_what_cannot_be_mended_is_refused_by_load_and_by_fmt(data: bytes, sentence: str) -> None:
    with pytest.raises(CanonicalError) as found:
        load(data, "x.yaml", comments=True)
    assert found.value.message == f"x.yaml: {sentence}"
    assert "bot-core fmt" not in found.value.hint
    with pytest.raises(CanonicalError, match=r"^x\.yaml: line \d+: expected .*, got "):
        format_text(data, "x.yaml", comments=True)


MENDABLE = {
    "no line feed": (b"a: b", "line 1: expected a line feed at the end, got the end of the file", "a: b\n"),
    "an empty line": (b"a: 1\n\nb: 2\n", "line 2: expected 'b: 2', got ''", "a: 1\nb: 2\n"),
    "two line feeds": (b"a: b\n\n", f"line 2: expected {END}, got ''", "a: b\n"),
    "CRLF": (b"a: b\r\nc: d\r\n", f"{SEEN}U+000D", "a: b\nc: d\n"),
    "not NFC": ('a: "e\u0301"\n'.encode(), "line 1: expected text in Unicode NFC, got another form", 'a: "\u00e9"\n'),
    "a space at the end": (b"a: b \n", "line 1: expected 'a: b', got 'a: b '", "a: b\n"),
    "two spaces": (b"a:  b\n", "line 1: expected 'a: b', got 'a:  b'", "a: b\n"),
    "four spaces in": (b"a:\n    b: c\n", "line 2: expected '  b: c', got '    b: c'", "a:\n  b: c\n"),
    "a list not indented": (b"a:\n- b\n", "line 2: expected '  - b', got '- b'", "a:\n  - b\n"),
    "a dash alone": (b"a:\n  -\n    b: c\n", "line 2: expected '  - b: c', got '  -'", "a:\n  - b: c\n"),
    "needless quotes": (b'a: "b"\n', "line 1: expected 'a: b', got 'a: \"b\"'", "a: b\n"),
    "single quotes": (b"a: 'b c'\n", "line 1: expected 'a: \"b c\"', got \"a: 'b c'\"", 'a: "b c"\n'),
    "missing quotes": (b"a: b c\n", "line 1: expected 'a: \"b c\"', got 'a: b c'", 'a: "b c"\n'),
    "a quoted key": (b'"a": b\n', "line 1: expected 'a: b', got '\"a\": b'", "a: b\n"),
    "a question mark": (b"? a\n: b\n", "line 1: expected 'a: b', got '? a'", "a: b\n"),
    "a flow list": (b"a: [b, 1]\n", "line 1: expected 'a:', got 'a: [b, 1]'", "a:\n  - b\n  - 1\n"),
    "a flow mapping": (b"a: {b: c}\n", "line 1: expected 'a:', got 'a: {b: c}'", "a:\n  b: c\n"),
    "JSON": (b'{"a": {"b": "1"}}\n', 'line 1: expected \'a:\', got \'{"a": {"b": "1"}}\'', 'a:\n  b: "1"\n'),
    "a literal": (b"a: |\n  # b\n  c\n", "line 1: expected 'a: \"# b\\\\nc\\\\n\"', got 'a: |'", 'a: "# b\\nc\\n"\n'),
    "a folded text": (b"a: >-\n  b\n  c\n", "line 1: expected 'a: \"b c\"', got 'a: >-'", 'a: "b c"\n'),
    "several lines": (b"a: b\n  c\n", "line 1: expected 'a: \"b c\"', got 'a: b'", 'a: "b c"\n'),
    "another escape": (b'a: "\\x41 \\/"\n', "line 1: expected 'a: \"A /\"', got 'a: \"\\\\x41 \\\\/\"'", 'a: "A /"\n'),
    "a marker": (b"---\na: b\n", "line 1: expected 'a: b', got '---'", "a: b\n"),
    "a marker at the end": (b"a: b\n...\n", f"line 2: expected {END}, got '...'", "a: b\n"),
    "a comment behind": (b"a: b  # c\n", "line 1: expected '# c', got 'a: b  # c'", "# c\na: b\n"),
    "a comment without a space": (b"#c\na: b\n", "line 1: expected '# c', got '#c'", "# c\na: b\n"),
    "a comment of nothing": (b"a: b\n#\nc: d\n", "line 2: expected no comment here, got '#'", "a: b\nc: d\n"),
    "a comment elsewhere": (b"a:\n# c\n  - b\n", "line 2: expected '  # c', got '# c'", "a:\n  # c\n  - b\n"),
}


@pytest.mark.parametrize(("data", "sentence", "mended"), MENDABLE.values(), ids=MENDABLE)
def test_what_can_be_mended_is_refused_with_the_command_that_mends_it(data: bytes, sentence: str, mended: str) -> None:
    with pytest.raises(CanonicalError) as found:
        load(data, "x.yaml", comments=True)
    assert (found.value.message, found.value.hint) == (f"x.yaml: {sentence}", "bot-core fmt x.yaml")
    assert format_text(data, "x.yaml", comments=True).decode() == mended


def test_comments_are_refused_where_the_kind_has_none() -> None:
    with pytest.raises(CanonicalError) as found:
        load(b"a: b\n# c\nd: e\n", "x.yaml")
    assert str(found.value) == "x.yaml: line 2: expected no comment here, got '# c' (bot-core fmt x.yaml)"
    assert format_text(b"a: b\n# c\nd: e # f\n", "x.yaml", comments=False) == b"a: b\nd: e\n"


def test_a_comment_after_everything_explains_nothing() -> None:
    for function in (load, format_text):
        with pytest.raises(CanonicalError) as found:
            function(b"a: b\n# c\n", "x.yaml", comments=True)
        assert found.value.message == "x.yaml: line 2: expected a comment before what it explains, got one after everything"


def test_fmt_keeps_every_comment_before_what_it_explained() -> None:
    messy = b"""\
--- # one
a:   # two
# three
  [b, # four
       'it#s', c#d] #  five

#six
e: |  # seven
   # text
f:
-   # eight
  g: "# text"
  # nine
  h: 1
"""
    mended = """\
# one
# two
a:
  # three
  # four
  - b
  #  five
  - "it#s"
  - "c#d"
# six
# seven
e: "# text\\n"
f:
  # eight
  - g: "# text"
    # nine
    h: 1
"""
    assert format_text(messy, "x.yaml", comments=True).decode() == mended
    assert format_text(mended.encode(), "x.yaml", comments=True).decode() == mended


def test_limits_are_inclusive() -> None:
    deep: object = "a"
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert load(dump({"a": deep}), "x.yaml") == {"a": deep}
    with pytest.raises(ValueError, match=r"^expected at most 10 levels, got one more$"):
        dump({"a": [deep]})
    long = "a" * (MAX_BYTES - 4)
    assert load(dump({"a": long}), "x.yaml") == {"a": long}
    with pytest.raises(ValueError, match=f"^expected at most {MAX_BYTES} bytes, got {MAX_BYTES + 1}$"):
        dump({"a": f"{long}a"})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "expected text, an integer, true, false, or a mapping or list that is not empty, got None"),
        (1.5, "expected text, an integer, true, false, or a mapping or list that is not empty, got 1.5"),
        ([], r"expected text, an integer, true, false, or a mapping or list that is not empty, got \[\]"),
        ([{}], "expected text, an integer, true, false, or a mapping or list that is not empty, got {}"),
        (2**63, "expected an integer of 64 bits, got 9223372036854775808"),
        ("\u0085", r"expected characters that can be seen, got U\+0085"),
        ("\r", r"expected characters that can be seen, got U\+000D"),
        ("\ud800", r"expected characters that can be seen, got U\+D800"),
        ("e\u0301", "expected text in Unicode NFC, got another form"),
        ("\n\u0301", "expected text in Unicode NFC, got an accent after an escape"),
        ({"on": 1}, "expected a key of at most 64 of a-z, 0-9 and _ after a letter, no word like on, y or null, got 'on'"),
        ({"": 1}, "expected a key of at most 64 of a-z, 0-9 and _ after a letter, no word like on, y or null, got ''"),
    ],
)
def test_dump_refuses_what_no_document_can_hold(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        dump({"a": value})
