from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from bot_core.errors import DocumentError, SigningError
from bot_core.governance.sshsig import SignatureError, fingerprint, key_blob, read, sign, verify
from tests.authenticator import BEGIN, END, Authenticator, accepts, armor, dearmor, join, keypair, split

KIND = "signoff@bot-core"
MESSAGE = b"release: 20261121T101500Z-3f2a9c41\n"
HEAD = b"SSHSIG" + (1).to_bytes(4, "big")
PRIME = 2**255 - 19
EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def anna(folder: Path) -> Path:
    return keypair(folder, "anna")


@pytest.fixture(scope="module")
def soft(anna: Path) -> bytes:
    return keygen(anna, MESSAGE)


@pytest.fixture(scope="module")
def hard() -> bytes:
    return Authenticator(seed=bytes(range(32))).sign(MESSAGE, KIND)


def keygen(key: Path, message: bytes, *options: str, namespace: str = KIND) -> bytes:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), *options]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout


def public(key: Path) -> str:
    return Path(f"{key}.pub").read_text().strip()


def parts(armored: bytes) -> list[bytes]:
    """Take a signature apart: key, namespace, reserved, hash, Ed25519."""
    return split(dearmor(armored).removeprefix(HEAD))


def rebuilt(fields: list[bytes], place: int, value: bytes) -> bytes:
    return armor(HEAD + join(*fields[:place], value, *fields[place + 1 :]))


def refusal(armored: bytes, message: bytes = MESSAGE, namespace: str = KIND) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(message, armored, namespace)
    return f"{caught.value.code}: {caught.value}"


def weakness(line: str) -> str:
    with pytest.raises(SignatureError) as caught:
        key_blob(line)
    assert caught.value.code == "SIG-BAD"
    return str(caught.value)


# --- what is accepted ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [b"", b"\n", MESSAGE, b"\r\n\x00\xff", b"x" * 300_000], ids=len)
def test_what_ssh_keygen_signs_is_accepted(anna: Path, message: bytes) -> None:
    found = verify(message, keygen(anna, message), KIND)
    assert found == read(keygen(anna, message))
    assert found.key == key_blob(public(anna))
    assert (found.namespace, found.touched, found.verified, found.counter) == (KIND, False, False, 0)


@pytest.mark.parametrize("length", range(1, 60))
def test_any_length_of_the_last_line_is_accepted(anna: Path, length: int) -> None:
    namespace = "n" * length
    assert verify(MESSAGE, keygen(anna, MESSAGE, namespace=namespace), namespace).namespace == namespace


@pytest.mark.parametrize("touch", [True, False])
@pytest.mark.parametrize("pin", [True, False])
def test_a_hardware_key_reports_touch_pin_and_counter(tmp_path: Path, *, touch: bool, pin: bool) -> None:
    device = Authenticator()
    device.counter = 2**31
    armored = device.sign(MESSAGE, KIND, touch=touch, verify=pin)
    found = verify(MESSAGE, armored, KIND)
    assert found.key == key_blob(device.public) == device.blob
    assert (found.touched, found.verified, found.counter) == (touch, pin, 2**31 + 1)
    assert accepts(tmp_path, device.public, MESSAGE, armored, KIND)


def test_a_hardware_key_may_be_made_for_a_named_application(tmp_path: Path) -> None:
    device = Authenticator(application=b"ssh:signing desk")
    armored = device.sign(MESSAGE, KIND)
    assert verify(MESSAGE, armored, KIND).touched
    assert accepts(tmp_path, device.public, MESSAGE, armored, KIND)


def test_a_fingerprint_is_that_of_ssh_keygen(anna: Path, tmp_path: Path) -> None:
    stub = tmp_path / "stub.pub"
    stub.write_text(Authenticator().public + "\n")
    for file in (Path(f"{anna}.pub"), stub):
        listed = subprocess.run(["ssh-keygen", "-l", "-f", str(file)], capture_output=True, text=True, check=True).stdout.split()[1]
        assert fingerprint(key_blob(file.read_text().strip())) == listed


