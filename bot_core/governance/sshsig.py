"""OpenSSH signatures, read strictly: one kind of signature in one spelling, or none.

Accepted is what `ssh-keygen -Y sign` writes with an Ed25519 key in software (`ssh-ed25519`) or hardware
(`sk-ssh-ed25519@openssh.com`): version 1, SHA-512, an empty reserved field, nothing after any field, the armor byte for byte. What is
accepted here `ssh-keygen -Y verify` accepts; much of what it accepts is refused here. Which key may sign, and whether it must have been
touched, the caller decides. The format is OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot_core._parse import read_bytes
from bot_core.errors import SigningError

_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
_LINE = 70
_MAGIC, _VERSION, _HASH = b"SSHSIG", (1).to_bytes(4, "big"), b"sha512"
_SOFTWARE, _HARDWARE = b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"
_NAMESPACE = re.compile(rb"[!-~]{1,255}")
_APPLICATION = re.compile(rb"ssh:[ -~]{0,251}")
_PUBLIC = re.compile(r"(?P<kind>[a-z0-9@.-]+) (?P<blob>[A-Za-z0-9+/]+={0,2})( .*)?")
_POINT, _RAW, _SHOWN = 32, 64, 40  # bytes
_TOUCHED, _VERIFIED = 0x01, 0x04

# Points of order 1, 2, 4 and 8, by their y: anybody can sign for such a key.
_PRIME, _EIGHTH = 2**255 - 19, 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_WEAK = frozenset({0, 1, _PRIME - 1, _EIGHTH, _PRIME - _EIGHTH})


class SignatureError(ValueError):
    """Bytes are not a signature that counts.

    Args:
        message: one sentence: what was expected, what came.
        code: the verdict's reason.
    """

    def __init__(self, message: str, *, code: Literal["SIG-BAD", "SIG-NAMESPACE"] = "SIG-BAD") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says about itself.

    Args:
        key: the signer's public key in wire format.
        namespace: the kind of document it was made for.
        touched: somebody was present at the hardware key; False for a key in software.
        verified: that person gave a PIN or a fingerprint; False for a key in software.
        counter: the hardware key's own count of signatures; 0 for a key in software.
    """

    key: bytes
    namespace: str
    touched: bool
    verified: bool
    counter: int


class _Key(NamedTuple):
    kind: bytes
    point: bytes
    application: bytes  # of a hardware key


def verify(message: bytes, armored: bytes, namespace: str) -> Signature:
    """Check that a signature was made over a message, for a namespace, by the key it names.

    Raises:
        SignatureError: `SIG-NAMESPACE` for another namespace, `SIG-BAD` for everything else.
    """
    found, key, raw, device = _parse(armored)
    if found.namespace != namespace:
        msg = f"expected a signature for {namespace}, got one for {found.namespace}"
        raise SignatureError(msg, code="SIG-NAMESPACE")
    try:
        Ed25519PublicKey.from_public_bytes(key.point).verify(raw, _signed(message, namespace, key, device))
    except InvalidSignature as error:
        wanted = f"a signature of these {len(message)} bytes by {fingerprint(found.key)}"
        raise _bad(expected=wanted, got="one that does not verify") from error
    return found


def read(armored: bytes) -> Signature:
    """Read a signature without checking what it signs.

    Raises:
        SignatureError: `SIG-BAD`; the bytes are not a signature in the one spelling that is accepted.
    """
    return _parse(armored)[0]


def key_blob(public: str) -> bytes:
    """Return the key of a public key line, `TYPE BASE64 [COMMENT]` without its newline, in wire format.

    Raises:
        SignatureError: `SIG-BAD`; not such a line, or not an Ed25519 key.
    """
    line = _PUBLIC.fullmatch(public)
    if line is None or not public.isprintable():
        raise _bad(expected="a public key line: type, base64, comment", got=_shown(public))
    blob = _base64(line["blob"].encode())
    key = _key(blob)
    if key.kind != line["kind"].encode():
        raise _bad(expected=f"a key of type {line['kind']}, as its line says", got=_shown(key.kind))
    return blob


