"""`bot-core promote MODEL VERSION --env ENV`: propose a release, as a commit of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.governance import layout, worktree, writing
from bot_core.governance.desk import Desk
from bot_core.governance.gate import gate
from bot_core.governance.promotion import compose_domain, desired, promoted
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused
from bot_core.reporting.verdicts import as_json, as_lines

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.environment import Environment

EPILOG = """\
writes compliance/environments/ENV.yaml as a commit that touches nothing else, on a branch of its own when you stand on the base branch; a
domain file that is new (limits and rules, from conf/decision/) is a commit before it. Then it asks the gate and prints who must sign how.
Promoting the version that stands already with --rollout N takes a step of the rollout.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what goes where."""
    parser.add_argument("model", help="a released model")
    parser.add_argument("version", help="its version: a name under models/MODEL/")
    parser.add_argument("--env", required=True, help="an environment of the policy")
    parser.add_argument("--domain", help="a file of conf/decision/ (default: the one that lists the model)")
    parser.add_argument("--rollout", type=int, metavar="PERCENT", help="a step of the policy's rollout (default: the first)")
    parser.add_argument("--base", default="main", help="the protected branch (default: main)")


def run(arguments: argparse.Namespace) -> int:
    """Write the promotion and show what it needs."""
    desk = Desk.here()
    rules = desk.rules(arguments.env)
    desk.git.resolve(arguments.base)
    domain = compose_domain(desk.root, arguments.model, arguments.domain)
    wanted = promoted(desk.view, rules, arguments.model, arguments.version, domain, arguments.rollout)
    entry = wanted.entry(arguments.model)
    assert entry is not None  # noqa: S101  # it was just put there
    _require_change(desk, wanted, arguments)
    worktree.require_nothing_staged(desk.root)
    if worktree.branch(desk.root) == arguments.base:
        worktree.switch_to_new(desk.root, f"promote/{arguments.env}/{arguments.model}/{arguments.version}-{entry.rollout}")
    if desk.view.read(entry.domain) is None:
        writing.commit(desk.root, {entry.domain: spell(domain)}, f"Compose the domain {domain.name} for {arguments.env}")
    path = layout.environment(arguments.env)
    commit = writing.replace(desk.root, path, spell(wanted), f"Promote {arguments.model} {arguments.version} to {arguments.env}")
    found = gate(desk.git, arguments.base, commit, desk.now)
    branch = worktree.branch(desk.root)
    facts = {"branch": branch, "commit": commit, "entry": entry, "gate": as_json(found)}
    say(
        arguments,
        facts,
        [f"proposed on {branch}: {path}", *as_lines(found), "", f"next: git push -u origin {branch}, and open a pull request"],
    )
    return 0


def _require_change(desk: Desk, wanted: Environment, arguments: argparse.Namespace) -> None:
    if desired(desk.view, arguments.env) == wanted:
        path = layout.environment(arguments.env)
        message = f"{path}: expected a change, got {arguments.model} {arguments.version}, which stands there already"
        raise Refused("ROLLOUT-STEP", path, message, "bot-core promote … --rollout PERCENT takes the next step")