# --- what is refused ----------------------------------------------------------------------------------------------------------------


def test_another_namespace_has_its_own_code(soft: bytes, hard: bytes) -> None:
    wanted = "SIG-NAMESPACE: expected a signature for policy@bot-core, got one for signoff@bot-core"
    assert refusal(soft, namespace="policy@bot-core") == refusal(hard, namespace="policy@bot-core") == wanted


def test_another_message_does_not_verify(soft: bytes, hard: bytes) -> None:
    for armored in (soft, hard):
        wanted = (
            f"SIG-BAD: expected a signature of these 36 bytes by {fingerprint(read(armored).key)}, got one that does not verify"
        )
        assert refusal(armored, MESSAGE + b"\n") == wanted


@pytest.mark.parametrize(("kind", "bits", "name"), [("rsa", "2048", "ssh-rsa"), ("ecdsa", "256", "ecdsa-sha2-nistp256")])
def test_only_ed25519_keys_sign(tmp_path: Path, kind: str, bits: str, name: str) -> None:
    key = tmp_path / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", str(key)], check=True)
    wanted = f"expected a key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com, got '{name}'"
    assert refusal(keygen(key, MESSAGE)) == f"SIG-BAD: {wanted}"
    assert weakness(public(key)) == wanted


def test_a_certificate_is_not_a_key(tmp_path: Path, anna: Path) -> None:
    user = keypair(tmp_path, "user")
    subprocess.run(["ssh-keygen", "-q", "-s", str(anna), "-I", "user", str(user) + ".pub"], check=True)
    line = Path(f"{user}-cert.pub").read_text().strip()
    name = "'ssh-ed25519-cert-v01@openssh.com'"
    assert weakness(line) == f"expected a key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com, got {name}"


def test_only_sha512_is_a_hash(anna: Path, soft: bytes) -> None:
    assert refusal(keygen(anna, MESSAGE, "-O", "hashalg=sha256")) == "SIG-BAD: expected the hash sha512, got 'sha256'"
    for name in (b"md5", b"SHA512", b"sha512\0", b""):
        assert refusal(rebuilt(parts(soft), 3, name)) == f"SIG-BAD: expected the hash sha512, got {str(name)[1:]}"


@pytest.mark.parametrize("version", [0, 2, 256, 2**32 - 1])
def test_only_version_1_is_read(soft: bytes, version: int) -> None:
    number = version.to_bytes(4, "big")
    other = armor(b"SSHSIG" + number + dearmor(soft).removeprefix(HEAD))
    assert refusal(other) == f"SIG-BAD: expected version 1, got {str(number)[1:]}"


def test_another_preamble_is_refused(soft: bytes) -> None:
    assert refusal(armor(b"SSHSIX" + dearmor(soft)[6:])) == "SIG-BAD: expected the word SSHSIG, got 'SSHSIX'"


def test_the_reserved_field_is_empty(soft: bytes) -> None:
    assert refusal(rebuilt(parts(soft), 2, b"later")) == "SIG-BAD: expected an empty reserved field, got 'later'"


@pytest.mark.parametrize(
    "namespace", [b"", b"a b", b"a\0", "ä".encode(), b"n" * 256], ids=["empty", "space", "nul", "utf-8", "long"]
)
def test_a_namespace_is_printable_ascii(soft: bytes, namespace: bytes) -> None:
    found = refusal(rebuilt(parts(soft), 1, namespace))
    assert found.startswith("SIG-BAD: expected a namespace of 1 to 255 printable ASCII characters, got ")
    assert len(found) < 130


