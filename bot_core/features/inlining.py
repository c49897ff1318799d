"""The steps of many indicators as one plain function, what they call written out in place.

One bar is too little work for machine code, and in plain Python half of its cost is calling and looking up. So the bodies of all
`update` functions are put in a row: parameters become what was passed, constants of modules become numbers, the bar's fields become
local names, and where a plain function's result is returned or assigned as it is, or is what an expression computes first, its body
stands in place of the call. No operation is left out, added or moved, so every value is the same to the last bit. Functions less simple
than `SIMPLE`, or whose file is no longer what was loaded from it, are called as they stand.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING

from bot_core.features.indicators.indicator import Bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.features.indicators.indicator import Update

    Lines = list[ast.stmt]
    Names = dict[str, object]

STATEMENTS = (ast.Assign, ast.AugAssign, ast.Expr, ast.For, ast.If, ast.Return)
EXPRESSIONS = (
    ast.Attribute,
    ast.BinOp,
    ast.BoolOp,
    ast.Call,
    ast.Compare,
    ast.Constant,
    ast.IfExp,
    ast.Name,
    ast.Subscript,
    ast.Tuple,
)
SIMPLE = (*STATEMENTS, *EXPRESSIONS, ast.UnaryOp, ast.boolop, ast.cmpop, ast.expr_context, ast.operator, ast.unaryop)


@cache
def inlined(updates: tuple[Update, ...]) -> Callable[..., list[float]]:
    """Return `step(states, bar, *bar)`, which gives a bar to every indicator and returns their values in order."""
    fields = ", ".join(f"bar_{name}" for name in Bar._fields)
    states, values = (", ".join(f"{name}{i}" for i in range(len(updates))) for name in ("state", "value"))
    tree = ast.parse(f"def step(states, bar, {fields}):\n [{states}] = states\n return [{values}]")
    known: Names = {}
    calls = [_write(update, [_load(f"state{i}"), _load("bar")], [_store(f"value{i}")], known) for i, update in enumerate(updates)]
    tree.body[0].body[1:1] = [line for call in calls for line in call]  # type: ignore[attr-defined]  # a function has a body
    exec(compile(ast.fix_missing_locations(tree), "<inlined>", "exec"), known)  # noqa: S102  # compiled from our own source
    return known["step"]  # type: ignore[return-value]  # just defined


def _write(
    function: Callable[..., object], arguments: list[ast.expr], targets: list[ast.expr], known: Names, depth: int = 0
) -> Lines:
    """Write one call: its arguments, then the function's body, assigning to `targets` what it returns."""
    if not isinstance(function, FunctionType) or not (body := _body(function)):
        return [ast.Assign(targets, ast.Call(_constant(function, "function", known), arguments, []))]
    changed = {name.id for line in body for name in _names(line) if isinstance(name.ctx, ast.Store)}
    given: dict[str, ast.expr] = {}
    lines: Lines = []
    for name, argument in zip(function.__code__.co_varnames, arguments, strict=False):  # the parameters, then other locals
        if name not in changed and (isinstance(argument, ast.Name) or not _names(argument)):
            given[name] = argument
        else:
            lines.append(ast.Assign([_store(f"{name}_{depth}")], argument))
    return lines + _Writer(function, given, known, depth).block(body, targets)


def _body(function: FunctionType) -> Lines:
    """Return a function's statements; none if they cannot be written out."""
    loaded, texts = _module(function.__module__)
    code = function.__code__
    if code not in loaded or code.co_firstlineno not in texts or function.__defaults__ or function.__kwdefaults__:
        return []
    body: Lines = ast.parse(texts[code.co_firstlineno]).body[0].body  # type: ignore[attr-defined]  # a function has a body
    nodes = [node for line in body for node in ast.walk(line)]
    left = any(isinstance(node, ast.For) and _returns(node) for node in nodes)
    return body if not left and all(isinstance(node, SIMPLE) for node in nodes) else []


