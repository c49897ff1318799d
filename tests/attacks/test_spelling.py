"""Attacks by spelling: bytes that two readers, or a reader and the eye, take for different documents. Each says CANON, and where.

The same cases for each of three documents: one that is not signed, one that a person signs, and the policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.governance import layout
from tests.attacks.forge import ROOTS, expect, paper, seal
from tests.world import MODEL, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.attacks.forge import Outcome
    from tests.world import Stage, World

DOCUMENTS: dict[str, tuple[str, ...]] = {"environment": ("CANON",), "sign-off": ("CANON", "ROLE-MISSING"), "policy": ("CANON",)}
COMMENT = "# a comment\n"


def first(value: str) -> Callable[[str], str]:
    """Put something before the document's first value."""
    return lambda text: text.replace("schema: ", f"schema: {value}", 1)


def more(lines: str) -> Callable[[str], str]:
    """Put lines after the document's last one."""
    return lambda text: text + lines


def hidden(character: str) -> Callable[[str], str]:
    """Hide a second key behind a character that some take for the end of a line, in what looks like one value."""
    return lambda text: text.replace("schema: ", f'schema: "x{character}schema: y"\nother: ', 1)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "duplicate key": lambda text: text + text.split("\n", 1)[0] + "\n",
    "anchor": first("&a "),
    "alias": lambda text: first("&a ")(text) + "other: *a\n",
    "tag": first("!!str "),
    "tag for a Python object": first("!!python/name:os.system "),
    "merge key": more("<<:\n  other: x\n"),
    "flow mapping": more("other: {key: x}\n"),
    "flow list": more("other: [x]\n"),
    "several documents": lambda text: f"{text}---\n{text}",
    "document start": lambda text: f"---\n{text}",
    "directive": lambda text: f"%YAML 1.2\n---\n{text}",
    "boolean yes": more("other: yes\n"),
    "boolean off": more("other: off\n"),
    "boolean True": more("other: True\n"),
    "boolean key": more("on: x\n"),
    "octal": more("other: 017\n"),
    "octal of YAML 1.2": more("other: 0o17\n"),
    "hexadecimal": more("other: 0x1f\n"),
    "sexagesimal": more("other: 1:30\n"),
    "fraction": more("other: 1.5\n"),
    "date": more("other: 2026-11-21\n"),
    "time": more("other: 2026-11-21T10:15:00Z\n"),
    "null": more("other: null\n"),
    "nothing": more("other:\n"),
    "empty list": more("other: []\n"),
    "NEL": hidden("\u0085"),
    "LS": hidden("\u2028"),
    "PS": hidden("\u2029"),
    "CR": hidden("\r"),
    "NUL": hidden("\0"),
    "escape": hidden("\x1b[1A"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "bidi": hidden("\u202e"),
    "zero width": hidden("\u200b"),
    "no-break space": hidden("\u00a0"),
    "BOM": lambda text: "\ufeff" + text,
    "BOM inside": hidden("\ufeff"),
    "NFD": hidden("e\u0301"),
    "trailing space": lambda text: text.replace("\n", " \n", 1),
    "single quotes": more("other: 'x'\n"),
    "escaped letter": more('other: "\\u0078 y"\n'),
    "folded": more("other: >\n  x\n"),
    "comment behind": lambda text: text.replace("\n", " # x\n", 1),
    "comment at the end": more(COMMENT),
    "no last line feed": lambda text: text.rstrip("\n"),
    "capital key": more("Other: x\n"),
    "huge": more(f'other: "{"x " * 2**17}"\n'),
    "deep": more("".join(f"{'  ' * depth}other:\n" for depth in range(10)) + "  " * 10 + "other: x\n"),
    "very deep": more("other: " + "[" * 20_000 + "\n"),
    "empty": lambda _: "",
    "not YAML": lambda _: "a: b: c\n",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, _worlds: dict[str, World]) -> World:
    """Copy once, for many small changes, a proposal that everybody signed and the gate allows."""
    if "ready" not in _worlds:
        _worlds["ready"] = build(tmp_path_factory.mktemp("ready"), "ready")
    return _worlds["ready"].clone(tmp_path_factory.mktemp("spelling") / "repository")


@pytest.fixture
def desk(shared: World) -> Iterator[World]:
    """Start from the proposal; afterwards take back what was committed."""
    branch, tip = shared.git("rev-parse", "--abbrev-ref", "HEAD"), shared.git("rev-parse", "HEAD")
    yield shared
    shared.git("switch", "-qf", branch)
    shared.git("reset", "-q", "--hard", tip)


