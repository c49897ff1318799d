"""Limits: read, tightened, shrunk; and the orchestrator's configuration of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict, replace

from bot_core.config.decision import MetaLabelCondition
from bot_core.decision.limits import (
    decimal,
    declared,
    domain_limits,
    engine_config,
    limits_of,
    protected,
    tightened,
    tightened_config,
)
from bot_core.decision.thresholds import FAILED, META_LABEL
from bot_core.documents.domain import MetaLabel
from bot_core.errors import ConfigError
from tests.machine import DOMAIN as TRADE_ENTRY
from tests.machine import MODEL
from tests.unit.decision.conftest import CONFIG, THRESHOLDS

DOMAIN: dict[str, int | str] = {
    "max_cost_bps": "15",
    "min_net_edge_bps": "5",
    "min_probability": "0.58",
    "max_daily_loss_pct": "0.02",
    "max_drawdown_pct": "0.1",
    "max_position_ratio": "0.2",
    "max_open_positions": 5,
}


# --- reading --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0.0),
        ("-1", -1.0),
        ("0.58", 0.58),
        ("10.0", 10.0),
        ("9" * 400, None),
        *((text, None) for text in ("", " 1", "1 ", "+1", ".5")),
    ]
    + [(text, None) for text in ("5.", "01", "1e3", "1_000", "nan", "inf", "0x1", "\u0661", "1\n", "--1", "1,5")],
)
def test_a_decimal_is_digits_and_a_point(text: str, number: float | None) -> None:
    assert decimal(text) == number


def test_a_domains_limits_are_read() -> None:
    assert declared({"min_probability": "0.7", "max_parallel_deploys": 3}) == {"min_probability": 0.7, "max_parallel_deploys": 3.0}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("side", "long", r"conditions\.side: expected a limit, max_… or min_…, got side"),
        ("max_", 1, "expected a limit"),
        ("max_cost_bps", "cheap", "expected a whole number or a quoted decimal of zero or more, got 'cheap'"),
        ("max_cost_bps", "-1", "of zero or more, got '-1'"),
        ("max_cost_bps", -1, "of zero or more, got -1"),
        ("max_cost_bps", True, "of zero or more, got True"),
        ("max_cost_bps", 10**400, "expected a whole number"),
        ("max_daily_loss_pct", "2", r"expected a share below 1, got 2 \(two per cent are \"0\.02\"\)"),
        ("max_drawdown_pct", 1, "expected a share below 1, got 1"),
        ("min_probability", "58", "expected a share below 1, got 58"),
        (META_LABEL, "55", "expected a share below 1, got 55"),
    ],
)
def test_what_is_no_limit_is_refused(name: str, value: int | str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        declared({name: value}, "conditions")


def test_a_domain_becomes_the_orchestrators_configuration() -> None:
    config = engine_config(declared(DOMAIN))
    assert (config.min_probability, config.require_cost_data) == (0.58, True)
    assert (config.orchestrator.max_open_positions, config.orchestrator.max_latency_ms) == (5, None)
    assert limits_of(config.orchestrator, config.min_probability) == declared(DOMAIN)


@pytest.mark.parametrize("name", [name for name in DOMAIN if name != "min_probability"])
def test_a_domain_that_leaves_a_limit_out_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        engine_config(declared({other: value for other, value in DOMAIN.items() if other != name}))


def test_a_domain_with_a_limit_that_the_orchestrator_does_not_watch_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_parallel_deploys"):
        engine_config(declared({**DOMAIN, "max_parallel_deploys": 3}))


# --- a meta-label model ---------------------------------------------------------------------------------------------------------------


def gated(min_probability: int | str) -> dict[str, MetaLabel]:
    return {MODEL: MetaLabel(model="decision_meta", min_probability=min_probability)}


def test_a_condition_on_a_model_is_one_of_its_limits_and_of_no_other_model() -> None:
    domain = replace(TRADE_ENTRY, models=[MODEL, "msft_direction"], meta_label=gated("0.55"))
    assert domain_limits(domain, MODEL) == {**declared(domain.thresholds), META_LABEL: 0.55}
    assert domain_limits(domain, "msft_direction") == declared(domain.thresholds)


def test_where_the_thresholds_say_it_too_the_stricter_counts() -> None:
    domain = replace(TRADE_ENTRY, thresholds={**TRADE_ENTRY.thresholds, META_LABEL: "0.6"}, meta_label=gated("0.55"))
    assert domain_limits(domain, MODEL)[META_LABEL] == 0.6


@pytest.mark.parametrize("said", ["1.5", "-0.5", "likely", "0.55e0"])
def test_a_condition_that_is_no_probability_is_refused(said: str) -> None:
    with pytest.raises(ConfigError, match=rf"meta_label\.{MODEL}\.{META_LABEL}: expected a "):
        domain_limits(replace(TRADE_ENTRY, meta_label=gated(said)), MODEL)


def test_it_becomes_the_orchestrators_condition() -> None:
    config = engine_config({**declared(DOMAIN), META_LABEL: 0.55}, "decision_meta")
    assert config.meta_label == MetaLabelCondition(model="decision_meta", min_probability=0.55)
    limits = limits_of(config.orchestrator, config.min_probability, config.meta_label)
    assert limits == {**declared(DOMAIN), META_LABEL: 0.55}
    assert [*limits] == [name for name in FAILED if name in limits]
    assert engine_config(declared(DOMAIN)).meta_label is None


def test_a_probability_asked_of_nobody_is_refused() -> None:
    with pytest.raises(ConfigError, match=f"{META_LABEL}: expected a meta-label model that the domain names, got none"):
        engine_config({**declared(DOMAIN), META_LABEL: 0.55})


@pytest.mark.parametrize(("signed", "expected"), [("0.6", 0.6), ("0.5", 0.55)])
def test_a_signer_raises_it_and_never_lowers_it(signed: str, expected: float) -> None:
    config = replace(CONFIG, meta_label=MetaLabelCondition(model="decision_meta", min_probability=0.55))
    found = tightened_config(config, {META_LABEL: signed})
    assert found == replace(config, meta_label=MetaLabelCondition(model="decision_meta", min_probability=expected))


# --- tightening -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "held", "signed", "expected"),
    [
        ("max_trade_notional", 50_000.0, 40_000, 40_000.0),
        ("max_trade_notional", 50_000.0, 60_000, 50_000.0),
        ("max_trade_notional", None, 60_000, 60_000.0),
        ("min_probability", 0.5, "0.6", 0.6),
        ("min_probability", 0.5, "0.4", 0.5),
        ("min_net_edge_bps", 1.5, "1.5", 1.5),
        ("max_daily_loss_pct", 0.05, "0.0499", 0.0499),
    ],
)
def test_a_condition_tightens_and_never_loosens(name: str, held: float | None, signed: int | str, expected: float) -> None:
    limits = {} if held is None else {name: held}
    assert tightened({**limits, "max_other": 1.0}, {name: signed}) == {name: expected, "max_other": 1.0}


def test_no_condition_changes_nothing() -> None:
    limits = limits_of(THRESHOLDS, 0.5)
    assert tightened(limits, {}) == limits
    assert tightened_config(CONFIG, {}) == CONFIG


def test_a_condition_holds_for_every_profile() -> None:
    config = replace(CONFIG, profile_overrides={"bold": replace(THRESHOLDS, max_trade_notional=None, max_cost_bps=90.0)})
    found = tightened_config(
        config, {"max_trade_notional": 9, "max_cost_bps": "50", "min_probability": "0.75", "max_open_positions": "2.5"}
    )
    assert found.orchestrator == replace(THRESHOLDS, max_trade_notional=9.0, max_open_positions=2)
    assert found.profile_overrides["bold"] == replace(THRESHOLDS, max_trade_notional=9.0, max_cost_bps=50.0, max_open_positions=2)
    assert found.min_probability == 0.75
    untouched = {
        name: value for name, value in asdict(found).items() if name not in ("orchestrator", "profile_overrides", "min_probability")
    }
    assert untouched == {name: asdict(CONFIG)[name] for name in untouched}


@pytest.mark.parametrize("conditions", [{"max_leverage": 2}, {"side": "long"}, {"max_daily_loss_pct": "2"}, {META_LABEL: "0.6"}])
def test_a_condition_that_cannot_be_kept_is_refused(conditions: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        tightened_config(CONFIG, conditions)


def test_a_factor_of_one_changes_nothing_and_of_zero_leaves_nothing_to_risk() -> None:
    limits = limits_of(THRESHOLDS, 0.5)
    assert protected(limits, 1.0) == limits
    zero = {name for name, limit in protected(limits, 0.0).items() if limit == 0.0}
    assert zero == {"max_daily_loss_pct", "max_drawdown_pct", "max_position_ratio", "max_open_positions", "max_trade_notional"}
