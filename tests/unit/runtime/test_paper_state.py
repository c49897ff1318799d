"""Which terms are none, and which states do not fit together."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json, encode_json
from bot_core.errors import ConfigError, DocumentError
from bot_core.runtime.paper_state import Mark, PaperState, PaperTerms, first_state, restored, with_order
from tests.unit.runtime.trading import ORDER, TERMS, bar, trader


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"symbols": ()}, "symbols: expected one at least"),
        ({"equity": {}}, "equity: expected finite numbers above zero"),
        ({"equity": {"balanced": 0.0}}, "equity: expected finite numbers above zero"),
        ({"equity": {"balanced": math.inf}}, "equity: expected finite numbers above zero"),
        ({"spread_bps": -1.0}, "spread_bps and commission_bps: expected finite numbers of zero or more"),
        ({"commission_bps": math.nan}, "spread_bps and commission_bps: expected finite numbers of zero or more"),
    ],
)
def test_terms_that_are_none(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError, match=f"paper account: {expected}, got PaperTerms"):
        replace(TERMS, **changes)


def test_a_side_costs_half_the_spread_and_the_commission() -> None:
    assert TERMS.side_bps == 1.5
    assert PaperTerms(equity={"p": 1.0}, symbols=("x",), spread_bps=3.0).side_bps == 1.5


def test_a_new_risk_profile_opens_and_the_old_ones_go_on() -> None:
    paper = trader(equity={"balanced": 10_000.0})
    paper.submit(ORDER)
    paper.on_bar("eurusd", bar(1, 100.0, 120.0))
    now = restored(paper.state(), replace(TERMS, equity={"balanced": 1.0, "bold": 2.0}))
    assert now.accounts["balanced"] == paper.state().accounts["balanced"]
    assert now.accounts["bold"].equity == 2.0


def accounts(profile: str = "balanced", lots: str = "[]") -> str:
    return f'"accounts": {{"{profile}": {{"opening": 1.0, "equity": 1.0, "peak": 1.0, "start_of_day": 1.0, "lots": {lots}}}}}'


BOUGHT = encode_json(ORDER).decode()
DAMAGED = {
    "an account that is not declared": (
        accounts("wild"),
        "accounts: expected only declared risk profiles (balanced, bold), got wild",
    ),
    "a symbol that is not declared": (
        accounts() + ', "marks": {"oil": {"time": 0.0, "close": 1.0}}',
        "symbols: expected only declared symbols (eurusd, gold), got oil",
    ),
    "an order of nobody": (
        accounts() + f', "pending": [{encode_json(replace(ORDER, risk_profile="bold")).decode()}]',
        "orders: expected only risk profiles with an account (balanced), got bold",
    ),
    "something held without a price": (
        accounts(lots=f'[{{"order": {BOUGHT}, "quantity": 1.0, "price": 1.0, "bars_left": null}}]'),
        "accounts: expected only symbols with a newest bar (), got eurusd",
    ),
    "an order while paused": (
        accounts() + f', "pending": [{BOUGHT}], "paused": "guard"',
        "pending: expected no order while paused, got 1",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), DAMAGED.values(), ids=DAMAGED)
def test_a_state_that_does_not_fit_together_is_refused(text: str, sentence: str) -> None:
    state = decode_json(f"{{{text}}}".encode(), PaperState, "paper.json")
    with pytest.raises(DocumentError) as error:
        restored(state, TERMS)
    assert error.value.message == f"paper account: {sentence}"


def test_a_state_with_a_number_that_is_none_is_refused() -> None:
    paper = trader()
    paper.submit(ORDER)
    paper.on_bar("eurusd", bar(1, 100.0))
    with pytest.raises(DocumentError, match="accounts: expected finite numbers, got others"):
        restored(replace(paper.state(), marks={"eurusd": Mark(0.0, math.nan)}), TERMS)


def test_a_lot_of_less_than_nothing_cannot_be_read() -> None:
    paper = trader()
    paper.submit(ORDER)
    paper.on_bar("eurusd", bar(1, 100.0))
    text = encode_json(paper.state()).replace(b'"quantity": 10', b'"quantity": -10')
    with pytest.raises(DocumentError, match="quantity"):
        decode_json(text, PaperState, "paper.json")


def test_the_first_state_has_money_and_nothing_else() -> None:
    state = first_state(TERMS)
    assert {profile: account.equity for profile, account in state.accounts.items()} == TERMS.equity
    assert (state.exposure("bold"), state.is_finite, state.paused) == ({}, True, None)
    assert with_order(state, TERMS, ORDER).exposure("balanced") == {"eurusd": 1_000.0}
