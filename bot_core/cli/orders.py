"""What the short signed orders share: who signs with what, and the commit that carries the order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.governance import writing

if TYPE_CHECKING:
    import argparse

    import msgspec

    from bot_core.governance.desk import Desk
    from bot_core.governance.layout import Signable


def add_signer(parser: argparse.ArgumentParser) -> None:
    """Declare the signer and the key."""
    parser.add_argument("--signer", required=True, help="your name in the policy")
    parser.add_argument(
        "--key", required=True, type=Path, help="the private key's file; the public one's with an agent or a hardware key"
    )


def issue(arguments: argparse.Namespace, desk: Desk, document: msgspec.Struct, path: str, kind: Signable, said: str) -> int:
    """Sign an order, commit it alone, and say what it takes effect by."""
    writing.require_readable(document, path)
    files = writing.signed(document, path, kind, arguments.key, desk.crew, desk.now)
    commit = writing.commit(desk.root, files, said)
    say(
        arguments,
        {"path": path, "commit": commit},
        [
            f"{said}: {path}",
            f"committed here: {commit[:12]}",
            "next: git push   (a pull request that only restricts can always merge)",
        ],
    )
    return 0