def test_nothing_follows_any_field(soft: bytes, hard: bytes) -> None:
    for armored in (soft, hard):
        fields = parts(armored)
        assert refusal(armor(dearmor(armored) + b"\0")) == "SIG-BAD: expected the end of the signature, got 1 more bytes"
        assert refusal(rebuilt(fields, 0, fields[0] + b"\0\0")) == "SIG-BAD: expected the end of the public key, got 2 more bytes"
        assert (
            refusal(rebuilt(fields, 4, fields[4] + b"xyz"))
            == "SIG-BAD: expected the end of the Ed25519 signature, got 3 more bytes"
        )


def test_a_truncated_signature_is_refused_wherever_it_ends(soft: bytes, hard: bytes) -> None:
    for armored in (soft, hard):
        blob = dearmor(armored)
        for length in range(len(blob)):
            assert " more bytes in the signature, got " in refusal(armor(blob[:length]))
        for length in range(len(armored)):
            assert refusal(armored[:length]).startswith("SIG-BAD: expected ")


def test_key_and_signature_are_of_one_type(soft: bytes, hard: bytes) -> None:
    mixed = rebuilt(parts(soft), 4, parts(hard)[4])
    wanted = "SIG-BAD: expected a signature of type ssh-ed25519, as its key, got 'sk-ssh-ed25519@openssh.com'"
    assert refusal(mixed) == wanted


def test_an_ed25519_signature_has_64_bytes(soft: bytes) -> None:
    fields = parts(soft)
    kind, raw = split(fields[4])
    for size, value in ((63, raw[:63]), (65, raw + b"\0")):
        assert refusal(rebuilt(fields, 4, join(kind, value))) == f"SIG-BAD: expected 64 bytes of Ed25519 signature, got {size}"


