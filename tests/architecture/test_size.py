"""The size budget: what grows past it has two subjects."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = [*Path("bot_core").rglob("*.py"), *Path("pipelines").glob("*.py"), *Path("scripts").glob("*.py")]
FUNCTIONS = [
    (path, node.name, (node.end_lineno or 0) - node.lineno + 1)
    for path in FILES
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.FunctionDef)
]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_module_is_three_pages_at_most(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_no_function_is_longer_than_a_page() -> None:
    assert [(str(path), name, lines) for path, name, lines in FUNCTIONS if lines > 45] == []


def test_most_functions_are_about_ten_lines() -> None:
    lengths = sorted(lines for _, _, lines in FUNCTIONS)
    assert lengths[len(lengths) * 55 // 100] <= 12
    assert lengths[len(lengths) * 88 // 100] <= 25


def test_there_is_one_broad_except_in_the_whole_program() -> None:
    broad = [
        str(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]
    assert broad == ["bot_core/cli/boundary.py"]
