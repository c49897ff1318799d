"""The rules by which pages are read, on small pages."""

from __future__ import annotations

import pytest

from tests.docs.pages import blocks, same, steps

PAGE = """\
# A page

```bash
echo one
```

```text
one
```

Words.

```bash
echo two
```

Between.

```text
not its output
```

```console
$ make repro
many
lines
$ echo three
three
```
"""


def test_the_text_right_after_a_bash_block_is_its_output_and_no_other() -> None:
    found = steps(PAGE)
    assert [(step.command, step.shown, step.line) for step in found[:2]] == [("echo one\n", "one\n", 4), ("echo two\n", None, 14)]


def test_a_console_block_is_commands_with_their_outputs() -> None:
    found = steps(PAGE)[2:]
    assert [(step.command, step.shown, step.runs) for step in found] == [
        ("make repro", "many\nlines\n", False),
        ("echo three", "three\n", True),
    ]


def test_a_shown_output_is_found_again_in_the_page() -> None:
    assert [PAGE[step.start : step.end] for step in steps(PAGE) if step.shown] == ["one\n", "many\nlines\n", "three\n"]


def test_every_block_is_found() -> None:
    assert [block.kind for block in blocks(PAGE)] == ["bash", "text", "bash", "text", "console"]


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("a\nb\n", "a  \nb\n\n"),
        ("…", ""),
        ("…", "a\nb"),
        ("a\n…", "a"),
        ("…\nz", "a\nb\nz"),
        ("took … s", "took 3.2 s"),
        ("a.b", "a.b"),
        ("1\u00a0%", "1 %"),
        ("released 20261121T053341Z-9c3c45f1", "released 20270101T000000Z-00000000"),
    ],
)
def test_outputs_that_agree(shown: str, real: str) -> None:
    assert same(shown, real)


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("a\nb", "a"),
        ("a", "a\nb"),
        ("a.b", "axb"),
        ("…\nz", "a\nz\nb"),
        ("took … s", "took\n3.2 s"),
        ("a\n\nb", "a\nb"),
        ("version 9c3c45f1", "version unknown"),
    ],
)
def test_outputs_that_differ(shown: str, real: str) -> None:
    assert not same(shown, real)
