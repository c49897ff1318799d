"""A security key in software: real Ed25519, the real wire format, a touch that is a parameter.

Its signatures pass `ssh-keygen -Y verify`. The parts of the format are public here, so that a test can put them together wrongly.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

HARDWARE = b"sk-ssh-ed25519@openssh.com"
BEGIN, END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
TOUCHED, VERIFIED = 0x01, 0x04


class Authenticator:
    """One key on one device.

    Args:
        application: what the key was made for.
        seed: 32 bytes that fix the key; by default a new one.
        comment: the last word of the public key line.
    """

    def __init__(self, *, application: bytes = b"ssh:", seed: bytes | None = None, comment: str = "authenticator") -> None:
        self.secret = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        self.application = application
        self.blob = join(HARDWARE, self.secret.public_key().public_bytes_raw(), application)
        self.public = f"{HARDWARE.decode()} {base64.b64encode(self.blob).decode()} {comment}"
        self.counter = 0

    def sign(self, message: bytes, namespace: str, *, touch: bool = True, verify: bool = False) -> bytes:
        """Sign as `ssh-keygen -Y sign` does with this key, and count one up."""
        self.counter += 1
        device = bytes([TOUCHED * touch | VERIFIED * verify]) + self.counter.to_bytes(4, "big")
        payload = hashlib.sha256(self.application).digest() + device + hashlib.sha256(signed(message, namespace.encode())).digest()
        inner = join(HARDWARE, self.secret.sign(payload)) + device
        return armor(b"SSHSIG" + (1).to_bytes(4, "big") + join(self.blob, namespace.encode(), b"", b"sha512", inner))


def keypair(folder: Path, name: str) -> Path:
    """Make an Ed25519 key pair without a passphrase; return the private key's path, beside which lies `.pub`."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def signed(message: bytes, namespace: bytes, *, reserved: bytes = b"", algorithm: str = "sha512") -> bytes:
    """Return the bytes that a software key signs and a hardware key hashes."""
    return b"SSHSIG" + join(namespace, reserved, algorithm.encode(), hashlib.new(algorithm, message).digest())


def join(*fields: bytes) -> bytes:
    """Write fields one after the other, each after its length."""
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def split(blob: bytes) -> list[bytes]:
    """Read what `join` wrote."""
    fields = []
    while blob:
        size = 4 + int.from_bytes(blob[:4], "big")
        fields.append(blob[4:size])
        blob = blob[size:]
    return fields


def armor(blob: bytes) -> bytes:
    """Wrap a signature as text, 70 characters a line."""
    text = base64.b64encode(blob)
    return b"".join([BEGIN, *(text[start : start + 70] + b"\n" for start in range(0, len(text), 70)), END])


def dearmor(armored: bytes) -> bytes:
    """Unwrap what `armor` wrote."""
    return base64.b64decode(armored.removeprefix(BEGIN).removesuffix(END))


def accepts(folder: Path, public: str, message: bytes, armored: bytes, namespace: str) -> bool:
    """Ask `ssh-keygen -Y verify` about a signature, with one allowed key; `folder` holds its two files."""
    allowed, sig = folder / "allowed_signers", folder / "document.sig"
    allowed.write_text(f"signer {public}\n")
    sig.write_bytes(armored)
    words = ["-Y", "verify", "-f", str(allowed), "-I", "signer", "-n", namespace, "-s", str(sig)]
    return subprocess.run(["ssh-keygen", *words], input=message, capture_output=True, check=False).returncode == 0
