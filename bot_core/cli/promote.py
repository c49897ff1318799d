"""`bot-core promote MODEL VERSION --env ENV`: propose a release, as a commit of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.governance import extracts, layout, worktree, writing
from bot_core.governance.desk import Desk
from bot_core.governance.gate import gate
from bot_core.governance.operation import hint
from bot_core.governance.promotion import compose_domain, desired, promoted
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused
from bot_core.reporting.verdicts import as_json, as_lines

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.environment import Entry, Environment
    from bot_core.documents.policy import EnvironmentPolicy
    from bot_core.governance.writing import Files

EPILOG = """\
writes compliance/environments/ENV.yaml as a commit that touches nothing else, on a branch of its own when you stand on the base branch; a
domain file that is new (limits and rules, from conf/decision/) is a commit before it. So is what the environment before ENV has published
of the release (bot-core audit publish): the newest extracts of its scheduler and its journal, proven and copied. When they come later, the
same command on the proposal's branch brings them. Then it asks the gate and prints who must sign how.
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
    parser.add_argument(
        "--from", dest="place", metavar="REF", help="where extracts are published (default: origin/audit-log, else audit-log)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the promotion and show what it needs."""
    desk = Desk.here()
    rules = desk.rules(arguments.env)
    desk.git.resolve(arguments.base)
    domain = compose_domain(desk.root, arguments.model, arguments.domain)
    wanted = promoted(desk.view, rules, arguments.model, arguments.version, domain, arguments.rollout)
    entry = wanted.entry(arguments.model)
    assert entry is not None  # noqa: S101  # it was just put there
    brought, lines = _extracts(desk, rules, entry, arguments)
    stands = _require_change(desk, wanted, brought, arguments)
    worktree.require_nothing_staged(desk.root)
    if worktree.branch(desk.root) == arguments.base:
        worktree.switch_to_new(desk.root, f"promote/{arguments.env}/{arguments.model}/{arguments.version}-{entry.rollout}")
    if desk.view.read(entry.domain) is None:
        writing.commit(desk.root, {entry.domain: spell(domain)}, f"Compose the domain {domain.name} for {arguments.env}")
    if brought:
        writing.commit(desk.root, brought, f"Bring what was published of {arguments.model} {arguments.version}")
    path = layout.environment(arguments.env)
    if not stands:
        writing.replace(desk.root, path, spell(wanted), f"Promote {arguments.model} {arguments.version} to {arguments.env}")
    commit, branch = worktree.head(desk.root), worktree.branch(desk.root)
    found = gate(desk.git, arguments.base, commit, desk.now)
    facts = {"branch": branch, "commit": commit, "entry": entry, "extracts": sorted(brought), "gate": as_json(found)}
    next_step = f"next: git push -u origin {branch}, and open a pull request"
    say(arguments, facts, [f"proposed on {branch}: {path}", *lines, *as_lines(found), "", next_step])
    return 0


def _extracts(desk: Desk, rules: EnvironmentPolicy, entry: Entry, arguments: argparse.Namespace) -> tuple[Files, list[str]]:
    """Find what the environment before has published of a release that is not there yet; say what is copied, or what to do."""
    before = desired(desk.at(arguments.base), rules.name).entry(entry.model)
    if rules.after is None or (before is not None and before.release == entry.release):
        return {}, []
    environment = rules.after.environment
    place = extracts.published(desk.git, arguments.place)
    if place is None:
        return {}, _unpublished("no branch audit-log here", rules, entry)
    found = extracts.to_bring(desk, place, environment, entry.model, entry.version)
    copied = [f"copied from {place}: {path}" for path in found.files if not path.endswith(layout.SIG)]
    left = [f"left out: {note.message}" for note in found.notes]
    missing = [] if found.extracts else _unpublished(f"no extract of {environment} at {place}", rules, entry)
    return dict(found.files), [*copied, *left, *missing]


def _unpublished(what: str, rules: EnvironmentPolicy, entry: Entry) -> list[str]:
    environment = rules.after.environment if rules.after else rules.name
    return [f"nothing copied: {what}", f"  → {hint(environment, entry.model, entry.version, rules)}"]


def _require_change(desk: Desk, wanted: Environment, brought: Files, arguments: argparse.Namespace) -> bool:
    """Say whether the entry is proposed here already; refuse to go on where nothing would change."""
    if desired(desk.view, arguments.env) != wanted:
        return False
    if not brought or worktree.branch(desk.root) == arguments.base:
        path = layout.environment(arguments.env)
        message = f"{path}: expected a change, got {arguments.model} {arguments.version}, which stands there already"
        raise Refused("ROLLOUT-STEP", path, message, "bot-core promote … --rollout PERCENT takes the next step")
    return True
