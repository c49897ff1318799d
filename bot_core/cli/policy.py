"""`bot-core policy init | propose | sign`: who may sign what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import read_bytes, write_bytes
from bot_core.cli.show import say
from bot_core.errors import ConfigError
from bot_core.governance import chain, layout, proposing, worktree, writing
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.policy import Policy

EPILOG = """\
  bot-core policy init --root ann=ann.pub --root ben=ben.pub     the first policy; each root person then signs it
  bot-core policy sign --signer ann --key ~/.ssh/ann             a root person signs the policy as it stands
  bot-core policy propose --person cid=cid.pub:risk,compliance   the next version: people added, or your own edits of the file
  bot-core policy propose --drop cid                             … or somebody taken out

the first policy is pushed directly; every later one is a pull request that changes nothing else and carries the signatures of the root
quorum of the old and of the new policy.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="init|propose|sign", required=True)
    init = verbs.add_parser("init", help="write version 1 from the template")
    init.add_argument(
        "--root", action="append", required=True, metavar="NAME=KEY.pub", help="a root person; give it once per person"
    )
    init.add_argument(
        "--person", action="append", default=[], metavar="NAME=KEY.pub:ROLE,ROLE", help="somebody who signs or releases"
    )
    init.add_argument("--quorum", type=int, help="root people who must sign a change (default: two, or the only one)")
    init.add_argument("--waiting-days", type=int, default=7, help="days in paper, and the lead of the drift audit (default: 7)")
    init.add_argument(
        "--repository", help="what sign-offs name, so that those of another repository are worthless (default: the folder)"
    )
    propose = verbs.add_parser("propose", help="write the next version")
    propose.add_argument("--person", action="append", default=[], metavar="NAME=KEY.pub:ROLE,ROLE", help="add somebody")
    propose.add_argument("--drop", action="append", default=[], metavar="NAME", help="take somebody out")
    sign = verbs.add_parser("sign", help="sign the policy as it stands")
    sign.add_argument("--signer", required=True, help="a root person")
    sign.add_argument("--key", required=True, type=Path, help="the private key's file; the public one's with an agent")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the three."""
    desk = Desk.here()
    return {"init": _init, "propose": _propose, "sign": _sign}[arguments.verb](arguments, desk)


def _init(arguments: argparse.Namespace, desk: Desk) -> int:
    if (desk.root / layout.POLICY).exists():
        msg = f"{layout.POLICY}: expected no policy yet, got one"
        raise ConfigError(msg, hint="bot-core policy propose")
    people = _people([f"{word}:root" for word in arguments.root] + arguments.person)
    quorum = arguments.quorum or min(2, len(arguments.root))
    repository = arguments.repository or desk.root.name
    data = proposing.first(desk.root, repository, people, quorum, arguments.waiting_days, desk.now)
    policy = chain.load_policy(data)
    _write(desk, data, policy, "Propose the first policy")
    names = proposing.roots(policy)
    signs = [f"bot-core policy sign --signer {name} --key KEY" for name in names]
    steps = [*signs, "git push   (the first policy lands directly; then protect the branch: docs/how-to/protect-main.md)"]
    facts = {"version": 1, "quorum": quorum, "roots": names, "next": steps}
    say(
        arguments,
        facts,
        [f"{layout.POLICY}: version 1, {quorum} of {len(names)} root people must sign", "next:", *(f"  {step}" for step in steps)],
    )
    return 0


def _propose(arguments: argparse.Namespace, desk: Desk) -> int:
    old = desk.view.read(layout.POLICY)
    if old is None:
        raise Refused(
            "POLICY-MISSING", layout.POLICY, f"{layout.POLICY}: expected a committed policy, got none", "bot-core policy init"
        )
    edited = read_bytes(desk.root / layout.POLICY)
    data = proposing.following(old, edited, _people(arguments.person), arguments.drop, desk.now)
    policy = chain.load_policy(data)
    for stale in sorted((desk.root / "compliance").glob("policy.yaml.*.sig")):
        stale.unlink()
    _write(desk, data, policy, f"Propose policy version {policy.version}")
    steps = [f"bot-core policy sign --signer {name} --key KEY" for name in proposing.roots(policy)]
    lines = [
        f"{layout.POLICY}: version {policy.version}; {policy.root_quorum} root people of the old and of the new policy must sign"
    ]
    say(arguments, {"version": policy.version, "next": steps}, [*lines, "next:", *(f"  {step}" for step in steps)])
    return 0


def _sign(arguments: argparse.Namespace, desk: Desk) -> int:
    data = read_bytes(desk.root / layout.POLICY)
    policy = chain.load_policy(data)
    if arguments.signer not in proposing.roots(policy) and arguments.signer not in _old_roots(desk):
        got = f"{arguments.signer}; root people are {', '.join(proposing.roots(policy))}"
        msg = f"--signer: expected a root person, got {got}"
        raise ConfigError(msg)
    path = f"{layout.POLICY}.{arguments.signer}.sig"
    armored = writing.sign(data, layout.POLICY, layout.POLICY_KIND, arguments.key)
    write_bytes(desk.root / path, armored)
    worktree.commit(desk.root, [path], f"Sign policy version {policy.version} as {arguments.signer}")
    signed = sorted(chain.signed_by(data, policy, lambda name: _read(desk.root / name), desk.now))
    lacking = max(0, policy.root_quorum - len(signed))
    say(
        arguments,
        {"signed": signed, "lacking": lacking},
        [f"signed by {', '.join(signed) or 'nobody that counts'}; {lacking} more to go"],
    )
    return 0


def _old_roots(desk: Desk) -> list[str]:
    old = desk.view.read(layout.POLICY)
    return [] if old is None else proposing.roots(chain.load_policy(old))


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(desk: Desk, data: bytes, policy: Policy, message: str) -> None:
    files = proposing.files(data, policy)
    worktree.require_nothing_staged(desk.root)
    for path, content in files.items():
        write_bytes(desk.root / path, content)
    stale = worktree.deleted(desk.root, ["compliance"])
    worktree.commit(desk.root, [*files, *stale], message)


def _people(words: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Read NAME=KEY.pub:ROLE,ROLE."""
    found: dict[str, tuple[str, list[str]]] = {}
    for word in words:
        name, _, rest = word.partition("=")
        file, _, roles = rest.partition(":")
        if not name or not file:
            msg = f"expected NAME=KEY.pub:ROLE,ROLE, got {word}"
            raise ConfigError(msg)
        held = found.get(name, ("", []))[1]
        found[name] = (
            read_bytes(Path(file)).decode(errors="replace").strip(),
            [*held, *(role for role in roles.split(",") if role)],
        )
    return found
