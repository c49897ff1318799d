"""`bot-core policy init | propose | sign`: who may sign what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import read_bytes, write_bytes
from bot_core.cli.show import say
from bot_core.documents.governed import NAME, ROLE
from bot_core.errors import ConfigError
from bot_core.governance import chain, layout, proposing, worktree, writing
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.policy import Policy

EPILOG = """\
  bot-core policy init --root ann=ann.pub --root ben=ben.pub     the first policy; each root person then signs it
  bot-core policy init … --service runtime-1=r1.pub:head,report  … with a machine that publishes what it does (bot-core audit publish)
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
    init.add_argument(
        "--service",
        action="append",
        default=[],
        metavar="NAME=KEY.pub:head,report",
        help="a machine that publishes; may approve nothing",
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
    people, services = _people([f"{word}:root" for word in arguments.root] + arguments.person), _people(arguments.service)
    quorum = min(2, len(arguments.root)) if arguments.quorum is None else arguments.quorum
    if not 1 <= quorum <= len(arguments.root):
        msg = f"--quorum: expected 1 to {len(arguments.root)}, as many as there are root people; got {quorum}"
        raise ConfigError(msg)
    repository = arguments.repository or desk.root.name
    data = proposing.first(desk.root, repository, people, quorum, arguments.waiting_days, desk.now, services)
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
    before = chain.load_policy(old)
    worktree.require_nothing_staged(desk.root)
    for stale in sorted((desk.root / "compliance").glob("policy.yaml.*.sig")):
        stale.unlink()
    _write(desk, data, policy, f"Propose policy version {policy.version}")
    names = dict.fromkeys([*proposing.roots(policy), *proposing.roots(before)])
    steps = [f"bot-core policy sign --signer {name} --key KEY" for name in names]
    quorums = f"{before.root_quorum} root people of the old and {policy.root_quorum} of the new policy must sign"
    lines = [f"{layout.POLICY}: version {policy.version}; {quorums}"]
    say(arguments, {"version": policy.version, "next": steps}, [*lines, "next:", *(f"  {step}" for step in steps)])
    return 0


def _sign(arguments: argparse.Namespace, desk: Desk) -> int:
    data = read_bytes(desk.root / layout.POLICY)
    policies = [policy := chain.load_policy(data), *_before(desk, policy)]
    roots = dict.fromkeys(name for held in policies for name in proposing.roots(held))
    if arguments.signer not in roots:
        msg = f"--signer: expected a root person, got {arguments.signer}; root people are {', '.join(roots)}"
        raise ConfigError(msg)
    path = f"{layout.POLICY}.{arguments.signer}.sig"
    armored = writing.sign(data, layout.POLICY, layout.POLICY_KIND, arguments.key)
    there = {path: armored}
    found = [chain.signed_by(data, held, lambda name: there.get(name) or _read(desk.root / name), desk.now) for held in policies]
    if not any(arguments.signer in names for names in found):
        msg = f"--key: expected a key that counts now and that the policy gives {arguments.signer}, got another: {arguments.key}"
        raise ConfigError(msg, hint="nothing was written")
    write_bytes(desk.root / path, armored)
    if worktree.changed(desk.root, [path]):
        worktree.commit(desk.root, [path], f"Sign policy version {policy.version} as {arguments.signer}")
    signed = sorted(set().union(*found))
    lacking = max(0, *(held.root_quorum - len(names) for held, names in zip(policies, found, strict=True)))
    say(arguments, {"signed": signed, "lacking": lacking}, [f"signed by {', '.join(signed)}; {lacking} more to go"])
    return 0


def _before(desk: Desk, policy: Policy) -> list[Policy]:
    """Find the policy that this one follows, for its root people sign too; none for the first."""
    if policy.previous is None:
        return []
    found = (version.data for version in desk.view.versions(layout.POLICY) if version.data is not None)
    return [chain.load_policy(data) for data in found if sha256(data) == policy.previous][:1]


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(desk: Desk, data: bytes, policy: Policy, message: str) -> None:
    files = proposing.files(data, policy)
    worktree.require_nothing_staged(desk.root)
    for path, content in files.items():
        write_bytes(desk.root / path, content)
    stale = worktree.deleted(desk.root, [f"{layout.POLICY}.*.sig"])
    worktree.commit(desk.root, [*files, *stale], message)


def _people(words: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Read NAME=KEY.pub:ROLE,ROLE."""
    found: dict[str, tuple[str, list[str]]] = {}
    for word in words:
        name, _, rest = word.partition("=")
        file, _, roles = rest.partition(":")
        wanted = [role for role in roles.split(",") if role]
        if not re.fullmatch(NAME, name) or not file or not all(re.fullmatch(ROLE, role) for role in wanted):
            msg = f"expected NAME=KEY.pub:ROLE,ROLE with names of a-z, 0-9, _ and -, got {word}"
            raise ConfigError(msg)
        key, held = read_bytes(Path(file)).decode(errors="replace").strip(), found.get(name, ("", []))
        if held[0] not in ("", key):
            msg = f"expected one key for {name}, got another in {file}"
            raise ConfigError(msg, hint="add a person's second key in compliance/policy.yaml, then bot-core policy propose")
        found[name] = (key, [*held[1], *wanted])
    return found
