"""What decides when no model may: a domain's rules, in order; the first whose condition holds.

    condition  = "always" | comparison { "and" comparison }
    comparison = feature ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) decimal

Words are separated by blanks; a decimal is digits, perhaps with a sign and a point. Nothing is ever evaluated as code.

A condition whose feature is missing or not finite can be neither held nor passed over, since the next rule may be laxer: the answer is then
no action, with that reason. Every outcome has a reason code: see `CODES`.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING

import msgspec

from bot_core.config.decision import finite
from bot_core.decision.limits import decimal
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from bot_core.documents.domain import Rule

CODES = {
    "rule_matched": "the rule of this number holds; its action is taken",
    "rule_feature_missing": "a rule needs a feature that is not there; no action",
    "rule_feature_not_finite": "a rule needs a feature that is not a finite number; no action",
    "no_rule_matched": "no rule holds; no action",
}
"""Code → what it says. Stable."""

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

ALWAYS, AND = "always", "and"

_TOKEN = re.compile(r" *(<=|>=|==|!=|<|>|[a-z0-9._-]+) *")
_FEATURE = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")


class Comparison(msgspec.Struct, frozen=True):
    """A feature, an operator, a number."""

    feature: str
    operator: str
    value: float


class CompiledRule(msgspec.Struct, frozen=True):
    """A rule whose condition is read: all its comparisons must hold; without any it always holds. Numbers start at 1."""

    number: int
    when: str
    comparisons: tuple[Comparison, ...]
    action: str


class RuleOutcome(msgspec.Struct, frozen=True):
    """The action, if any; why; and the number of the rule and the feature that decided it."""

    action: str | None
    code: str
    rule: int | None = None
    feature: str | None = None


class RuleSet(msgspec.Struct, frozen=True):
    """Rules in their order."""

    rules: tuple[CompiledRule, ...]

    def decide(self, features: Mapping[str, object]) -> RuleOutcome:
        """Return what the first rule that holds says.

        Args:
            features: name → value; a value of `None` is a missing one.
        """
        for rule in self.rules:
            if (result := _result(rule, features)) is not None:
                return result
        return RuleOutcome(None, "no_rule_matched")


def compiled(rules: Sequence[Rule], actions: Collection[str]) -> RuleSet:
    """Read a domain's rules.

    Raises:
        ConfigError: a condition outside the language, an action that the domain does not have, a rule that is never reached.
    """
    found: list[CompiledRule] = []
    for number, rule in enumerate(rules, start=1):
        where = f"rules[{number}]"
        if rule.action not in actions:
            msg = f"{where}: action: expected one of {', '.join(sorted(actions))}; got {rule.action}"
            raise ConfigError(msg)
        if found and not found[-1].comparisons:
            msg = f"{where}: expected no rule after one that says {ALWAYS}, got {rule.when}"
            raise ConfigError(msg, hint="it would never be reached: move it up, or remove it")
        found.append(CompiledRule(number, rule.when, parsed(rule.when, where), rule.action))
    return RuleSet(tuple(found))


def parsed(text: str, where: str = "when") -> tuple[Comparison, ...]:
    """Read a condition; no comparison at all for `always`.

    >>> parsed("spread_bps <= 2.5 and hour >= 8")
    (Comparison(feature='spread_bps', operator='<=', value=2.5), Comparison(feature='hour', operator='>=', value=8.0))

    Raises:
        ConfigError: not a condition; the message says which word was expected and which came.
    """
    words = _words(text, where)
    if words == [ALWAYS]:
        return ()
    comparisons = []
    for start in range(0, len(words) + 1, 4):  # three words, and `and` before each further three
        comparisons.append(_comparison(words[start : start + 3], where))
        if words[start + 3 : start + 4] not in ([], [AND]):
            raise _unexpected(where, AND, words[start + 3])
    return tuple(comparisons)


def _words(text: str, where: str) -> list[str]:
    words, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _unexpected(where, "a feature, an operator or a decimal", text[at:].split(" ", maxsplit=1)[0] or "blanks")
        words.append(token[1])
        at = token.end()
    return words


def _comparison(words: list[str], where: str) -> Comparison:
    feature, sign, number = [*words, "", "", ""][:3]
    if not _FEATURE.match(feature) or feature in (ALWAYS, AND) or decimal(feature) is not None:
        raise _unexpected(where, "the name of a feature", feature)
    if sign not in OPERATORS:
        raise _unexpected(where, f"one of {' '.join(OPERATORS)}", sign)
    value = decimal(number)
    if value is None:
        raise _unexpected(where, "a decimal", number)
    return Comparison(feature, sign, value)


def _unexpected(where: str, expected: str, got: str) -> ConfigError:
    return ConfigError(f"{where}: expected {expected}, got {got or 'an end'}", hint="for example: spread_bps <= 2.5 and hour >= 8")


def _result(rule: CompiledRule, features: Mapping[str, object]) -> RuleOutcome | None:
    """Return a rule's outcome; nothing where its condition does not hold."""
    holds = True
    for comparison in rule.comparisons:
        value = features.get(comparison.feature)
        if not finite(value):
            code = "rule_feature_missing" if value is None else "rule_feature_not_finite"
            return RuleOutcome(None, code, rule.number, comparison.feature)
        holds = holds and OPERATORS[comparison.operator](value, comparison.value)
    return RuleOutcome(rule.action, "rule_matched", rule.number) if holds else None
