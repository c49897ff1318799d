from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import gate
from bot_core.governance import layout
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("proposed")


def test_help_shows_the_exit_codes(help_of: Callable[[str], str]) -> None:
    assert gate.EPILOG.rstrip() in help_of("gate")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("gate", "--base", "main")


def test_people_read_a_verdict_reasons_and_what_to_do(desk: World) -> None:
    code, said, _ = desk.run("gate", "--base", "main")
    head, base = desk.git("rev-parse", "HEAD"), desk.git("rev-parse", "main")
    lines = said.splitlines()
    assert (code, lines[0]) == (20, f"DENY  {head[:12]} into {base[:12]}")
    at = next(i for i, line in enumerate(lines) if line.startswith("  STAGE-ORDER: "))
    assert (
        lines[at]
        == f"  STAGE-ORDER: compliance/environments/paper.yaml: expected {MODEL} {desk.version} active there for 7 days, got 0 days"
    )
    assert lines[at + 1].startswith("    → merge in ")
    assert f"production  {MODEL} {desk.version}  DENY" in lines


def test_programs_read_the_same(desk: World) -> None:
    code, codes, answer = desk.gate()
    assert (code, answer["verdict"]) == (10, "PENDING")
    assert set(answer) == {"verdict", "base", "head", "reasons", "notes", "environments"}
    assert (answer["base"], answer["head"]) == (desk.git("rev-parse", "main"), desk.git("rev-parse", "HEAD"))
    assert answer["environments"] == {"production": {MODEL: dict.fromkeys(("compliance", "data", "platform", "risk"), "missing")}}
    assert "ROLE-MISSING" in codes


def test_a_forge_gets_annotations_and_a_summary(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = desk.path.parent / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, said, _ = desk.run("gate", "--base", "main", "--format", "github")
    assert code == 20
    assert said.splitlines()[0].startswith("::error file=compliance/environments/paper.yaml,title=STAGE-ORDER::")
    assert said.splitlines()[-1] == "verdict: DENY"
    assert summary.read_text().startswith("before\n## bot-core gate: DENY\n")


def test_a_test_report_has_a_case_for_each_reason(desk: World) -> None:
    _, said, _ = desk.run("gate", "--base", "main", "--format", "junit")
    suite = ET.fromstring(said)  # noqa: S314  # our own output
    reasons = json.loads(desk.run("gate", "--base", "main", "--format", "json")[1])["reasons"]
    assert (suite.get("tests"), suite.get("failures")) == (str(len(reasons)), str(len(reasons)))
    assert [case.get("name") for case in suite] == [f"{reason['code']} {reason['path']}" for reason in reasons]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--base", "nonsense"], "expected a commit named nonsense, got: no such thing"),
        (["--base", "main", "--head", "nonsense"], "expected a commit named nonsense, got: no such thing"),
        ([], "the following arguments are required: --base"),
        (["--base", "main", "--format", "yaml"], "argument --format: invalid choice: 'yaml'"),
    ],
)
def test_bad_arguments_are_no_verdict(desk: World, refuse: Refuse, words: list[str], sentence: str) -> None:
    assert sentence in refuse(desk, 2, "gate", *words)


def test_it_reads_commits_and_never_the_work_tree(desk: World) -> None:
    before = desk.gate()
    desk.put(layout.POLICY, "not: committed\n")
    desk.put("compliance/notes.txt", "staged")
    desk.git("add", "compliance/notes.txt")
    assert desk.gate() == before


def test_it_leaves_no_trace(desk: World) -> None:
    before = (desk.git("status", "--porcelain"), desk.git("count-objects", "-v").splitlines()[0])
    desk.gate()
    desk.gate()
    assert desk.git("status", "--porcelain") == before[0]


@pytest.mark.parametrize("form", gate.FORMATS)
def test_odd_names_are_shown_harmlessly(desk: World, form: str) -> None:
    desk.put("compliance/a\x1b[31m\n::error::|<b>\x01.yaml", "x")
    desk.commit()
    code, said, _ = desk.run("gate", "--base", "main", "--format", form)
    assert code == 30
    assert not [character for character in said if not character.isprintable() and character != "\n"]
    if form == "junit":
        ET.fromstring(said)  # noqa: S314  # our own output
    assert "\n::error::|<b>" not in said
