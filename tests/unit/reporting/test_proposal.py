"""The text of a pull request: a golden page from documents built by hand, and one from two real models."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core._parse import decode_json
from bot_core.cli import promote, release, sign_off
from bot_core.documents.contest import ContestReport, ContestWindow
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.governance.chain import load_policy
from bot_core.reporting.evidence import Evidence
from bot_core.reporting.proposal import Case, Champion, proposal_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.policy import Policy
    from tests.unit.reporting.conftest import Builder
    from tests.world import Stage, World

GOLDEN = Path(__file__).with_name("proposal.golden.md")
VERSION, BEFORE = "20261121T101500Z-3f2a9c41", "20261101T080000Z-aa17c02e"
BRANCH = "retrain/decision_engine/20261121T101500Z"
CONFIG = {"data": {"as_of": "2017-12-29T21:00:00Z"}, "model": {"family": "linear", "penalty": 1.0}}


@pytest.fixture
def policy(world: Callable[[Stage], World]) -> Policy:
    return load_policy(world("configured").read("compliance/policy.yaml").encode())


@pytest.fixture
def case(build: Builder, policy: Policy) -> Case:
    evidence, before = build.evidence(skill=0.02, p_value=0.01), build.evidence()
    champion = Champion(
        version=BEFORE,
        trained=before.trained,
        walk_forward=before.walk_forward,
        config={**CONFIG, "data": {"as_of": "2017-12-22T21:00:00Z"}},
    )
    return Case(
        environment="paper",
        branch=BRANCH,
        version=VERSION,
        evidence=evidence,
        config=CONFIG,
        contest=contest(),
        champion=champion,
        policy=policy,
        authors=("eve",),
        rows_added=120,
        note="120 rows added, 2017-12-22T22:00:00Z to 2017-12-29T21:00:00Z",
    )


def contest(**more: object) -> ContestReport:
    window = ContestWindow(
        first="2017-12-22T22:00:00Z", last="2017-12-29T17:00:00Z", rows=116, champion_loss=9.5, challenger_loss=9.25
    )
    found = ContestReport(
        model="decision_engine",
        champion_version=BEFORE,
        challenger=sha256(b"challenger"),
        loss="absolute",
        windows=[window],
        rows=116,
        champion_loss=9.5,
        challenger_loss=9.25,
        difference=0.25,
        low=-0.05,
        high=0.55,
        confidence=0.95,
        require="not_worse",
        margin=0.02,
        verdict="not_worse",
        reason="the interval lies above -0.19, but not above zero",
    )
    return msgspec.structs.replace(found, **more)


def body(case: Case, **more: object) -> str:
    return proposal_text(dataclasses.replace(case, **more)).body  # type: ignore[arg-type]  # a test's changes


def section(text: str, name: str) -> list[str]:
    return text.partition(f"## {name}\n")[2].partition("\n## ")[0].strip().splitlines()


def test_the_whole_text_is_as_it_was_when_somebody_last_read_it(case: Case) -> None:
    text = proposal_text(case)
    assert f"{text.title}\n\n{text.body}" == GOLDEN.read_text()
    assert proposal_text(case) == text


# --- the title ---


@pytest.mark.parametrize("verdict", ["better", "not_worse", "unproven", "worse"])
@pytest.mark.parametrize("model", ["a", "eurusd_range", "x" * 60])
@pytest.mark.parametrize("first", [True, False])
def test_a_title_has_72_characters_at_most_and_names_the_version(case: Case, verdict: str, model: str, first: bool) -> None:  # noqa: FBT001
    evidence = dataclasses.replace(case.evidence, model=model)
    champion = None if first else case.champion
    title = proposal_text(dataclasses.replace(case, evidence=evidence, champion=champion, contest=contest(verdict=verdict))).title
    assert len(title) <= 72
    assert title.startswith(f"Retrain {model[:5]}")
    assert f" {VERSION}: {'first, ' * first}{verdict.replace('_', ' ')}" in title


# --- what was proven ---


def test_a_challenger_that_is_not_proven_is_not_called_good(case: Case) -> None:
    said = body(case, contest=contest(verdict="unproven", reason="116 rows, and 200 are asked"))
    assert "**Unproven.** 116 rows, and 200 are asked" in said
    assert "| Is it as good as the champion? | **unproven** | " in said


def test_without_a_champion_the_baseline_is_the_rival(case: Case) -> None:
    alone = contest(champion_version=None, windows=[], low=None, high=None, verdict="better", reason="it beats its baseline")
    said = body(case, champion=None, contest=alone)
    assert "there is no champion yet." in said
    assert "Its absolute loss is 9.250 against the best naive baseline's 9.500, on 116 rows; there is no interval." in said
    assert section(said, "Parameters that differ") == ["There is no champion to compare with."]


def test_what_is_required_is_said_as_it_is_measured(case: Case) -> None:
    assert "Asked: an interval above zero." in body(case, contest=contest(require="better"))


def test_a_champion_of_another_unit_is_pointed_out(case: Case) -> None:
    assert case.champion is not None
    other = dataclasses.replace(case.champion, walk_forward=msgspec.structs.replace(case.champion.walk_forward, unit="minutes"))
    assert "**The champion predicts something else**: its errors are in minutes." in body(case, champion=other)


def test_the_same_configuration_is_said_to_be_the_same(case: Case) -> None:
    assert case.champion is not None
    same = dataclasses.replace(case.champion, config=CONFIG)
    assert section(body(case, champion=same), "Parameters that differ") == ["None: the same configuration, trained again."]


# --- who signs, and how ---


def test_production_names_its_roles_people_and_conditions(case: Case) -> None:
    before, _, text = body(case, environment="production").partition("Production asks for:")
    assert "Paper asks for:\n\n| role | approvals | who may |\n| :-- | --: | :-- |\n| risk | 1 | ann, fay |\n" in before
    said = text.partition("\n## ")[0].splitlines()
    assert [line for line in said if line.startswith("| ")][2:] == [
        "| compliance | 1 | ben |",
        "| data | 1 | dora, fay |",
        "| platform | 1 | cid |",
        "| risk | 1 | ann, fay |",
    ]
    assert [line for line in said if line.startswith("- ")] == [
        "- Nobody fills two places.",
        "- Who wrote it may not approve it: eve.",
        "- A signature counts for 14 days until the merge.",
        "- The checklist model-promotion-v1 is answered with `--answer ITEM=pass`; the command asks for what is missing.",
        "- It must have been active in paper for 7 days.",
    ]


def test_an_author_does_not_count_and_a_quorum_that_cannot_be_met_is_said(case: Case) -> None:
    said = body(case, environment="production", authors=("cid", "dora"))
    assert "| platform | 1 | \u2013 |" in said
    assert "| data | 1 | fay |" in said
    assert "- **It cannot be met**: 1 more in platform would be needed. `bot-core policy propose`" in said


def test_one_person_for_two_roles_meets_no_quorum_of_two(case: Case) -> None:
    said = body(case, environment="production", authors=("ann", "dora"))
    assert "**It cannot be met**: 1 more in " in said


def test_a_release_goes_through_the_environment_before_with_its_own_commands(case: Case) -> None:
    assert section(body(case, environment="production"), "Next") == [
        "```bash",
        f"git fetch origin {BRANCH} && git switch {BRANCH}",
        f"bot-core promote decision_engine {VERSION} --env paper",
        f"git push origin {BRANCH}",
        f"bot-core sign-off decision_engine {VERSION} --env paper --role risk --signer NAME --key KEY --push --branch {BRANCH}",
        "```",
        "",
        "`bot-core gate --base main` says what is missing. Nothing decides before this is merged with its signatures.",
        f"Then, in a pull request of its own, `bot-core promote decision_engine {VERSION} --env production`.",
    ]


def test_every_command_is_one_that_the_command_line_takes(case: Case) -> None:
    commands = [
        shlex.split(line, comments=True)[1:] for line in section(body(case, authors=()), "Next") if line.startswith("bot-core")
    ]
    assert [words[0] for words in commands] == ["release", "promote", "sign-off"]
    for module, words in zip((release, promote, sign_off), commands, strict=True):
        parser = argparse.ArgumentParser(exit_on_error=False)
        module.add_arguments(parser)
        assert parser.parse_args(words[1:]).model == "decision_engine"


def test_a_release_without_a_signature_is_signed_first(case: Case) -> None:
    said = body(case, authors=())
    assert (
        section(said, "Next")[2]
        == "bot-core release decision_engine --author NAME --key KEY   # signs the manifest; then commit it"
    )
    assert "the release is unsigned, so nobody is named yet" in said


@pytest.mark.parametrize(("known", "what"), [(False, "no policy yet"), (True, "a policy without the environment staging")])
def test_where_nobody_can_approve_it_says_so(case: Case, known: bool, what: str) -> None:  # noqa: FBT001  # a row of a table
    said = body(case, environment="staging", policy=case.policy if known else None)
    assert section(said, "Who must sign") == [f"The repository has {what}: nobody can approve it. `bot-core policy init --help`"]


def test_what_a_document_says_is_no_markup(case: Case) -> None:
    said = body(case, contest=contest(reason="<b>|x|</b>\n# see [here](http://x) `rm`"), note="*new*\n\n## rows")
    assert "**Not worse.** &lt;b&gt;\\|x\\|&lt;/b&gt; \\# see \\[here\\](http://x) \\`rm\\`" in said
    assert "- \\*new\\* \\#\\# rows" in said


# --- two real models ---


def test_two_real_models_differ_by_their_seed_and_their_figures(policy: Policy) -> None:
    from tests.compact import built  # noqa: PLC0415  # it trains: only who needs it loads what that takes

    old, new = built("m", 7), built("m", 8)
    reports = {
        "walk_forward": decode_json(new.reports["walk_forward"], WalkForwardReport, "w"),
        "quality": decode_json(new.reports["data_quality"], DataQualityReport, "q"),
        "drift": decode_json(new.reports["drift"], DriftReport, "d"),
    }
    champion = Champion(
        version=BEFORE,
        trained=old.trained,
        walk_forward=decode_json(old.reports["walk_forward"], WalkForwardReport, "w"),
        config=json.loads(old.config),
    )
    evidence = Evidence(model="m", config_text="", trained=new.trained, digests={}, **reports)  # type: ignore[arg-type]  # by name
    case = Case(
        environment="paper",
        branch="retrain/m",
        version=VERSION,
        evidence=evidence,
        config=json.loads(new.config),
        contest=contest(),
        champion=champion,
        policy=policy,
    )
    said = proposal_text(case).body
    assert section(said, "Parameters that differ")[2:] == ["| model.seed | 7 | 8 |"]
    figures = [[cell.strip() for cell in line.strip("|").split("|")] for line in section(said, "Figures") if line.startswith("| ")][
        2:
    ]
    assert [row[:2] for row in figures] == [
        [part, name] for part in ("test", "walk-forward") for name in ("MAE, bps", "RMSE, bps", "Direction", "PnL, bps")
    ]
    assert {row[5] for row in figures} <= {"better", "worse", "equal"}
    mae = (old.trained.metrics.test.mae, new.trained.metrics.test.mae)
    assert figures[0][5] == ("better" if mae[1] < mae[0] else "worse")
    assert "| Does it beat its naive baseline? | **" in said
