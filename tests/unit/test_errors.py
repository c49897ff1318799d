import inspect
from collections import Counter

import pytest

from bot_core import errors
from bot_core.errors import BotCoreError, CanonicalError
from bot_core.governance.reasons import CODES, Refused

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BotCoreError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_documented_in_the_tree_with_its_exit_code(kind: type[BotCoreError]) -> None:
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if line.strip("├└─ ").startswith(f"{kind.__name__} "))
    assert f"exit {kind.exit_code} " in f"{line} "


def test_codes_are_unique() -> None:
    holders = Counter(kind.code for kind in KINDS)
    assert {code for code, count in holders.items() if count > 1} == set()


def test_no_error_is_declared_elsewhere_but_a_refusal_whose_code_is_its_reasons() -> None:
    assert set(BotCoreError.__subclasses__()) - set(KINDS) == {Refused}
    assert Refused.__subclasses__() == []
    assert {Refused(code, "a", "b").code for code in CODES} == set(CODES)


def test_a_reasons_code_is_no_other_errors() -> None:
    shared = set(CODES) & {kind.code for kind in KINDS}
    assert shared == {"CANON"}
    assert CODES["CANON"][0] == CanonicalError.exit_code


def test_the_hint_is_part_of_the_text() -> None:
    assert str(BotCoreError("x: expected 1, got 2", hint="do y")) == "x: expected 1, got 2 (do y)"
