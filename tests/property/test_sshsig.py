"""Laws of signatures: what is accepted here, `ssh-keygen -Y verify` accepts, and no signature has a second spelling.

Thousands of damaged and forged signatures try to break them.

ssh-keygen costs a process, so it is asked about every mutant that was accepted and about a fixed sample of the others.
"""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot_core.governance.sshsig import SignatureError, key_blob, verify
from tests.authenticator import BEGIN, END, HARDWARE, Authenticator, accepts, armor, dearmor, join, keypair, signed, split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KIND = "signoff@bot-core"
SOFTWARE = b"ssh-ed25519"
HEAD = b"SSHSIG" + (1).to_bytes(4, "big")
MUTANTS, SAMPLE = 1000, 35  # of each way to change a signature


@dataclass(frozen=True)
class Case:
    """A signature, the message and the key it is checked with."""

    armored: bytes
    message: bytes
    key: bytes


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    folder = tmp_path_factory.mktemp("keys")
    found = []
    for name, message in (("anna", b"approve\n"), ("piotr", b"")):
        key = keypair(folder, name)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", KIND, "-f", str(key)]
        armored = subprocess.run(command, input=message, capture_output=True, check=True).stdout
        found.append(Case(armored, message, key_blob(key.with_suffix(".pub").read_text().strip())))
    for number, message in enumerate((b"reject\n", b"\0" * 1000)):
        device = Authenticator(seed=bytes([number + 1] * 32))
        found += [Case(device.sign(message, KIND, touch=touch), message, device.blob) for touch in (True, False)]
    return found


# --- ways to change a signature -----------------------------------------------------------------------------------------------------


def flip_bits(draw: random.Random, cases: list[Case]) -> Case:
    """Flip one to three bits of the decoded signature."""
    case = draw.choice(cases)
    blob = bytearray(dearmor(case.armored))
    for _ in range(draw.randint(1, 3)):
        blob[draw.randrange(len(blob))] ^= 1 << draw.randrange(8)
    return Case(armor(bytes(blob)), case.message, case.key)


def edit_lengths(draw: random.Random, cases: list[Case]) -> Case:
    """Write another number into one length field, the inner ones included."""
    case = draw.choice(cases)
    blob = dearmor(case.armored)
    place = draw.choice(lengths(blob))
    size = int.from_bytes(blob[place : place + 4], "big")
    other = draw.choice([size + 1, size - 1, size + 4, size - 4, 0, 2**31, 2**32 - 1, size << 8, draw.randrange(300)]) % 2**32
    return Case(armor(blob[:place] + other.to_bytes(4, "big") + blob[place + 4 :]), case.message, case.key)


def cut_and_grow(draw: random.Random, cases: list[Case]) -> Case:
    """Truncate, or take out, insert or repeat some bytes, of the decoded signature or of its text."""
    case = draw.choice(cases)
    text = draw.random() < 1 / 2
    data = case.armored if text else dearmor(case.armored)
    one, two = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
    more = draw.randbytes(draw.randint(1, 4))
    data = draw.choice(
        [data[:one], data[:-1], data[:one] + data[two:], data[:one] + more + data[one:], data + more, data[:two] + data[one:]]
    )
    return Case(data if text else armor(data), case.message, case.key)


def edit_armor(draw: random.Random, cases: list[Case]) -> Case:
    """Spell the text around the same bytes differently: white space, line lengths, case, padding, header, footer."""
    case = draw.choice(cases)
    whole, text = case.armored, base64.b64encode(dearmor(case.armored))
    place, width = draw.randrange(len(whole) + 1), draw.randint(1, 300)
    blank = draw.choice([b" ", b"\n", b"\t", b"\r", b"\r\n", b"\0", b"\v", b"=", b"-", b"\xc2\xa0", b"\xef\xbb\xbf"])
    bare = text.rstrip(b"=")
    unused = bare[:-1] + bytes([bare[-1] + 1]) + text[len(bare) :]
    wrapped = BEGIN + b"".join(text[start : start + width] + b"\n" for start in range(0, len(text), width)) + END
    spelling = draw.choice(
        [
            whole[:place] + blank + whole[place:],
            whole[:place] + whole[place:].swapcase(),
            whole[:place] + whole[place : place + 1].swapcase() + whole[place + 1 :],
            whole.replace(b"\n", blank, draw.randint(1, 6)),
            whole.rstrip(b"\n") + blank,
            whole + blank,
            blank + whole,
            whole + draw.choice(cases).armored,
            wrapped,
            whole.replace(text[-6:], unused[-6:]),
            whole.replace(b"=", b""),
            whole.replace(b"SSH SIGNATURE", b"OPENSSH SIGNATURE"),
            BEGIN + text + draw.choice([b"", b"=", b"==", b"===="]) + b"\n" + END,
        ]
    )
    return Case(spelling, case.message, case.key)


