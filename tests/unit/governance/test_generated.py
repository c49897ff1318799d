from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from bot_core.documents.policy import PublicKey, Service
from bot_core.governance import generated, layout
from bot_core.governance.chain import load_policy
from tests.memory_view import DAY, T0, device, person, policy, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage, World

POLICY = policy(
    person("ann", "root", "risk", valid_until=T0),
    person("ben", "compliance"),
    services=[
        Service(
            name="runtime-1", may=["head", "report", "propose_revert"], keys=[PublicKey(public=device("box").public, valid_from=T0)]
        )
    ],
    environments=[rules(approvals={"risk": 1, "compliance": 1})],
)


def accepts(folder: Path, document: Path, namespace: str, signer: str, *, at: str = "") -> bool:
    """Ask OpenSSH alone."""
    words = ["-Y", "verify", "-f", str(folder / layout.ALLOWED_SIGNERS), "-I", signer, "-n", namespace, "-s", f"{document}.sig"]
    words += ["-O", f"verify-time={at}"] if at else []
    return subprocess.run(["ssh-keygen", *words], input=document.read_bytes(), capture_output=True, check=False).returncode == 0


def test_an_auditor_with_openssh_alone_proves_a_real_sign_off(world: Callable[[Stage], World]) -> None:
    desk = world("paper")
    document = desk.path / desk.find("compliance/signoffs/paper/*/*/*.yaml")
    assert accepts(desk.path, document, "signoff@bot-core", "ann")
    assert not accepts(desk.path, document, "signoff@bot-core", "ben")
    assert not accepts(desk.path, document, "review@bot-core", "ann")
    assert not accepts(desk.path, document, "signoff@bot-core", "ann", at="20200101000000")
    document.write_bytes(document.read_bytes() + b"# more\n")
    assert not accepts(desk.path, document, "signoff@bot-core", "ann")


def test_a_release_and_the_policy_are_proven_alike(world: Callable[[Stage], World]) -> None:
    desk = world("released")
    manifest = desk.path / desk.find("models/*/*.release.yaml")
    assert accepts(desk.path, manifest, "release@bot-core", "eve")
    signed = desk.path / layout.POLICY
    shutil.copy(f"{signed}.ben.sig", f"{signed}.sig")
    assert accepts(desk.path, signed, "policy@bot-core", "ben")


def test_what_is_committed_is_what_the_policy_generates(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    policy_ = load_policy(desk.read(layout.POLICY).encode())
    assert {path: desk.read(path).encode() for path in generated.files(policy_)} == generated.files(policy_)


def test_each_key_is_a_line_with_its_kinds_and_times() -> None:
    head, ann, ben, box = generated.allowed_signers(POLICY).decode().splitlines()
    kinds = ",".join(
        f"{kind}@bot-core" for kind in ["policy", "release", "signoff", "review", "rollback", "halt", "resume", "revocation"]
    )
    since, key = (T0 - 365 * DAY).strftime("%Y%m%d%H%M%SZ"), " ".join(device("ann").public.split()[:2])
    assert head.startswith("# ")
    assert ann == f'ann namespaces="{kinds}",valid-after="{since}",valid-before="20261121100000Z" {key}'
    assert ben.startswith(f'ben namespaces="{kinds}",valid-after="{since}" sk-ssh-ed25519@openssh.com ')
    assert box.startswith('runtime-1 namespaces="head@bot-core,report@bot-core",valid-after="20261121100000Z" ')


def test_owners_are_asked_by_their_addresses() -> None:
    POLICY.people[0].emails[:] = ["ann@desk.example"]
    lines = generated.codeowners(POLICY).decode().splitlines()[1:]
    assert lines == [f"{place} ann@desk.example" for place in ("/compliance/", "/models/", "/audit/", "/CODEOWNERS", "/.github/")]
    POLICY.people[0].emails.clear()
    assert generated.codeowners(POLICY).decode().count("\n") == 1
