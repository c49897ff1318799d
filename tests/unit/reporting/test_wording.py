from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from bot_core.documents.artifact import EnsembleState, LinearState, MemberState, learned_digest
from bot_core.reporting.card import render_markdown
from bot_core.reporting.wording import answers, family, members, predicts, verdict

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence
    from tests.unit.reporting.conftest import Builder


def plain(text: str) -> str:
    return " ".join(text.split())


def test_what_is_predicted_is_a_sentence(build: Builder, evidence: Evidence) -> None:
    assert predicts(evidence) == "Predicts a number in bps: forward return over 4 bars, for eurusd, from 8 features."
    chance = predicts(build.evidence(task="classification", features=["one"]))
    assert chance == "Predicts a probability between 0 and 1: sign of the forward return over 4 bars, for eurusd, from 1 feature."


def test_an_ensemble_says_what_is_made_of_whose_answers(evidence: Evidence) -> None:
    assert (family(evidence.trained), members(evidence.trained)) == ("linear, l2, 8 features", [])
    lines = {
        name: LinearState(intercept=start, coefficients=[0.1] * 8, link="identity") for name, start in (("a", 1.0), ("b", 2.0))
    }
    parts = [MemberState(name=name, digest=learned_digest(state), state=state) for name, state in lines.items()]
    mean = msgspec.structs.replace(evidence.trained, model_state=EnsembleState(aggregation="mean", members=parts))
    assert family(mean) == "ensemble, mean of a and b, l2, 8 features"
    assert members(mean) == [(name, learned_digest(state)) for name, state in lines.items()]
    heavy = [msgspec.structs.replace(part, weight=weight) for part, weight in zip(parts, (3.0, 0.5), strict=True)]
    weighted = msgspec.structs.replace(mean, model_state=EnsembleState(aggregation="weighted", members=heavy))
    assert family(weighted) == "ensemble, weighted of a (3) and b (0.5), l2, 8 features"
    page = render_markdown(replace(evidence, trained=weighted))
    assert f"- Member b: learned {learned_digest(lines['b'])[:15]}" in page


def test_worse_than_the_baseline_is_no(evidence: Evidence) -> None:
    found = verdict(evidence)
    assert (found.word, found.tone) == ("NO", "warning")
    assert "0.40 % higher than the best baseline's 11.00 bps (zero). Nothing speaks for the model: p = 0.62" in plain(
        found.sentence
    )


def test_better_but_maybe_by_chance_is_no(build: Builder) -> None:
    found = verdict(build.evidence(skill=0.02, p_value=0.21))
    assert found.word == "NO"
    assert "2.0 % lower than" in plain(found.sentence)
    assert "That may be chance: p = 0.21, and below 0.05 is asked." in plain(found.sentence)


def test_better_than_chance_explains_is_yes(build: Builder) -> None:
    found = verdict(build.evidence(skill=0.27, p_value=1e-9))
    assert (found.word, found.tone) == ("YES", "ok")
    assert "p < 0.0001, below 0.05. It was ahead in 12 of 12 test windows, 3,660 rows that it had not seen." in plain(
        found.sentence
    )


def test_equal_to_the_baseline_is_no(build: Builder) -> None:
    assert "is 11.00 bps, equal to the best baseline's 11.00 bps (zero)." in plain(verdict(build.evidence(skill=0.0)).sentence)


def test_money_is_a_figure_not_a_yes(build: Builder, evidence: Evidence) -> None:
    money = answers(evidence)[0]
    assert (money.word, money.tone) == ("\u22120.532 bps", "neutral")
    assert money.sentence.endswith("above zero in 3 of 12 windows. The best baseline: \u22120.532. Not tested for chance.")
    assert len(answers(build.evidence(payoff=False))) == len(answers(evidence)) - 1


def test_an_interval_around_one_half_is_a_coin(evidence: Evidence) -> None:
    assert "no better than a coin" in answers(evidence)[1].sentence
    sure = msgspec.structs.replace(evidence.walk_forward.pooled, directional_accuracy_low=0.505)
    report = msgspec.structs.replace(evidence.walk_forward, pooled=sure)
    assert "no better than a coin" not in answers(replace(evidence, walk_forward=report))[1].sentence


def test_data_and_drift_carry_their_status_and_their_names(evidence: Evidence) -> None:
    data, drift = answers(evidence)[2:]
    assert (data.tone, data.word) == ("warning", "Warning")
    assert data.sentence == "6,225 rows, 6,223 usable. Found: duplicates, jumps, missing_bars. Over a limit after repairs: jumps."
    assert plain(drift.sentence).startswith("2 of 8 features (25.0 %) moved: return_1, return_4. The newest 250 rows")


def test_what_is_not_watched_is_said(evidence: Evidence) -> None:
    assert "Not watched" not in answers(evidence)[-1].sentence
    left_out = msgspec.structs.replace(evidence.drift, not_watched=["hour_sin", "hour_cos"])
    assert answers(replace(evidence, drift=left_out))[-1].sentence.endswith(" training rows. Not watched: hour_sin, hour_cos.")


def test_many_names_are_counted_not_listed(build: Builder) -> None:
    made = build.evidence(features=[f"f{i}" for i in range(9)])
    every = [msgspec.structs.replace(feature, drifted=True) for feature in made.drift.features]
    moved = replace(made, drift=msgspec.structs.replace(made.drift, features=every))
    assert "moved: f0, f1, f2, f3 and 5 more." in answers(moved)[-1].sentence
