"""`bot-core rollback MODEL --env ENV`: go back, in one commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.cli.show import say
from bot_core.documents.interventions import Rollback, order_id
from bot_core.errors import ConfigError
from bot_core.governance import layout, writing
from bot_core.governance.desk import Desk
from bot_core.governance.interventions import require_holder
from bot_core.governance.promotion import desired, with_entry, without_entry
from bot_core.governance.reading import spell
from bot_core.governance.stages import runs

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.environment import Entry, Environment

EPILOG = """\
  bot-core rollback decision_engine --env production --reason TEXT                  to the entry's fallback; no new signature
  bot-core rollback decision_engine --env production --to VERSION --signer … --key … --reason TEXT    elsewhere: one approver signs

restores the entry as it stood when that release was active: its limits and its percent with it. Where the fallback is `rules`, the entry
goes and rules decide. Never "the second-newest file": the entry says where it leads.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what goes back, where to, and why."""
    parser.add_argument("model", help="a model that is active")
    parser.add_argument("--env", required=True, help="an environment of the policy")
    parser.add_argument("--reason", required=True, help="what was seen; goes into the commit")
    parser.add_argument("--incident", help="a name in audit/ai_decision/incident_journal.md")
    parser.add_argument("--to", metavar="VERSION", help="another release than the fallback, active here before")
    parser.add_argument("--signer", help="with --to: your name in the policy")
    parser.add_argument("--key", type=Path, help="with --to: the private key's file")


def run(arguments: argparse.Namespace) -> int:
    """Restore the earlier entry."""
    desk = Desk.here()
    desk.rules(arguments.env)
    file = desired(desk.view, arguments.env)
    entry = file.entry(arguments.model)
    if entry is None:
        msg = f"{layout.environment(arguments.env)}: expected {arguments.model} among its models, got no such entry"
        raise ConfigError(msg, hint=f"bot-core status --env {arguments.env}")
    target = arguments.to or entry.fallback
    if target == entry.version or not arguments.reason.strip():
        msg = f"expected another release than {entry.version}, and a reason; got {target}, {arguments.reason!r}"
        raise ConfigError(msg, hint="bot-core rollback --help")
    after, restored = _restored(desk, arguments, file, target)
    files: dict[str, bytes] = {}
    if target != entry.fallback and restored is not None:
        files = _order(desk, arguments, entry, restored)
    data = {**files, layout.environment(arguments.env): spell(after)}
    message = f"Roll back {arguments.model} in {arguments.env} to {target}\n\n{arguments.reason}"
    commit = writing.overwrite(desk.root, data, message)
    where = "rules" if restored is None else f"{target} at {restored.rollout} %"
    facts = {"commit": commit, "from": entry.version, "to": target, "paths": list(data)}
    next_ = "next: git push; then write docs/runbooks/rollback.md, step 4"
    say(
        arguments,
        facts,
        [f"{arguments.model} in {arguments.env}: from {entry.version} to {where}", f"committed here: {commit[:12]}", next_],
    )
    return 0


def _restored(desk: Desk, arguments: argparse.Namespace, file: Environment, target: str) -> tuple[Environment, Entry | None]:
    """Find the entry as it stood when the target was active."""
    if target == "rules":
        return without_entry(file, arguments.model), None
    manifest = desk.view.read(layout.manifest(arguments.model, target))
    former = next(runs(desk.view, arguments.env, sha256(manifest)), None) if manifest is not None else None
    if former is None:
        path = layout.environment(arguments.env)
        msg = f"{path}: expected {arguments.model} {target} to have been active here before, got never"
        raise ConfigError(msg, hint=f"bot-core promote {arguments.model} {target} --env {arguments.env}")
    return with_entry(file, former.entry), former.entry


def _order(desk: Desk, arguments: argparse.Namespace, entry: Entry, restored: Entry) -> dict[str, bytes]:
    if arguments.signer is None or arguments.key is None:
        msg = f"--to: expected --signer and --key, for {restored.version} is not the fallback ({entry.fallback}); got neither"
        raise ConfigError(msg, hint="somebody in an approving role must sign, or leave --to out")
    require_holder(desk.policy, arguments.signer, desk.rules(arguments.env).approvals)
    order = Rollback(
        schema="bot-core/rollback/v1",
        repository=desk.policy.repository,
        environment=arguments.env,
        model=arguments.model,
        id=order_id(desk.now, restored.version),
        from_version=entry.version,
        to_version=restored.version,
        to_release=restored.release,
        signer=arguments.signer,
        issued=desk.now,
        reason=arguments.reason,
        incident=arguments.incident,
    )
    path = f"{layout.rollbacks(arguments.env, arguments.model)}/{order.id}.yaml"
    writing.require_readable(order, path)
    return writing.signed(order, path, layout.ROLLBACK, arguments.key, desk.crew, desk.now)
