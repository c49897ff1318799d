"""What the short signed orders share: who signs with what, and the commit that carries the order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.errors import ConfigError
from bot_core.governance import writing
from bot_core.governance.reading import parse, spell
from bot_core.governance.reasons import Refused

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
    require_readable(document, path)
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


def require_readable(document: msgspec.Struct, path: str) -> None:
    """Prove before anybody signs that a document of words as typed will be read as one.

    Raises:
        ConfigError: an empty or too long text, a name that is none, a character that cannot be seen.
    """
    try:
        parse(spell(document), type(document), path)
    except ValueError as error:
        msg = f"{path}: {error}"
        raise ConfigError(msg, hint="nothing was written") from error
    except Refused as problem:
        raise ConfigError(problem.message, hint="nothing was written") from problem


def identifier(desk: Desk, *parts: str) -> str:
    """Name an order by its time and subject."""
    words = "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts if part)
    return f"{desk.now:%Y%m%d%H%M%S}-{words}"[:80].rstrip("-")