def text_of(desk: World, document: str) -> tuple[str, str]:
    """Return a document's path and how it is spelled now; a policy comes alone, as the version that follows."""
    if document != "policy":
        path = paper(desk) if document == "sign-off" else layout.environment("production")
        return path, desk.read(path)
    desk.git("switch", "-qC", "policy", "main")
    text = desk.read(layout.POLICY)
    start = text.index("schema: ")
    return layout.POLICY, text[start:].replace("version: 1\n", f"version: 2\nprevious: {sha256(text.encode())}\n", 1)


def bring(desk: World, document: str, path: str, data: bytes | str) -> None:
    """Commit a document as it is spelled, signed by whom it needs."""
    desk.put(path, data)
    if document == "sign-off":
        seal(desk, path, desk.key("ann"))
    elif document == "policy":
        for name in ROOTS:
            seal(desk, path, desk.key(name), layout.POLICY_KIND, f"{path}.{name}.sig")
    desk.git("add", "-A")
    desk.git("commit", "-q", "--allow-empty", "-m", "Spell it so")


def expect_canon(desk: World, document: str) -> None:
    """Expect TAMPER for the spelling alone, at a line."""
    code, reasons, answer = desk.gate()
    assert (code, reasons) == (30, set(DOCUMENTS[document])), answer
    messages = [reason["message"] for reason in answer["reasons"] if reason["code"] == "CANON"]  # type: ignore[attr-defined]
    assert all(": line " in message for message in messages), messages


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_only_one_spelling_is_accepted(desk: World, document: str, spelling: str) -> None:
    path, text = text_of(desk, document)
    bring(desk, document, path, SPELLINGS[spelling](text))
    expect_canon(desk, document)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_bytes_that_are_no_text_are_refused(desk: World, document: str) -> None:
    path, text = text_of(desk, document)
    bring(desk, document, path, text.encode() + b"other: \xff\n")
    expect_canon(desk, document)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_one_spelling_is_accepted(desk: World, document: str) -> None:
    path, text = text_of(desk, document)
    bring(desk, document, path, text)
    expect(desk, 0)


@pytest.mark.parametrize(
    ("document", "outcome"), [("environment", (0,)), ("policy", (0,)), ("sign-off", (30, "CANON", "ROLE-MISSING"))]
)
def test_comments_explain_what_is_not_a_single_persons_word(desk: World, document: str, outcome: Outcome) -> None:
    path, text = text_of(desk, document)
    bring(desk, document, path, COMMENT + text)
    expect(desk, *outcome)


@pytest.mark.parametrize(
    ("document", "line"), [("environment", "maintenance: false"), ("sign-off", "policy_version: 1"), ("policy", "version: 2")]
)
def test_what_a_document_says_is_typed(desk: World, document: str, line: str) -> None:
    path, text = text_of(desk, document)
    bring(desk, document, path, text.replace(line, line.split(":", 1)[0] + ": maybe", 1))
    code, reasons, answer = desk.gate()
    assert (code, reasons) == (30, set(DOCUMENTS[document])), answer


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_key_that_nobody_knows_is_refused(desk: World, document: str) -> None:
    path, text = text_of(desk, document)
    bring(desk, document, path, text + "other: x\n")
    code, reasons, answer = desk.gate()
    assert (code, reasons) == (30, set(DOCUMENTS[document])), answer


# --- a comment is not state ---


def test_a_comment_that_names_a_model_does_not_spare_it_the_minutes_of_its_first_activation(
    world: Callable[[Stage], World],
) -> None:
    desk = world("paper")
    comment = f"# model: {MODEL}\nschema: bot-core/environment/v1\nenvironment: production\nmaintenance: false\n"
    desk.put(layout.environment("production"), comment)
    desk.commit()
    desk.publish()
    desk.ok("promote", MODEL, desk.version, "--env", "production")
    expect(desk, 10, "GO-LIVE", "LIMITS", "ROLE-MISSING")


# --- names ---


def test_a_name_that_is_no_text_is_refused(desk: World) -> None:
    desk.put(b"compliance/\xff.yaml".decode(errors="surrogateescape"), "x\n")
    desk.commit()
    expect(desk, 30, "PATH")


@pytest.mark.parametrize("name", ["halts", "resumes", "revocations", "rollbacks"])
def test_a_file_in_place_of_a_folder_is_refused(desk: World, name: str) -> None:
    desk.put(f"compliance/{name}", "x\n")
    desk.commit()
    expect(desk, 30, "PATH")
