import inspect

import pytest

from bot_core import errors
from bot_core.errors import BotCoreError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BotCoreError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_documented_in_the_tree_with_its_exit_code(kind: type[BotCoreError]) -> None:
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if line.strip("├└─ ").startswith(f"{kind.__name__} "))
    assert f"exit {kind.exit_code} " in f"{line} "


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes) == 8


def test_the_hint_is_part_of_the_text() -> None:
    assert str(BotCoreError("x: expected 1, got 2", hint="do y")) == "x: expected 1, got 2 (do y)"