def test_the_scalar_of_a_signature_is_reduced(soft: bytes) -> None:
    fields = parts(soft)
    kind, raw = split(fields[4])
    order = 2**252 + 27742317777372353535851937790883648493
    grown = (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    assert refusal(rebuilt(fields, 4, join(kind, raw[:32] + grown))).endswith("got one that does not verify")


def test_flags_and_counter_of_a_hardware_key_are_signed(hard: bytes) -> None:
    fields = parts(hard)
    for place in range(-5, 0):
        inner = bytearray(fields[4])
        inner[place] ^= 1
        assert refusal(rebuilt(fields, 4, bytes(inner))).endswith("got one that does not verify")


@pytest.mark.parametrize("application", [b"", b"https://example.com", b"ssh:\0", b"SSH:", "ssh:ä".encode()])
def test_a_hardware_key_is_made_for_ssh(application: bytes) -> None:
    device = Authenticator(application=application)
    wanted = f"expected a hardware key made for ssh:, got {str(application)[1:]}"
    assert refusal(device.sign(MESSAGE, KIND)) == f"SIG-BAD: {wanted}"
    assert weakness(device.public) == wanted


# --- armor --------------------------------------------------------------------------------------------------------------------------


def test_an_armor_has_one_spelling(soft: bytes) -> None:
    lines = soft.splitlines(keepends=True)
    end = "SIG-BAD: expected -----END SSH SIGNATURE----- and one newline at the end, got "
    begin = "SIG-BAD: expected -----BEGIN SSH SIGNATURE-----, got "
    length = "SIG-BAD: expected base64 in lines of 70 characters, got other line lengths"
    assert refusal(soft.replace(b"\n", b"\r\n")) == "SIG-BAD: expected lines that end in LF, got carriage returns"
    assert refusal(b"") == begin + "''"
    assert refusal(b"\n" + soft) == begin + r"'\n-----BEGIN SSH SIGNATURE-----\nU1NIU0lHA'…"
    assert refusal(b"".join(lines[1:])).startswith(begin)
    assert refusal(soft.lower()).startswith(begin)
    assert refusal(b"".join(lines[:-1])).startswith(end)
    assert refusal(soft.rstrip()) == end + repr(soft.rstrip()[-40:].decode())
    assert refusal(soft + b"\n").startswith(end)
    assert refusal(soft + soft).startswith("SIG-BAD: expected base64 ")
    assert refusal(BEGIN + lines[1].rstrip() + b" \n" + b"".join(lines[2:])) == length
    assert refusal(BEGIN + b"\n" + b"".join(lines[1:])) == length
    assert refusal(BEGIN + b"".join(lines[1:-1]).replace(b"\n", b"") + b"\n" + END) == length
    assert refusal(BEGIN + END) == "SIG-BAD: expected 6 more bytes in the signature, got 0"


def test_base64_has_one_spelling(soft: bytes) -> None:
    text = b"".join(soft.splitlines()[1:-1])
    padded = armor(dearmor(soft) + bytes(-len(dearmor(soft)) % 3 + 1))
    tail = padded.splitlines()[-2]
    assert tail.endswith(b"==")
    loose = padded.replace(tail, tail[:-3] + b"B==")
    assert dearmor(loose) == dearmor(padded)
    assert refusal(loose) == f"SIG-BAD: expected base64 whose unused bits are zero, got '{tail[-4:-3].decode()}B=='"
    assert refusal(soft.replace(text[:4], b"U1N*", 1)).startswith("SIG-BAD: expected base64, got 'U1N*")
    assert refusal(soft.replace(text[:4], b"U1N\xff", 1)).startswith(r"SIG-BAD: expected base64, got 'U1N\xff")


# --- public keys --------------------------------------------------------------------------------------------------------------------


def test_a_public_key_line_may_have_a_comment(anna: Path) -> None:
    kind, text, comment = public(anna).split(" ")
    assert comment == "anna"
    wanted = base64.b64decode(text)
    for line in (f"{kind} {text}", f"{kind} {text} anna nowak <anna@desk.example>", f"{kind} {text} żółw"):
        assert key_blob(line) == wanted


def test_a_public_key_line_has_one_spelling(anna: Path) -> None:
    kind, text, _ = public(anna).split(" ")
    line = f"{kind} {text}"
    others = [
        "", kind, text, f" {line}", f"{line}\n", f"{kind}  {text}", f"{kind}\t{text}", f"no-touch-required {line}", f"{line} a\nb",
        f'namespaces="policy@bot-core" {line}', f"{line} \u202eanna", f"{kind.upper()} {text}",
    ]  # fmt: skip
    for other in others:
        assert weakness(other).startswith("expected a public key line: type, base64, comment, got ")
    assert (
        weakness(f"sk-{kind}@openssh.com {text}")
        == "expected a key of type sk-ssh-ed25519@openssh.com, as its line says, got 'ssh-ed25519'"
    )
    assert weakness(line[:-1]).startswith("expected base64, got ")


def test_a_public_key_blob_is_whole_and_ends() -> None:
    def line(*fields: bytes, more: bytes = b"") -> str:
        return f"ssh-ed25519 {base64.b64encode(join(*fields) + more).decode()}"

    point = Authenticator(seed=bytes(32 * [7])).secret.public_key().public_bytes_raw()
    assert key_blob(line(b"ssh-ed25519", point))
    assert weakness(line(b"ssh-ed25519", point, more=b"\0")) == "expected the end of the public key, got 1 more bytes"
    assert weakness(line(b"ssh-ed25519", point[:31])) == "expected 32 bytes of Ed25519 key, got 31"
    assert weakness(line(b"ssh-ed25519")) == "expected 4 more bytes in the public key, got 0"
    assert weakness(line(b"ssh-ed25519\0", point)).endswith(r"got 'ssh-ed25519\x00'")


def test_a_key_that_anybody_can_sign_for_is_refused() -> None:
    for height in (0, 1, PRIME - 1, EIGHTH, PRIME - EIGHTH, PRIME, PRIME + 1, 2**255 - 1):
        for sign_bit in (0, 1):
            point = (height | sign_bit << 255).to_bytes(32, "little")
            text = base64.b64encode(join(b"ssh-ed25519", point)).decode()
            wanted = f"expected a key that only its owner can sign for, got the weak point {point.hex()}"
            assert weakness(f"ssh-ed25519 {text}") == wanted


@pytest.mark.parametrize("height", [0, 1, PRIME - 1, EIGHTH, PRIME - EIGHTH])
def test_a_weak_point_doubled_three_times_is_neutral(height: int) -> None:
    bend = -121665 * pow(121666, -1, PRIME)
    for _ in range(3):
        square = (height**2 - 1) * pow(bend * height**2 + 1, -1, PRIME)
        height = (height**2 + square) * pow(1 - bend * square * height**2, -1, PRIME) % PRIME
    assert height == 1


def test_a_key_that_is_no_point_verifies_nothing(soft: bytes) -> None:
    fields = parts(soft)
    other = rebuilt(fields, 0, join(b"ssh-ed25519", (2).to_bytes(32, "little")))
    assert refusal(other).endswith("got one that does not verify")


# --- signing ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "docs" / "risk.anna.yaml"
    path.parent.mkdir()
    path.write_bytes(MESSAGE)
    return path


def test_signing_leaves_nothing_beside_the_document(document: Path, anna: Path, capfd: pytest.CaptureFixture[str]) -> None:
    armored = sign(document, KIND, anna)
    assert verify(MESSAGE, armored, KIND).key == key_blob(public(anna))
    assert list(document.parent.iterdir()) == [document]
    assert capfd.readouterr() == ("", "")


def test_signing_with_an_agent_names_the_public_key(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = keypair(tmp_path, "agent-key")
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        try:
            subprocess.run(["ssh-add", "-q", str(key)], check=True)
            key.unlink()
            armored = sign(document, KIND, Path(f"{key}.pub"))
        finally:
            agent.terminate()
    assert verify(MESSAGE, armored, KIND).key == key_blob(public(key))


def test_signing_a_missing_document(tmp_path: Path, anna: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        sign(tmp_path / "none.yaml", KIND, anna)
    assert str(caught.value) == f"{tmp_path}/none.yaml: expected a readable file, got No such file or directory"


def test_signing_with_a_missing_key(document: Path, tmp_path: Path) -> None:
    with pytest.raises(SigningError) as caught:
        sign(document, KIND, tmp_path / "none")
    assert str(caught.value) == (
        f"{tmp_path}/none: expected a private key, or the .pub file of a key in the agent; got no such file "
        "(name the key file; `ssh-add -l` lists what the agent holds)"
    )


def test_signing_without_ssh_keygen(document: Path, anna: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SigningError) as caught:
        sign(document, KIND, anna)
    assert str(caught.value) == (
        "ssh-keygen: expected a command to run, got: No such file or directory (install the OpenSSH client, 8.2 or later)"
    )


def test_signing_with_what_is_no_key(document: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    key.write_text("not a key\n")
    key.chmod(0o600)
    with pytest.raises(SigningError) as caught:
        sign(document, KIND, key)
    assert str(caught.value) == (
        f"{document}: expected a signature by {key}, got exit status 255 from ssh-keygen "
        "(it says why on the lines above; is the hardware key plugged in, or the agent running?)"
    )
    assert str(key) in capfd.readouterr().err
    assert list(document.parent.iterdir()) == [document]


def test_signing_with_a_key_that_would_not_count(document: Path, tmp_path: Path) -> None:
    key = tmp_path / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(key)], check=True)
    with pytest.raises(SigningError) as caught:
        sign(document, KIND, key)
    assert str(caught.value) == (
        f"{key}: expected a key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com, got 'ssh-rsa' "
        "(only Ed25519 keys sign here: ssh-keygen -t ed25519-sk, or -t ed25519)"
    )
    assert (SigningError.code, SigningError.exit_code) == ("SIGNING", 2)


def test_signing_leaves_no_temporary_folder(document: Path, anna: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    sign(document, KIND, anna)
    assert list(room.iterdir()) == []