@cache
def _module(name: str) -> tuple[tuple[object, ...], dict[int, str]]:
    """Compile a module's source; return the code of its functions, and their texts by their first lines."""
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    texts = {node.lineno: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    return compile(tree, name, "exec").co_consts, texts


class _Writer(ast.NodeTransformer):
    """Writes statements of one function, its names bound."""

    def __init__(self, function: FunctionType, given: dict[str, ast.expr], known: Names, depth: int) -> None:
        self.globals = function.__globals__
        self.locals = function.__code__.co_varnames
        self.given = given
        self.known = known
        self.depth = depth

    def block(self, body: Lines, targets: list[ast.expr]) -> Lines:
        """Write statements up to a return; what follows an `if` that may return belongs to its branches."""
        lines: Lines = []
        for i, line in enumerate(body):
            if isinstance(line, ast.Return) and line.value:
                return lines + self.assign(targets, line.value)
            if isinstance(line, ast.If) and _returns(line):
                then, other = (self.block([*branch, *body[i + 1 :]], targets) for branch in (line.body, line.orelse))
                return [*lines, ast.If(self.visit(line.test), then, other)]
            if isinstance(line, ast.Assign):
                lines += self.assign([self.visit(target) for target in line.targets], line.value)
            else:
                lines.append(self.visit(line))
        return lines

    def assign(self, targets: list[ast.expr], value: ast.expr) -> Lines:
        if (function := self.called(value)) is not None:
            return self.call(function, value, targets)
        lines, value = self.lifted(value)
        return [*lines, ast.Assign(targets, self.visit(value))]

    def lifted(self, value: ast.expr) -> tuple[Lines, ast.expr]:
        """Write the call that an expression makes first in a line before it; left of it are at most names, which no call changes."""
        if (function := self.called(value)) is not None:
            return self.call(function, value, [_store(f"first_{self.depth}")]), _load(f"first_{self.depth}")
        lines: Lines = []
        if isinstance(value, ast.BinOp) and _is_still(value.left):
            lines, value.right = self.lifted(value.right)
        elif isinstance(value, ast.BinOp):
            lines, value.left = self.lifted(value.left)
        elif isinstance(value, ast.Call) and value.args:
            lines, value.args[0] = self.lifted(value.args[0])
        return lines, value

    def called(self, value: ast.expr) -> FunctionType | None:
        """Return the plain function that an expression calls; nothing where it is no such call."""
        name = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
        function = None if name in self.locals else self.globals.get(name)
        return function if isinstance(function, FunctionType) else None

    def call(self, function: FunctionType, value: ast.expr, targets: list[ast.expr]) -> Lines:
        arguments = [self.visit(argument) for argument in value.args]  # type: ignore[attr-defined]  # a call has arguments
        return _write(function, arguments, targets, self.known, self.depth + 1)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        return _load(f"bar_{node.attr}") if isinstance(node.value, ast.Name) and node.value.id == "bar" else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.given:
            return self.given[node.id]
        if node.id in self.locals:
            return ast.Name(f"{node.id}_{self.depth}", node.ctx)
        return _constant(self.globals[node.id], node.id, self.known) if node.id in self.globals else node


def _constant(value: object, name: str, known: Names) -> ast.expr:
    """Write a number as a number, anything else as a name."""
    if isinstance(value, (int, float)):
        return ast.Constant(value)
    known[f"{name}_at_{id(value)}"] = value
    return _load(f"{name}_at_{id(value)}")


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _store(name: str) -> ast.expr:
    return ast.Name(name, ast.Store())


def _names(tree: ast.AST) -> list[ast.Name]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _is_still(left: ast.expr) -> bool:
    """Say whether an operand is a name, a number or a field of the bar."""
    return isinstance(left, ast.Name | ast.Constant) or (isinstance(left, ast.Attribute) and isinstance(left.value, ast.Name))


def _returns(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(tree))
