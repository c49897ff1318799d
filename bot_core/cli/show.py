"""Print the same facts for people or for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping


def say(arguments: argparse.Namespace, facts: Mapping[str, object], lines: Iterable[str]) -> None:
    """Print facts as JSON where that was asked, else the lines."""
    print(msgspec.json.encode(facts).decode() if arguments.format == "json" else "\n".join(lines))
