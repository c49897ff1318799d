"""Forgeries: documents that no command would write, signed with real keys and committed where they do harm."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from bot_core.documents.signoff import SignOff
from bot_core.governance import layout, writing
from bot_core.governance.reading import parse, spell
from tests.authenticator import keypair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.governance.layout import Signable
    from tests.world import World

ROOTS = ("ann", "ben")
Outcome = tuple[int, *tuple[str, ...]]  # an exit code, and the reason codes with it


def expect(desk: World, exit_code: int, *codes: str, base: str = "main") -> None:
    """Ask the gate, and expect exactly this exit code and these reason codes."""
    code, reasons, answer = desk.gate(base)
    assert (code, reasons) == (exit_code, set(codes)), answer


@contextlib.contextmanager
def on_main(desk: World) -> Iterator[None]:
    """Work on the protected branch itself, as somebody who may push to it, then go back to the proposal."""
    branch = desk.git("rev-parse", "--abbrev-ref", "HEAD")
    desk.git("switch", "-q", "main")
    yield
    desk.git("switch", "-q", branch)


def stranger(desk: World, name: str = "mallory") -> Path:
    """Make the key of somebody whom the policy does not know."""
    key = desk.path.parent / name
    return key if key.exists() else keypair(desk.path.parent, name)


# --- the policy ---


def policy(desk: World, *words: str, edits: tuple[tuple[str, str], ...] = (), signers: tuple[str, ...] = ROOTS) -> None:
    """Propose the next policy as the command does, with edits by hand before it, and sign it."""
    for old, new in edits:
        desk.edit(layout.POLICY, old, new)
    desk.ok("policy", "propose", *words)
    sign_policy(desk, *signers)


def sign_policy(desk: World, *signers: str) -> None:
    """Sign the policy as it stands, whatever it says."""
    for name in signers:
        seal(desk, layout.POLICY, desk.key(name), layout.POLICY_KIND, f"{layout.POLICY}.{name}.sig")
    desk.commit("Sign the policy")


def window(desk: World, name: str, **days: int) -> tuple[str, str]:
    """Return the edit of the policy that lets somebody's key count so many days after T0: `valid_from`, `valid_until`."""
    block = desk.read(layout.POLICY).split(f"  - name: {name}\n", 1)[1].split("  - name: ", 1)[0]
    head, _, rest = block.partition("        valid_from: ")
    limits = {"valid_from": -1} | days
    lines = "".join(f'        {key}: "{desk.t0 + dt.timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"\n' for key, day in limits.items())
    return block, head + lines + rest.partition("\n")[2]


# --- signed documents ---


def seal(desk: World, path: str, key: Path, kind: Signable = layout.SIGNOFF, to: str = "") -> None:
    """Write the signature of a file as it stands."""
    desk.put(to or path + layout.SIG, writing.sign((desk.path / path).read_bytes(), path, kind, key))


def bring(desk: World, path: str, data: bytes | str, key: Path | None = None, kind: Signable = layout.SIGNOFF) -> None:
    """Commit a document, signed where there is a key."""
    desk.put(path, data)
    if key is not None:
        seal(desk, path, key, kind)
    desk.commit("Bring a document")


def paper(desk: World, role: str = "risk") -> str:
    """Return the path of the role's sign-off of the release for production."""
    return desk.find(f"{desk.signoffs}/release.{role}.*.yaml")


def word(desk: World, role: str = "risk") -> SignOff:
    """Read the role's sign-off of the release for production."""
    path = paper(desk, role)
    return parse(desk.read(path).encode(), SignOff, path)


def withdraw(desk: World, path: str) -> None:
    """Take a document and its signature out of the proposal."""
    for file in (path, path + layout.SIG):
        (desk.path / file).unlink()
    desk.commit("Take a document out")


def reword(
    desk: World, role: str = "risk", *, key: Path | None = None, kind: Signable = layout.SIGNOFF, at: str = "", **changes: object
) -> str:
    """Put a changed sign-off in place of the role's; return its path. By default its signer signs it, and its name fits its content."""
    said = msgspec.structs.replace(word(desk, role), **changes)
    withdraw(desk, paper(desk, role))
    return say(desk, said, key=key, kind=kind, at=at)


def say(desk: World, said: SignOff, *, key: Path | None = None, kind: Signable = layout.SIGNOFF, at: str = "") -> str:
    """Commit a sign-off; return its path."""
    path = at or layout.signoff(said.environment, said.subject, said.role, said.signer, said.issued)
    bring(desk, path, spell(said), key or desk.key(said.signer), kind)
    return path


def answering(said: SignOff, **answers: dict[str, object]) -> SignOff:
    """Change answers of a sign-off's checklist; an answer of nothing is left out."""
    assert said.checklist is not None
    plain = {answer.item: msgspec.to_builtins(answer) for answer in said.checklist.answers}
    plain |= {item: {"item": item, **given} for item, given in answers.items()}
    listed = [answer for _, answer in sorted(plain.items()) if len(answer) > 1]
    checklist = {**msgspec.to_builtins(said.checklist), "answers": listed}
    return msgspec.convert({**msgspec.to_builtins(said), "checklist": checklist}, SignOff)
