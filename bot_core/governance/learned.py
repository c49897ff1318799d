"""What releases had learned: the digest that ties a member of an ensemble to the release of that very model.

A release is revoked by the digest of its manifest. What it had learned is revoked with it: a digest of the manifest's `learned`, or, of a
release made before manifests said so, of the artifact itself. An ensemble that has it among its members may decide no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import decode_json
from bot_core.documents.artifact import EnsembleState, ModelArtifact, learned_digest
from bot_core.documents.release import Member, ReleaseManifest
from bot_core.errors import DocumentError
from bot_core.governance import layout
from bot_core.governance.reading import parse
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bot_core.documents.artifact import ModelState
    from bot_core.governance.snapshot import View

MODELS = "models"
_MANIFEST = ".release.yaml"


def members(state: ModelState) -> list[Member]:
    """Name what an ensemble is made of, by what each member learned, digested here and now; nothing for any other model."""
    parts = state.members if isinstance(state, EnsembleState) else []
    return [Member(name=member.name, digest=learned_digest(member.state)) for member in parts]


def require(state: ModelState, manifest: ReleaseManifest, path: str) -> None:
    """Prove that a manifest and the artifact itself name truly what was learned.

    Raises:
        Refused: REL-DIGEST: another digest, other members, or an ensemble whose manifest names none.
    """
    real = members(state)
    claimed = [member.digest for member in state.members] if isinstance(state, EnsembleState) else []
    if claimed != [member.digest for member in real]:
        wrong = next(told for told, own in zip(claimed, real, strict=True) if told != own.digest)
        raise Refused(
            "REL-DIGEST", path, f"{path}: model_state: expected members named by what they learned, got {wrong}", "release again"
        )
    _require_named(state, real, manifest, path)


def _require_named(state: ModelState, real: list[Member], manifest: ReleaseManifest, path: str) -> None:
    whose = layout.manifest(manifest.model, manifest.version)
    if manifest.members != real:
        told = ", ".join(member.name for member in manifest.members) or "none"
        names = ", ".join(member.name for member in real) or "none"
        raise Refused(
            "REL-DIGEST", whose, f"{whose}: members: expected those of {path} ({names}), got others ({told})", "release again"
        )
    if manifest.learned != (own := learned_digest(state)) and (manifest.learned is not None or real):
        raise Refused("REL-DIGEST", whose, f"{whose}: learned: expected {own}, got {manifest.learned or 'none'}", "release again")


def require_said(manifest: ReleaseManifest) -> None:
    """Prove that a release made now says what it learned; only old ones may leave it out.

    Raises:
        Refused: REL-DIGEST.
    """
    if manifest.learned is None:
        path = layout.manifest(manifest.model, manifest.version)
        raise Refused(
            "REL-DIGEST", path, f"{path}: learned: expected the digest of what the model learned, got none", "release again"
        )


def revoked_members(manifest: ReleaseManifest, revoked: Collection[str]) -> Iterator[Reason]:
    """Name the members of an ensemble that are what a revoked release had learned."""
    path = layout.manifest(manifest.model, manifest.version)
    for member in manifest.members:
        if member.digest in revoked:
            message = f"{path}: members: expected models that count, got {member.name}, which a revoked release had learned"
            yield Reason("MEMBER-REVOKED", path, message, "release the ensemble anew without it, or promote another release")


def learned_by(view: View, releases: Collection[str], known: Collection[str] = ()) -> frozenset[str]:
    """Return the digests of what some releases had learned; `releases` are digests of manifests.

    A release that is not there any more is looked for in history, unless it is among the `known`: what those had learned is remembered.
    """
    found = dict(_named(_present(view), releases))
    if missing := set(releases) - found.keys() - set(known):
        found |= dict(_named(view.past(MODELS, _MANIFEST), missing))
    return frozenset(digest for path, data in found.values() if (digest := _learned(view, path, data)))


def _present(view: View) -> Iterator[tuple[str, bytes]]:
    for folder in view.folders(MODELS):
        for name in view.names(f"{MODELS}/{folder}"):
            path = f"{MODELS}/{folder}/{name}"
            if name.endswith(_MANIFEST) and (data := view.read(path)) is not None:
                yield path, data


def _named(files: Iterable[tuple[str, bytes]], wanted: Collection[str]) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Yield the files that are wanted, by their digest; ask for no more once all are found."""
    left = set(wanted)
    for path, data in files if left else ():
        if (digest := sha256(data)) in left:
            left.remove(digest)
            yield digest, (path, data)
        if not left:
            return


def _learned(view: View, path: str, data: bytes) -> str | None:
    """Read what a release had learned; nothing where neither its manifest nor its artifact can tell."""
    try:
        manifest = parse(data, ReleaseManifest, path)
        artifact = layout.artifact(manifest.model, manifest.version)
        states = (version.data for version in view.versions(artifact) if version.data is not None)
        return manifest.learned or learned_digest(decode_json(next(states, b""), ModelArtifact, artifact).model_state)
    except (Refused, DocumentError):
        return None
