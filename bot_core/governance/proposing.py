"""A new policy: the first one from the template, the next ones from the one before and what was edited."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import read_bytes
from bot_core.documents.policy import ROOT
from bot_core.errors import ConfigError
from bot_core.governance import canonical, generated, layout, sshsig
from bot_core.governance.chain import load_policy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from bot_core.documents.policy import Policy

TEMPLATE = Path(__file__).with_name("policy.template.yaml")
CHECKLIST = "model-promotion-v1"


def first(
    root: Path,
    repository: str,
    people: Mapping[str, tuple[str, Sequence[str]]],
    quorum: int,
    days: int,
    now: dt.datetime,
    services: Mapping[str, tuple[str, Sequence[str]]] | None = None,
) -> bytes:
    """Write version 1: `people` maps a name to a public key line and roles; `days` a release stays in paper before production.

    `services` maps a machine's name to a public key line and what it may.

    Raises:
        ConfigError: a public key that is none, or no checklist to name.
        CanonicalError: a name that is none.
    """
    blocks = "".join(person(name, key, roles, now) for name, (key, roles) in people.items())
    machines = "".join(service(name, key, may, now) for name, (key, may) in (services or {}).items())
    values = {
        "repository": _string(repository),
        "quorum": str(quorum),
        "days": str(days),
        "people": blocks.rstrip("\n"),
        "services": f"\nservices:\n{machines}".rstrip("\n") if machines else "",
        "checklist": sha256(read_bytes(root / layout.checklist(CHECKLIST))),
    }
    text = re.sub(r"@(\w+)@", lambda found: values[found[1]], TEMPLATE.read_text(encoding="utf-8"))
    return canonical.format_text(text.encode(), layout.POLICY, comments=True)


def following(
    old: bytes, edited: bytes, added: Mapping[str, tuple[str, Sequence[str]]], dropped: Sequence[str], now: dt.datetime
) -> bytes:
    """Write the version after `old`: the edited text, people added and dropped, the next number, the digest of the one before.

    Raises:
        CanonicalError: the edited text cannot be mended without guessing.
        Refused: the result is no policy.
    """
    before = load_policy(old)
    text = canonical.format_text(edited, layout.POLICY, comments=True).decode()
    text = re.sub(
        r"(?m)^version: .*\n(previous: .*\n)?", f"version: {before.version + 1}\nprevious: {sha256(old)}\n", text, count=1
    )
    for name in dropped:
        text = _without(text, name)
    blocks = "".join(person(name, key, roles, now) for name, (key, roles) in added.items())
    text = re.sub(r"(?m)^people:\n", f"people:\n{blocks}", text, count=1)
    data = canonical.format_text(text.encode(), layout.POLICY, comments=True)
    load_policy(data)
    return data


def person(name: str, key: str, roles: Sequence[str], now: dt.datetime) -> str:
    """Spell a person as an item of the policy's list.

    Raises:
        ConfigError: the public key is none that counts.
    """
    return _owner(name, key, "roles", roles, now)


def service(name: str, key: str, may: Sequence[str], now: dt.datetime) -> str:
    """Spell a service as an item of the policy's list; see `person` for what is raised."""
    return _owner(name, key, "may", may, now)


def files(data: bytes, policy: Policy) -> dict[str, bytes]:
    """Return the policy's file and what it generates."""
    return {layout.POLICY: data, **generated.files(policy)}


def roots(policy: Policy) -> list[str]:
    """Name the root people."""
    return [person.name for person in policy.people if ROOT in person.roles]


def _owner(name: str, key: str, what: str, words: Sequence[str], now: dt.datetime) -> str:
    try:
        sshsig.key_blob(key)
    except sshsig.SignatureError as error:
        msg = f"{name}: expected an OpenSSH public key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com: {error}"
        raise ConfigError(msg, hint="ssh-keygen -t ed25519-sk makes one on a hardware key") from error
    listed = "".join(f"      - {word}\n" for word in words)
    touch = "        require_touch: true\n" if key.startswith("sk-") else ""
    public = " ".join(key.split()[:2])
    named = f"  - name: {name}\n" + (f"    {what}:\n{listed}" if words else "")
    return f'{named}    keys:\n      - public: "{public}"\n        valid_from: "{now:%Y-%m-%dT%H:%M:%SZ}"\n{touch}'


def _without(text: str, name: str) -> str:
    start = text.index("\npeople:\n") + len("\npeople:\n")
    end = next((found.start() for found in re.finditer(r"(?m)^\S", text) if found.start() > start), len(text))
    pattern = rf"(?m)^  - name: {re.escape(name)}\n(    .*\n)*"
    kept, count = re.subn(pattern, "", text[start:end], count=1)
    if not count:
        msg = f"{layout.POLICY}: people: expected {name} among them"
        raise ConfigError(msg, hint="bot-core status")
    return text[:start] + kept + text[end:]


def _string(text: str) -> str:
    return canonical.dump({"a": text}).decode().removeprefix("a: ").rstrip("\n")
