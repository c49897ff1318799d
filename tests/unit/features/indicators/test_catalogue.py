"""One check suite over all indicators."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot_core.features.indicators import INDICATORS
from tests.unit.features.conftest import to_bars

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute

SOURCES = sorted(Path("bot_core/features/indicators").glob("*.py"))
FAMILIES = [path for path in SOURCES if path.name not in {"__init__.py", "indicator.py"}]
ALLOWED_MATH = {"log", "sqrt", "isnan", "nan", "inf"}
ALLOWED_CALLS = {"abs", "int", "len", "list", "max", "min", "range"}


def parameter_sets() -> list[tuple[str, tuple[float, ...]]]:
    """Every indicator with its defaults and with the smallest parameters it takes."""
    defaults = [(name, tuple(p.default for p in indicator.parameters)) for name, indicator in INDICATORS.items()]
    smallest = [(name, tuple(p.low for p in indicator.parameters)) for name, indicator in INDICATORS.items()]
    return list(dict.fromkeys(defaults + smallest))


every_indicator = pytest.mark.parametrize(("name", "parameters"), parameter_sets(), ids=str)


def assert_warm_up(name: str, parameters: tuple[float, ...], values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    warm_up = int(INDICATORS[name].warm_up(*parameters))
    assert np.isnan(values[:warm_up]).all()
    assert np.isfinite(values[warm_up:]).all()


@every_indicator
def test_the_warm_up_is_exact_and_everything_after_it_is_finite(
    hourly: pd.DataFrame, compute: Compute, name: str, parameters: tuple[float, ...]
) -> None:
    assert_warm_up(name, parameters, compute(hourly.head(300), name, *parameters))


@every_indicator
def test_constant_prices_without_volume_have_defined_values(
    hourly: pd.DataFrame, compute: Compute, name: str, parameters: tuple[float, ...]
) -> None:
    flat = hourly.head(200).assign(open=1.05, high=1.05, low=1.05, close=1.05, volume=0.0)
    values = compute(flat, name, *parameters)
    assert_warm_up(name, parameters, values)
    if not name.startswith(("hour", "weekday")):
        assert np.ptp(values[np.isfinite(values)]) < 1e-9


@every_indicator
def test_bars_after_a_market_that_stood_still_are_finite(
    hourly: pd.DataFrame, compute: Compute, name: str, parameters: tuple[float, ...]
) -> None:
    frame = hourly.head(260).copy()
    for column in ("open", "high", "low", "close"):
        frame[column] = frame[column].where((frame.index < 50) | (frame.index > 150), 1.05)
    frame["volume"] = frame["volume"].where((frame.index < 50) | (frame.index > 150), 0.0)
    assert_warm_up(name, parameters, compute(frame, name, *parameters))


@every_indicator
def test_the_scale_of_prices_and_volumes_does_not_matter(
    hourly: pd.DataFrame, compute: Compute, name: str, parameters: tuple[float, ...]
) -> None:
    frame = hourly.head(200)
    scaled = frame.assign(**{column: frame[column] * 1024.0 for column in ("open", "high", "low", "close", "volume")})
    np.testing.assert_allclose(compute(scaled, name, *parameters), compute(frame, name, *parameters), rtol=1e-9, atol=1e-12)


@every_indicator
def test_a_restart_repeats_itself_and_memory_does_not_grow(hourly: pd.DataFrame, name: str, parameters: tuple[float, ...]) -> None:
    indicator, bars = INDICATORS[name], to_bars(hourly.head(150))
    state = indicator.init(*parameters)
    size = len(state)
    first = [indicator.update(state, bar) for bar in bars]
    assert len(state) == size
    again = indicator.init(*parameters)
    assert np.array_equal(first, [indicator.update(again, bar) for bar in bars], equal_nan=True)


def test_defaults_lie_in_their_ranges_and_ascend() -> None:
    for name, indicator in INDICATORS.items():
        values = {p.name: p.default for p in indicator.parameters}
        assert all(p.low <= p.default <= p.high for p in indicator.parameters), name
        assert all(values[a] < values[b] for a, b in itertools.pairwise(indicator.ascending)), name


def test_the_names_that_runbooks_use_exist() -> None:
    assert {"momentum", "volume_ratio"} <= INDICATORS.keys()


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_indicators_compute_only_what_rounds_alike_everywhere(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.Pow, ast.FloorDiv, ast.MatMult, ast.Lambda, ast.ClassDef))]
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"math"}
    local = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    local |= {function.name for function in functions}
    for function in functions:
        assert function.decorator_list == []
        called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        assert {node.id for node in called if isinstance(node, ast.Name)} <= ALLOWED_CALLS | local
        used = {
            node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "math"
        }
        tables = {"sin", "cos", "pi"} if function.name.startswith("init_") else set()
        assert used <= ALLOWED_MATH | tables


def test_no_source_of_the_package_holds_a_power() -> None:
    for path in SOURCES:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        assert not [node for node in nodes if isinstance(node, ast.Pow)], path
        assert not [node for node in nodes if isinstance(node, ast.Name) and node.id == "pow"], path
