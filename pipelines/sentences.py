"""The sentiment roster's first stage: name the labelled sentences by their digests, `build/sentences/source.json`.

It runs whenever that roster is asked for, for the sentences may lie anywhere and DVC does not watch them; what follows runs again only when
a digest changed.
"""

from __future__ import annotations

from pathlib import Path

from bot_core._parse import write_json
from bot_core.cli.boundary import guard
from bot_core.sentiment import sentences

SOURCE = Path("build", "sentences", "source.json")


def main() -> None:
    """Find the sentences and name them."""
    place = sentences.folder()
    write_json(SOURCE, sentences.digests(place))
    print(f"sentences: {place}")


if __name__ == "__main__":
    guard(main)
