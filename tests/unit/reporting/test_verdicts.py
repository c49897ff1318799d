from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import msgspec
import pytest

from bot_core.governance.decide import Decision
from bot_core.governance.gate import Judgement
from bot_core.governance.reasons import Reason
from bot_core.governance.signoffs import Role
from bot_core.reporting.numerals import NONE
from bot_core.reporting.verdicts import as_json, as_junit, as_lines, as_workflow, explained, matrix, reasons
from tests.memory_view import DAY, MODEL, T0, VERSION

BASE, HEAD = "b" * 40, "a" * 40
ROLES = (
    Role("risk", 1, "approved", ("ann",), T0 + 30 * DAY),
    Role("data", 2, "missing", (), None),
    Role("compliance", 1, "rejected", (), None),
)
MISSING = Reason(
    "ROLE-MISSING",
    "compliance/environments/paper.yaml",
    "paper.yaml: expected 1 more approval by data, got none",
    "bot-core sign-off",
)
BROKEN = Reason("SIG-BAD", "a,b:c|d.yaml", "a: 100 % <b> | c", "")
NOTE = Reason("CANON", "junk.yaml", "junk.yaml: expected a mapping, got a list", "bot-core fmt")


def decision(*against: Reason, notes: tuple[Reason, ...] = ()) -> Decision:
    return Decision("paper", MODEL, VERSION, against, notes, ROLES, {"limit": 5, "size": "0.1"})


def judgement(*found: Reason, decided: tuple[Decision, ...] = (), shown: tuple[Decision, ...] = ()) -> Judgement:
    return Judgement(BASE, HEAD, found, decided, shown)


NOTHING = judgement()
EVERYTHING = judgement(MISSING, BROKEN, decided=(decision(MISSING),), shown=(decision(NOTE, notes=(NOTE,)),))


def test_reasons_are_said_once_and_worst_first() -> None:
    assert [reason.code for reason in reasons(EVERYTHING)] == ["SIG-BAD", "ROLE-MISSING"]


def test_what_is_only_shown_decides_nothing() -> None:
    found = judgement(shown=(decision(BROKEN),))
    assert (reasons(found), found.verdict.name) == ([], "ALLOW")


def test_json_has_the_shape_of_the_design_page() -> None:
    assert json.loads(msgspec.json.encode(as_json(EVERYTHING))) == {
        "verdict": "TAMPER",
        "base": BASE,
        "head": HEAD,
        "reasons": [
            {"code": reason.code, "path": reason.path, "message": reason.message, "hint": reason.hint}
            for reason in (BROKEN, MISSING)
        ],
        "notes": [{"code": "CANON", "path": "junk.yaml", "message": NOTE.message, "hint": "bot-core fmt"}],
        "environments": {"paper": {MODEL: {"risk": "approved", "data": "missing", "compliance": "rejected"}}},
    }


def test_json_of_nothing_is_whole() -> None:
    assert as_json(NOTHING) == {"verdict": "ALLOW", "base": BASE, "head": HEAD, "reasons": [], "notes": [], "environments": {}}


def test_people_read_the_verdict_why_and_what_to_do() -> None:
    assert list(as_lines(NOTHING)) == ["ALLOW  aaaaaaaaaaaa into bbbbbbbbbbbb"]
    assert list(as_lines(EVERYTHING))[:4] == [
        "TAMPER  aaaaaaaaaaaa into bbbbbbbbbbbb",
        "  SIG-BAD: a: 100 % <b> | c",
        "  ROLE-MISSING: paper.yaml: expected 1 more approval by data, got none",
        "    → bot-core sign-off",
    ]


def test_the_matrix_shows_who_has_signed_and_for_how_long() -> None:
    assert list(matrix(decision(MISSING, notes=(NOTE,)), T0)) == [
        f"paper  {MODEL} {VERSION}  PENDING",
        "  ✓ risk        approved  1 of 1  ann, 30 days left",
        f"  · data        missing   0 of 2  {NONE}",
        f"  ✗ compliance  rejected  0 of 1  {NONE}",
        "  conditions: limit 5, size 0.1",
        "  note: junk.yaml: expected a mapping, got a list",
    ]
    assert list(matrix(decision()))[1] == "  ✓ risk        approved  1 of 1  ann"


def test_why_an_entry_may_not_decide_is_explained() -> None:
    assert list(explained(decision(MISSING))) == [f"  ROLE-MISSING: {MISSING.message}", "    → bot-core sign-off"]
    assert list(explained(decision())) == []


# --- for a forge ----------------------------------------------------------------------------------------------------------------------


def test_annotations_escape_what_a_forge_reads_as_its_own() -> None:
    annotations, _ = as_workflow(EVERYTHING)
    assert annotations.splitlines() == [
        "::error file=a%2Cb%3Ac|d.yaml,title=SIG-BAD::a: 100 %25 <b> | c",
        f"::warning file=compliance/environments/paper.yaml,title=ROLE-MISSING::{MISSING.message} → bot-core sign-off",
        "verdict: TAMPER",
    ]


def test_the_summary_is_a_table_that_nothing_breaks() -> None:
    _, summary = as_workflow(EVERYTHING)
    lines = summary.splitlines()
    assert lines[0] == "## bot-core gate: TAMPER"
    assert f"### paper: {MODEL} {VERSION} — PENDING" in lines
    assert "| risk | approved | ann |" in lines
    assert r"| SIG-BAD | a: 100 % &lt;b> \| c |  |" in lines
    assert as_workflow(NOTHING) == ("verdict: ALLOW", "## bot-core gate: ALLOW\n\n")


def test_a_test_report_parses_and_repeats_the_reasons() -> None:
    suite = ET.fromstring(as_junit(EVERYTHING))  # noqa: S314  # our own output
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("bot-core gate", "2", "2")
    first, second = suite
    assert (first.get("name"), first[0].get("message"), first[0].text) == ("SIG-BAD a,b:c|d.yaml", "a: 100 % <b> | c", None)
    assert second[0].text == "bot-core sign-off"
    allowed = ET.fromstring(as_junit(NOTHING))  # noqa: S314  # our own output
    assert [(case.get("name"), len(case)) for case in allowed] == [("ALLOW", 0)]
    assert (allowed.get("tests"), allowed.get("failures")) == ("1", "0")


@pytest.mark.parametrize("text", ["a\n::error ::b", "a\x1b[2Jb", "a\x00b", "a\u202eb", "a\udcffb"])
def test_characters_that_somebody_obeys_are_spelled_out(text: str) -> None:
    found = judgement(Reason("PATH", text, text, text), shown=(decision(notes=(Reason("CANON", text, text, text),)),))
    printed = [*as_lines(found), *as_workflow(found), as_junit(found), msgspec.json.encode(as_json(found)).decode()]
    assert all(character.isprintable() or character == "\n" for said in printed for character in said)
    assert not any("\n::error ::b" in said for said in printed)
    (case,) = ET.fromstring(as_junit(found))  # noqa: S314  # our own output
    assert case.get("name") == f"PATH {text.encode('unicode_escape').decode()}"
