"""What the pages say and show: their fenced blocks, and whether a shown output is the real one.

- `bash`: commands that a test runs, in order, in a prepared repository. A `text` block right after one is its output.
- `console`: `$ command` lines with their output. Run and compared too, but for commands that set up, take long or never end.
- In a shown output `…` stands for anything: on a line of its own for any number of lines, within a line for any text. A version's
  time and digest are compared by their form: they change with every release and with every digit of a model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), Path("CHANGELOG.md"), *sorted(Path("docs").rglob("*.md"))]
NOT_RUN = (
    "git clone",
    "cd ",
    "make ",
    ". .venv",
    "REWRITE_DOCS",
    "chromium",
    "ssh-keygen",
    "mkdocs serve",
    "dvc remote",
    "dvc push",
    "dvc pull",
    "pip install 'bot-core[",
    "wandb ",
    "bot-core sentiment warm --settings conf/sentiment/finbert.yaml",  # an example of a hub
)

_FENCE = re.compile(r"^```(?P<kind>\S*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_DIGEST, _TIME = re.compile(r"\b[0-9a-f]{8}\b"), re.compile(r"\b[0-9]{8}T[0-9]{6}Z\b")
_COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block; `start` and `end` are where its text stands in the page."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Step:
    """A command of a page and the output shown for it (None: none is shown); `start` and `end` are where that output stands."""

    command: str
    line: int
    shown: str | None = None
    start: int = 0
    end: int = 0

    @property
    def runs(self) -> bool:
        """Whether a test may run it."""
        return not self.command.startswith(NOT_RUN)


def blocks(page: str) -> list[Block]:
    """List a page's fenced blocks."""
    return [Block(found["kind"], found["body"], *found.span("body")) for found in _FENCE.finditer(page)]


def steps(page: str) -> list[Step]:
    """List a page's commands in order, each with its shown output."""
    found = blocks(page)
    return [step for i, block in enumerate(found) for step in _steps(page, block, found[i + 1 : i + 2])]


def same(shown: str, real: str) -> bool:
    r"""Say whether a shown output is the real one; spaces at the ends of lines and empty lines at the end do not count.

    >>> same("one\n…\nlast … line", "one\ntwo\nthree\nlast little line")
    True
    """
    parts = [r"(?:[^\n]*\n)*?" if line == "…" else re.escape(line).replace("…", r"[^\n]*") + r"\n" for line in _lines(shown)]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in _lines(real))) is not None


def _steps(page: str, block: Block, following: list[Block]) -> list[Step]:
    line = page.count("\n", 0, block.start) + 1
    if block.kind == "console":
        return [
            Step(part["command"], line, part["shown"] or None, block.start + part.start("shown"), block.start + part.end("shown"))
            for part in _COMMAND.finditer(block.text)
        ]
    if block.kind != "bash":
        return []
    outputs = [one for one in following if page[block.end : one.start].split() == ["```", "```text"]]
    return [Step(block.text, line, one.text, one.start, one.end) for one in outputs] or [Step(block.text, line)]


def _lines(text: str) -> list[str]:
    plain = _TIME.sub("<time>", _DIGEST.sub("<digest>", text.replace("\u00a0", " ")))
    return "\n".join(line.rstrip() for line in plain.splitlines()).rstrip("\n").split("\n")
