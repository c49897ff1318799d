"""Ed25519 keys that sign as `ssh-keygen -Y sign` does, without a process for each signature: 0.1 ms instead of 8."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KIND = b"ssh-ed25519"
LINE = 70


class Key:
    """One person's key, made from the name, so that the same history comes out of every run."""

    def __init__(self, name: str) -> None:
        self.secret = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.blob = join(KIND, self.secret.public_key().public_bytes_raw())
        self.public = f"{KIND.decode()} {base64.b64encode(self.blob).decode()} {name}"

    def sign(self, message: bytes, namespace: str) -> bytes:
        """Return the armored signature of a document."""
        digest = hashlib.sha512(message).digest()
        inner = join(KIND, self.secret.sign(b"SSHSIG" + join(namespace.encode(), b"", b"sha512", digest)))
        return armor(b"SSHSIG" + (1).to_bytes(4, "big") + join(self.blob, namespace.encode(), b"", b"sha512", inner))


def join(*fields: bytes) -> bytes:
    """Write fields one after the other, each after its length."""
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def armor(blob: bytes) -> bytes:
    """Wrap a signature as text."""
    text = base64.b64encode(blob)
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])
