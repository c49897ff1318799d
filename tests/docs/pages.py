"""What the pages say and show: their fenced blocks, and whether a shown output is the real one.

- `bash`: commands that a test runs, in order, in a prepared repository. A `text` block right after one is its output.
- `console`: `$ command` lines with their output. Run and compared too, but for commands that set up, take long or never end.
- In a shown output `…` stands for anything: on a line of its own for any number of lines, within a line for any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), Path("CHANGELOG.md"), *sorted(Path("docs").rglob("*.md"))]
KINDS = {"bash", "console", "text", "yaml", "csv", "json"}
NOT_RUN = ("git clone", "make ", "cd ", "mkdocs serve", ". .venv", "dvc push", "dvc pull", "dvc remote")

_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\S*)[^\n]*\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, its text without indentation, its first line's number, and where its body stands in the page."""

    kind: str
    text: str
    line: int
    span: tuple[int, int]


@dataclass(frozen=True)
class Step:
    """A command and the output the page shows for it, None where it shows none; `span` is where that output stands in the page."""

    command: str
    shown: str | None
    line: int
    span: tuple[int, int]

    @property
    def runs(self) -> bool:
        """Whether a test may run it."""
        return not self.command.startswith(NOT_RUN)


def blocks(page: str) -> list[Block]:
    """List a page's fenced blocks."""
    return [
        Block(found["kind"], _without(found["indent"], found["body"]), page.count("\n", 0, found.start("body")) + 1, found.span("body"))
        for found in _FENCE.finditer(page)
    ]


def steps(page: str) -> list[Step]:
    """List a page's commands in order, each with its shown output."""
    found = blocks(page)
    after: list[Block | None] = [*found[1:], None]
    return [step for block, following in zip(found, after, strict=True) for step in _steps(page, block, following)]


def same(shown: str, real: str) -> bool:
    """Say whether a shown output is the real one.

    >>> same("one\\n…\\nlast … line", "one\\ntwo\\nthree\\nlast little line")
    True
    """
    pattern = re.escape("\n".join(_lines(shown)))
    pattern = re.sub(r"(?m)^…(\n|$)", r"(?:.*(?:\\n|$))*?", pattern.replace("\\\n", "\n"))
    return re.fullmatch(pattern.replace("…", ".*?"), "\n".join(_lines(real))) is not None


def _steps(page: str, block: Block, following: Block | None) -> list[Step]:
    if block.kind == "console":
        return _console(block)
    if block.kind != "bash":
        return []
    adjacent = following is not None and following.kind == "text" and page[block.span[1] : following.span[0]].count("```") == 2  # noqa: PLR2004  # the one that ends, the one that begins
    output = following if adjacent and not page[block.span[1] :].lstrip(" `\n").startswith("#") else None
    shown = None if output is None or page[block.span[1] : output.span[0]].strip(" `\n") != "text" else output.text
    return [Step(block.text, shown, block.line, (0, 0) if output is None else output.span)]


def _console(block: Block) -> list[Step]:
    found: list[Step] = []
    for part in re.finditer(r"(?m)^\$ (?P<command>.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", block.text):
        start = block.span[0] + part.start("shown")
        line = block.line + block.text.count("\n", 0, part.start())
        found.append(Step(part["command"], part["shown"] or None, line, (start, start + len(part["shown"]))))
    return found


def _without(indent: str, body: str) -> str:
    return re.sub(rf"(?m)^{indent}", "", body) if indent else body


def _lines(text: str) -> list[str]:
    lines = [line.replace("\u00a0", " ").rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines
