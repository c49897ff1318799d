from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest

from bot_core.decision.rules import CODES, Comparison, RuleOutcome, compiled, parsed
from bot_core.documents.domain import Rule
from bot_core.errors import ConfigError

ACTIONS = ("enter", "reduce", "skip")
RULES = [
    Rule(when="spread_bps > 2.5", action="skip"),
    Rule(when="spread_bps <= 1 and hour >= 8 and hour < 16.5", action="enter"),
    Rule(when="always", action="reduce"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("always", ()),
        ("  always ", ()),
        ("a < 1", (Comparison("a", "<", 1.0),)),
        ("a<1", (Comparison("a", "<", 1.0),)),
        ("a>=-0.5", (Comparison("a", ">=", -0.5),)),
        ("a-1 == 0", (Comparison("a-1", "==", 0.0),)),
        ("5d_return != 2.0", (Comparison("5d_return", "!=", 2.0),)),
        ("a <= 1 and b.c > 2 and a > 0", (Comparison("a", "<=", 1.0), Comparison("b.c", ">", 2.0), Comparison("a", ">", 0.0))),
    ],
)
def test_a_condition_is_read(text: str, expected: tuple[Comparison, ...]) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the name of a feature, got an end"),
        (" ", "expected a feature, an operator or a decimal, got blanks"),
        ("never", "expected one of < <= > >= == !=, got an end"),
        ("always and a < 1", "expected the name of a feature, got always"),
        ("a < 1 and", "expected the name of a feature, got an end"),
        ("a < 1 and always", "expected the name of a feature, got always"),
        ("a < 1 or b < 2", "expected and, got or"),
        ("a < 1 b < 2", "expected and, got b"),
        ("and < 1", "expected the name of a feature, got and"),
        ("a < b", "expected a decimal, got b"),
        ("1 < a", "expected the name of a feature, got 1"),
        ("a < ", "expected a decimal, got an end"),
        ("a < 1e3", "expected a decimal, got 1e3"),
        ("a < nan", "expected a decimal, got nan"),
        ("a < " + "9" * 400, "expected a decimal, got 999"),
        ("a = 1", "got = ?"),
        ("a => 1", "got =>"),
        ("a < < 1", "expected a decimal, got <"),
        ("not a < 1", "expected one of"),
        ("(a < 1)", r"expected a feature, an operator or a decimal, got \(a"),
        ("a < 1\nand b < 1", "expected a feature, an operator or a decimal"),
        ("a < 1\tand b < 1", "expected a feature, an operator or a decimal"),
        ("__import__('os')", "expected a feature, an operator or a decimal"),
        ("A < 1", "expected a feature, an operator or a decimal, got A"),
        ("ä < 1", "expected a feature, an operator or a decimal, got ä"),
        ("-a < 1", "expected the name of a feature, got -a"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        parsed(text, "rules[1]")
    assert raised.value.message.startswith("rules[1]: expected ")


@pytest.mark.parametrize(
    ("features", "outcome"),
    [
        ({"spread_bps": 2.5000000000000004}, RuleOutcome("skip", "rule_matched", 1)),
        ({"spread_bps": 2.5, "hour": 9}, RuleOutcome("reduce", "rule_matched", 3)),
        ({"spread_bps": 1.0, "hour": 8}, RuleOutcome("enter", "rule_matched", 2)),
        ({"spread_bps": 1.0, "hour": 16.5}, RuleOutcome("reduce", "rule_matched", 3)),
        ({}, RuleOutcome(None, "rule_feature_missing", 1, "spread_bps")),
        ({"spread_bps": None}, RuleOutcome(None, "rule_feature_missing", 1, "spread_bps")),
        ({"spread_bps": math.nan}, RuleOutcome(None, "rule_feature_not_finite", 1, "spread_bps")),
        ({"spread_bps": "1"}, RuleOutcome(None, "rule_feature_not_finite", 1, "spread_bps")),
        ({"spread_bps": 3.0, "hour": math.nan}, RuleOutcome("skip", "rule_matched", 1)),
        ({"spread_bps": 2.0, "hour": math.inf}, RuleOutcome(None, "rule_feature_not_finite", 2, "hour")),
        ({"spread_bps": 2.0}, RuleOutcome(None, "rule_feature_missing", 2, "hour")),
    ],
)
def test_the_first_rule_that_holds_decides(features: dict[str, object], outcome: RuleOutcome) -> None:
    assert compiled(RULES, ACTIONS).decide(features) == outcome
    assert outcome.code in CODES


def test_no_rule_no_action() -> None:
    assert compiled(RULES[:1], ACTIONS).decide({"spread_bps": 0.0}) == RuleOutcome(None, "no_rule_matched")


@pytest.mark.parametrize(
    ("sign", "holds"),
    [("<", [1, 0, 0]), ("<=", [1, 1, 0]), (">", [0, 0, 1]), (">=", [0, 1, 1]), ("==", [0, 1, 0]), ("!=", [1, 0, 1])],
)
def test_every_comparison_means_what_it_says(sign: str, holds: list[int]) -> None:
    rules = compiled([Rule(when=f"a {sign} 0.3", action="skip")], ACTIONS)
    steps = (math.nextafter(0.3, 0.0), 0.3, math.nextafter(0.3, 1.0))
    assert [rules.decide({"a": value}).action == "skip" for value in steps] == [bool(one) for one in holds]


def test_an_action_must_be_the_domains() -> None:
    with pytest.raises(ConfigError, match=r"rules\[1\]: action: expected one of enter, skip; got exit"):
        compiled([Rule(when="always", action="exit")], ("skip", "enter"))


def test_a_rule_that_is_never_reached_is_refused() -> None:
    rules = [Rule(when="always", action="skip"), Rule(when="a < 1", action="enter")]
    with pytest.raises(ConfigError, match=r"rules\[2\]: expected no rule after one that says always, got a < 1 \(it would never"):
        compiled(rules, ACTIONS)


def test_nothing_is_evaluated_as_code() -> None:
    calls = [
        node.func for node in ast.walk(ast.parse(Path("bot_core/decision/rules.py").read_text())) if isinstance(node, ast.Call)
    ]
    assert not {"eval", "exec", "compile", "__import__", "getattr"} & {call.id for call in calls if isinstance(call, ast.Name)}
