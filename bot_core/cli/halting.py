"""The slow half of `bot-core halt`: who may, which release, signed and committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core.cli.orders import issue
from bot_core.documents.runtime import Control
from bot_core.errors import ConfigError
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.governance.interventions import require_holder
from bot_core.governance.promotion import desired

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.interventions import Halt
    from bot_core.governance.state import StateFolder


def issue_halt(arguments: argparse.Namespace, folder: StateFolder | None, draft: Halt) -> int:
    """Sign the halt and commit it.

    Raises:
        ConfigError: the signer's halt would count for nothing, or the model is not active there.
    """
    desk = Desk.here(draft.issued)
    require_holder(desk.policy, arguments.signer, desk.rules(arguments.env).approvals)
    version = _active(desk, arguments, folder) if arguments.model else None
    order = msgspec.structs.replace(draft, repository=desk.policy.repository, version=version)
    path = f"{layout.halts(arguments.env)}/{order.id}.yaml"
    return issue(arguments, desk, order, path, layout.HALT, f"Halt {arguments.model or 'everything'} in {arguments.env}")


def _active(desk: Desk, arguments: argparse.Namespace, folder: StateFolder | None) -> str | None:
    """Return the release to stop; nothing, which is every release of the model, where this machine has another than git desires."""
    file = desired(desk.view, arguments.env)
    entry = file.entry(arguments.model)
    if entry is None:
        known = ", ".join(e.model for e in file.models) or "no model"
        msg = f"{layout.environment(arguments.env)}: expected one of {known}; got {arguments.model}"
        raise ConfigError(msg, hint=f"bot-core status --env {arguments.env}")
    control = folder.control() if folder else Control()
    named = control.models.get(control.default or "")
    return None if named is not None and named.model == arguments.model else entry.version
