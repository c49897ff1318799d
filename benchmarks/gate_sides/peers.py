"""The peers: a registry of as many releases in GTO's tags, and OpenSSH's own check of four sign-offs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from benchmarks.gate_sides import papers
from benchmarks.gate_sides.history import HOUR, LAG, NOW, STEP
from benchmarks.gate_sides.stream import Stream
from bot_core.governance import layout, sshsig

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.gate_sides.papers import Files

STAGES = ("paper", "production")


def registry(path: Path, count: int) -> None:
    """Make a repository whose annotated tags register every release and assign it to both stages, as `gto` writes them."""
    stream = Stream()
    tip: int | None = None
    for index in range(count):
        time = NOW - (count - index) * STEP
        model, nth = papers.ROTATION[index % LAG].replace("_", "-"), index // LAG
        tip = stream.commit("main", time, f"Release {index}", {f"models/{model}": f"{index}\n".encode()}, after=tip)
        stream.tag(f"{model}@v1.0.{nth}", tip, time)
        for hours, stage in enumerate(STAGES, 1):
            stream.tag(f"{model}#{stage}#{nth + 1}", tip, time + hours * HOUR)
    stream.into(path)


class SignOffs:
    """Four signed sign-offs, in memory for our check and as files for `ssh-keygen`'s."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.allowed = folder / "allowed_signers"
        self.allowed.write_text("".join(f"{name} {key.public}\n" for name, key in papers.KEYS.items()))
        documents = {path: data for path, data in files.items() if f"{path}{layout.SIG}" in files}
        self.pairs = [(data, files[path + layout.SIG]) for path, data in documents.items()]
        self.signers = [path.split(".")[-3] for path in documents]
        self.signatures = [folder / f"{index}{layout.SIG}" for index in range(len(documents))]
        for place, (_, armored) in zip(self.signatures, self.pairs, strict=True):
            place.write_bytes(armored)

    def ours(self) -> None:
        """Verify all in this process."""
        for data, armored in self.pairs:
            sshsig.verify(data, armored, layout.SIGNOFF.namespace)

    def openssh(self) -> None:
        """Verify all by a process each."""
        for (data, _), signer, place in zip(self.pairs, self.signers, self.signatures, strict=True):
            words = ["-Y", "verify", "-f", str(self.allowed), "-I", signer, "-n", layout.SIGNOFF.namespace, "-s", str(place)]
            subprocess.run(["ssh-keygen", *words], input=data, capture_output=True, check=True)