def fingerprint(blob: bytes) -> str:
    """Name a key as `ssh-keygen -l` does: `SHA256:` and 43 characters."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def sign(path: Path, namespace: str, key: Path) -> bytes:
    """Sign a file's bytes with ssh-keygen, which may ask the person at the terminal for a PIN or a touch.

    Args:
        path: the document; nothing is written beside it.
        namespace: the kind of document.
        key: a private key file, the stub of a hardware key, or the `.pub` file of a key that the agent holds.

    Returns:
        The armored signature, already verified.

    Raises:
        DocumentError: the document cannot be read.
        SigningError: ssh-keygen or the key is missing, signing failed, or the key is not an Ed25519 key.
    """
    document = read_bytes(path)
    if not key.is_file():
        msg = f"{key}: expected a private key, or the .pub file of a key in the agent; got no such file"
        raise SigningError(msg, hint="name the key file; `ssh-add -l` lists what the agent holds")
    armored = _keygen(document, path, namespace, key)
    try:
        verify(document, armored, namespace)
    except SignatureError as error:
        msg = f"{key}: {error}"
        raise SigningError(msg, hint="only Ed25519 keys sign here: ssh-keygen -t ed25519-sk, or -t ed25519") from error
    return armored


def _keygen(document: bytes, path: Path, namespace: str, key: Path) -> bytes:
    with tempfile.TemporaryDirectory(prefix="bot-core-sign-") as folder:
        copy = Path(folder, path.name)
        copy.write_bytes(document)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), str(copy)]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  # fixed words; the rest are arguments
        except OSError as error:
            msg = f"ssh-keygen: expected a command to run, got: {error.strerror}"
            raise SigningError(msg, hint="install the OpenSSH client, 8.2 or later") from error
        if done.returncode != 0:
            msg = f"{path}: expected a signature by {key}, got exit status {done.returncode} from ssh-keygen"
            raise SigningError(msg, hint="it says why on the lines above; is the hardware key plugged in, or the agent running?")
        return read_bytes(Path(f"{copy}.sig"))


def _signed(message: bytes, namespace: str, key: _Key, device: bytes) -> bytes:
    """Rebuild the bytes under the Ed25519 signature; a hardware key wraps them in its application, flags and counter."""
    fields = (namespace.encode(), b"", _HASH, hashlib.sha512(message).digest())
    blob = _MAGIC + b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    if key.kind == _SOFTWARE:
        return blob
    return hashlib.sha256(key.application).digest() + device + hashlib.sha256(blob).digest()


def _parse(armored: bytes) -> tuple[Signature, _Key, bytes, bytes]:
    """Take a signature apart: what it says, its key, the 64 bytes of Ed25519, flags and counter of a hardware key."""
    wire = _Wire(_dearmor(armored), "the signature")
    wire.expect(wire.take(len(_MAGIC)), _MAGIC, "the word SSHSIG")
    wire.expect(wire.take(len(_VERSION)), _VERSION, "version 1")
    blob = wire.string()
    key = _key(blob)
    namespace = wire.string()
    if not _NAMESPACE.fullmatch(namespace):
        raise _bad(expected="a namespace of 1 to 255 printable ASCII characters", got=_shown(namespace))
    wire.expect(wire.string(), b"", "an empty reserved field")
    wire.expect(wire.string(), _HASH, "the hash sha512")
    raw, device = _raw(wire.string(), key.kind)
    wire.end()
    flags = device[0] if device else 0
    counter = int.from_bytes(device[1:], "big")
    return Signature(blob, namespace.decode(), bool(flags & _TOUCHED), bool(flags & _VERIFIED), counter), key, raw, device


def _raw(blob: bytes, kind: bytes) -> tuple[bytes, bytes]:
    """Split the innermost field into the 64 bytes of Ed25519 and, for a hardware key, flags and counter."""
    wire = _Wire(blob, "the Ed25519 signature")
    wire.expect(wire.string(), kind, f"a signature of type {kind.decode()}, as its key")
    raw = wire.string()
    if len(raw) != _RAW:
        raise _bad(expected=f"{_RAW} bytes of Ed25519 signature", got=f"{len(raw)}")
    device = wire.take(1 + 4) if kind == _HARDWARE else b""
    wire.end()
    return raw, device


def _key(blob: bytes) -> _Key:
    wire = _Wire(blob, "the public key")
    kind = wire.string()
    if kind not in {_SOFTWARE, _HARDWARE}:
        raise _bad(expected=f"a key of type {_SOFTWARE.decode()} or {_HARDWARE.decode()}", got=_shown(kind))
    point = wire.string()
    application = wire.string() if kind == _HARDWARE else b""
    wire.end()
    if len(point) != _POINT:
        raise _bad(expected=f"{_POINT} bytes of Ed25519 key", got=f"{len(point)}")
    height = int.from_bytes(point, "little") & (2**255 - 1)
    if height >= _PRIME or height in _WEAK:
        raise _bad(expected="a key that only its owner can sign for", got=f"the weak point {point.hex()}")
    if kind == _HARDWARE and not _APPLICATION.fullmatch(application):
        raise _bad(expected="a hardware key made for ssh:", got=_shown(application))
    return _Key(kind, point, application)


def _dearmor(armored: bytes) -> bytes:
    """Decode the armor; what would be encoded differently is another spelling and refused."""
    if b"\r" in armored:
        raise _bad(expected="lines that end in LF", got="carriage returns")
    if not armored.startswith(_BEGIN):
        raise _bad(expected=_BEGIN.decode().strip(), got=_shown(armored))
    if not armored.endswith(b"\n" + _END):
        raise _bad(expected=f"{_END.decode().strip()} and one newline at the end", got=_shown(armored[-_SHOWN:]))
    body = armored[len(_BEGIN) : -len(_END)]
    text = body.replace(b"\n", b"")
    if body != b"".join(text[start : start + _LINE] + b"\n" for start in range(0, len(text), _LINE)):
        raise _bad(expected=f"base64 in lines of {_LINE} characters", got="other line lengths")
    return _base64(text)


def _base64(text: bytes) -> bytes:
    """Decode base64 in its one spelling: no other characters, padding complete, unused bits zero."""
    try:
        blob = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise _bad(expected="base64", got=_shown(text)) from error
    if base64.b64encode(blob) != text:
        raise _bad(expected="base64 whose unused bits are zero", got=_shown(text[-4:]))
    return blob


class _Wire:
    """The SSH wire format, read from front to back."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name
        self.place = 0

    def take(self, size: int) -> bytes:
        part = self.data[self.place : self.place + size]
        if len(part) != size:
            raise _bad(expected=f"{size} more bytes in {self.name}", got=f"{len(part)}")
        self.place += size
        return part

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(4), "big"))

    def end(self) -> None:
        if left := len(self.data) - self.place:
            raise _bad(expected=f"the end of {self.name}", got=f"{left} more bytes")

    @staticmethod
    def expect(found: bytes, wanted: bytes, sentence: str) -> None:
        if found != wanted:
            raise _bad(expected=sentence, got=_shown(found))


def _bad(*, expected: str, got: str) -> SignatureError:
    return SignatureError(f"expected {expected}, got {got}")


def _shown(text: str | bytes) -> str:
    return repr(text[:_SHOWN]).removeprefix("b") + ("…" if len(text) > _SHOWN else "")