def splice(draw: random.Random, cases: list[Case]) -> Case:
    """Take one field, or one part of the innermost, from another signature; or exchange, leave out, double or lengthen fields."""
    case, other = draw.choice(cases), draw.choice(cases)
    fields, donors = (split(dearmor(one.armored).removeprefix(HEAD)) for one in (case, other))
    place, second = draw.randrange(5), draw.randrange(5)
    way = draw.randrange(6)
    if way == 0:
        fields[place] = donors[place]
    elif way == 1:
        inner, donated = parts(fields[4]), parts(donors[4])
        inner[place % 3] = donated[place % 3]
        fields[4] = join(*inner[:2]) + inner[2]
    elif way == 2:
        fields[place], fields[second] = fields[second], fields[place]
    elif way == 3:
        fields[place] += draw.randbytes(second)
    else:
        fields[place : place + 1] = [fields[place]] * (0 if way == 4 else 2)
    return Case(armor(HEAD + join(*fields)), draw.choice([case, other]).message, draw.choice([case, other]).key)


def forge(draw: random.Random, cases: list[Case]) -> Case:
    """Sign odd claims with a real key, so that only their reading, not the mathematics, can refuse them."""
    message = draw.choice(cases).message
    device = Authenticator(seed=draw.randbytes(32))
    hardware = draw.random() < 1 / 2

    def odd(usual: bytes, *others: bytes) -> bytes:
        return (
            usual if draw.random() < 6 / 7 else draw.choice([*others, usual + b"\0", b"\0" + usual, usual + usual, usual[:-1], b""])
        )

    kind = HARDWARE if hardware else SOFTWARE
    application = odd(b"ssh:", b"ssh:desk", b"https://desk.example", b"ssh:\0desk", draw.randbytes(3)) if hardware else b""
    namespace = odd(KIND.encode(), b"policy@bot-core", KIND.upper().encode())
    algorithm = draw.choice(["sha512"] * 9 + ["sha256"])
    reserved = odd(b"", b"later")
    point = device.secret.public_key().public_bytes_raw()
    key = join(odd(kind, SOFTWARE, HARDWARE), odd(point), *[application] * hardware) + odd(b"")
    device_bytes = draw.randbytes(5) if hardware else b""
    read_as = draw.choice([namespace, namespace.rstrip(b"\0"), KIND.encode()])
    payload = signed(message, read_as, reserved=draw.choice([b"", reserved]), algorithm=algorithm)
    if hardware:
        hashed = draw.choice([application, application.split(b"\0")[0]])
        payload = hashlib.sha256(hashed).digest() + device_bytes + hashlib.sha256(payload).digest()
    inner = join(odd(kind, SOFTWARE, HARDWARE), odd(device.secret.sign(payload))) + device_bytes + odd(b"")
    version = draw.choice([1] * 9 + [0, 2]).to_bytes(4, "big")
    blob = b"SSHSIG" + version + join(key, namespace, reserved, odd(algorithm.encode(), b"sha256", b"sha512"), inner) + odd(b"")
    return Case(armor(blob), message, join(kind, point, *[application] * hardware))


def lengths(blob: bytes) -> list[int]:
    """Find every length field: the five outer ones, those inside the key, those inside the innermost field."""
    outer, place = [], len(HEAD)
    while place < len(blob):
        outer.append(place)
        place += 4 + int.from_bytes(blob[place : place + 4], "big")
    inner = []
    for start in (outer[0] + 4, outer[4] + 4):
        second = start + 4 + int.from_bytes(blob[start : start + 4], "big")
        inner += [start, second]
    return outer + inner


def parts(inner: bytes) -> list[bytes]:
    """Split the innermost field: its type, the bytes of Ed25519, what a hardware key adds."""
    kind, rest = split(inner)[0], inner[4 + int.from_bytes(inner[:4], "big") :]
    return [kind, rest[4:68], rest[68:]]


# --- the laws -----------------------------------------------------------------------------------------------------------------------


def signer(case: Case) -> bytes | None:
    """Return the key by which the signature is accepted here, if it is."""
    try:
        return verify(case.message, case.armored, KIND).key
    except SignatureError:
        return None


def theirs(case: Case, key: bytes, folder: Path) -> bool:
    public = f"{split(key)[0].decode()} {base64.b64encode(key).decode()}"
    return accepts(folder, public, case.message, case.armored, KIND)


def test_untouched_signatures_are_accepted_by_both(cases: list[Case], tmp_path: Path) -> None:
    assert [signer(case) for case in cases] == [case.key for case in cases]
    assert [theirs(case, case.key, tmp_path) for case in cases] == [True] * 6


@pytest.mark.parametrize(
    "change", [flip_bits, edit_lengths, cut_and_grow, edit_armor, splice, forge], ids=lambda change: change.__name__
)
def test_what_is_accepted_here_is_accepted_by_ssh_keygen(
    change: Callable[[random.Random, list[Case]], Case],
    cases: list[Case],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    draw = random.Random(20261121)  # noqa: S311  # the same mutants every time
    mutants = [change(draw, cases) for _ in range(MUTANTS)]
    accepted = [(mutant, key) for mutant in mutants if (key := signer(mutant))]
    assert [mutant for mutant, key in accepted if not theirs(mutant, key, tmp_path)] == []
    if change is not forge:
        assert {mutant.armored for mutant, _ in accepted} <= {case.armored for case in cases}
    record_property("accepted here", f"{len(accepted)} of {MUTANTS}")
    record_property("sample accepted here", sum(signer(mutant) is not None for mutant in mutants[:SAMPLE]))
    record_property("sample accepted by ssh-keygen", sum(theirs(mutant, mutant.key, tmp_path) for mutant in mutants[:SAMPLE]))
