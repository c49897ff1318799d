"""Released artifacts in versioned storage: every file that a release's manifest names, with a link to the commit that brought it.

1. What is stored is what git holds, byte for byte; the work tree is not asked. A release without a manifest is not stored: nobody could
   say which bytes are meant.
2. Objects lie at `releases/<model>/<version>/<path in the repository>`. None is ever replaced: pushing again finds the same bytes, or is
   refused. The index, `release.json`, comes last, so a push that was interrupted left no release, and the next one completes it.
3. To verify is to read every byte again, and to compare its SHA-256 with the index's and with git's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.stored import StoredFile, StoredRelease
from bot_core.errors import DocumentError, ReleaseError
from bot_core.governance import layout
from bot_core.governance.reading import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot_core.governance.snapshot import Snapshot
    from bot_core.tracking.store_places import Place

ROOT = "releases"
INDEX = "release.json"
_MANIFEST = re.compile(rf"({layout.VERSION})\.release\.yaml")
Trouble = Literal["missing", "changed"]


@dataclass(frozen=True, slots=True)
class Released:
    """A release as a commit holds it: its index, and the files that it names."""

    index: StoredRelease
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: how many objects it created (none: the store had all), and where."""

    model: str
    version: str
    created: int
    url: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that is not in the store as it was released."""

    path: str
    trouble: Trouble
    message: str


def versions(view: Snapshot, model: str | None = None) -> list[tuple[str, str]]:
    """List the releases with a manifest that a commit holds, as (model, version), by model, oldest first."""
    models = view.folders("models") if model is None else [model]
    found = ((name, _MANIFEST.fullmatch(file)) for name in models for file in view.names(f"models/{name}"))
    return [(name, match[1]) for name, match in found if match]


def released(view: Snapshot, model: str, version: str) -> Released:
    """Read a release's files out of git.

    Raises:
        ReleaseError: the commit has no such release, no manifest of it, or not what the manifest names.
        Refused: CANON: the manifest is not a manifest.
    """
    path = layout.manifest(model, version)
    data = view.read(path)
    if data is None:
        have = ", ".join(one for _, one in versions(view, model)) or "none"
        msg = f"{path}: expected a signed release, committed here (there are: {have}); got no file"
        raise ReleaseError(msg, hint=f"bot-core release {model} --author NAME --key KEY, then git commit")
    manifest = parse(data, ReleaseManifest, path)
    files = {name: found for name in _paths(manifest) if (found := view.read(name)) is not None}
    _require_named(manifest, files)
    stored = [StoredFile(path=name, size=len(found), digest=sha256(found)) for name, found in sorted(files.items())]
    index = StoredRelease(model=model, version=version, commit=_commit(view, path), manifest=sha256(data), files=stored)
    return Released(index, files)


def push(place: Place, release: Released) -> Pushed:
    """Keep a release's files, and its index last.

    Raises:
        ReleaseError: the store has other bytes under one of the names; nothing is replaced.
        TrackingError: the store does not answer, or refuses.
    """
    index, folder = release.index, _folder(release.index.model, release.index.version)
    notes = {"model": index.model, "version": index.version, "commit": index.commit, "manifest": index.manifest}
    created = 0
    for path, data in release.files.items():
        created += _kept(place, f"{folder}/{path}", data, {**notes, "sha256": sha256(data)})
    created += place.create(f"{folder}/{INDEX}", encode_json(index), notes)
    _require_same(place, index)
    return Pushed(index.model, index.version, created, place.url)


def stored(place: Place, model: str, version: str) -> StoredRelease | None:
    """Read a release's index; nothing where the store has none.

    Raises:
        DocumentError: it is no index.
        TrackingError: the store does not answer.
    """
    name = f"{_folder(model, version)}/{INDEX}"
    data = place.read(name)
    return None if data is None else decode_json(data, StoredRelease, f"{place.url}/{name}")


def kept(place: Place, model: str | None = None) -> list[tuple[str, str]]:
    """List the releases of which the store has an index, as (model, version), by model, oldest first."""
    names = [name.split("/") for name in place.names(f"{ROOT}/{model}" if model else ROOT)]
    return [(parts[1], parts[2]) for parts in names if len(parts) == 4 and parts[3] == INDEX]  # noqa: PLR2004  # root, model, version, file


def held(place: Place, model: str | None = None) -> list[StoredRelease]:
    """Read what the store says it has, by model, oldest first; see `stored` for what is raised."""
    return [index for one in kept(place, model) if (index := stored(place, *one)) is not None]


def verify(place: Place, model: str, version: str, release: Released | None = None) -> list[Problem]:
    """Read a stored release again, every byte, and say what is not as it was released.

    Args:
        place: the store.
        model: which one.
        version: which release.
        release: as git holds it; None: git has none, and the store's own index is all there is to compare with.
    """
    index = f"{_folder(model, version)}/{INDEX}"
    try:
        there = stored(place, model, version)
    except DocumentError as error:
        return [Problem(index, "changed", error.message)]
    if there is None:
        return [Problem(index, "missing", f"{place.url}/{index}: expected the index of {model} {version}, got no object")]
    return [*_against_git(place, there, release), *_bytes(place, there)]


def _paths(manifest: ReleaseManifest) -> list[str]:
    """Name the files of a release: what its manifest names, and what was written beside it."""
    path = layout.manifest(manifest.model, manifest.version)
    beside = (f"models/{manifest.model}/{manifest.version}.md", f"audit/ai_decision/config/{manifest.version}.json")
    return [path, path + layout.SIG, manifest.artifact.path, *(report.path for report in manifest.reports), *beside]


def _require_named(manifest: ReleaseManifest, files: Mapping[str, bytes]) -> None:
    """Prove that git holds what the manifest names, so that nothing else is ever kept under a release's name."""
    named = {manifest.artifact.path: manifest.artifact.digest, **{report.path: report.digest for report in manifest.reports}}
    for path, digest in named.items():
        got = sha256(files[path]) if path in files else "no file"
        if got != digest:
            msg = f"{path}: expected {digest}, as the manifest says, got {got}"
            raise ReleaseError(msg, hint="restore the file from the release's commit: git log -- models audit")


def _commit(view: Snapshot, path: str) -> str:
    return view.git.brought(view.tip, [path])[path] or view.tip


def _kept(place: Place, name: str, data: bytes, notes: Mapping[str, str]) -> bool:
    """Create an object, or prove that it is there with these very bytes."""
    if place.create(name, data, notes):
        return True
    there = place.read(name)
    if there != data:
        got = "none" if there is None else sha256(there)
        msg = f"{place.url}/{name}: expected {sha256(data)}, as git holds it, got other bytes: {got}"
        raise ReleaseError(msg, hint="nothing is replaced; find out who wrote it, and keep releases elsewhere: --remote NAME")
    return False


def _require_same(place: Place, index: StoredRelease) -> None:
    """Prove that the index there names these files; its commit may be another one, of a history that was rebased since."""
    there = stored(place, index.model, index.version)
    if there is None or (there.manifest, there.files) != (index.manifest, index.files):
        msg = f"{place.url}: expected the index of {index.model} {index.version} as git has it, got another one"
        raise ReleaseError(msg, hint="bot-core store verify")


def _against_git(place: Place, there: StoredRelease, release: Released | None) -> Iterator[Problem]:
    if release is not None and (there.manifest, there.files) != (release.index.manifest, release.index.files):
        path = f"{_folder(there.model, there.version)}/{INDEX}"
        message = f"{place.url}/{path}: expected the files and the manifest {release.index.manifest} that git holds, got others"
        yield Problem(path, "changed", message)


def _bytes(place: Place, there: StoredRelease) -> Iterator[Problem]:
    for file in there.files:
        path = f"{_folder(there.model, there.version)}/{file.path}"
        data = place.read(path)
        if data is None:
            yield Problem(path, "missing", f"{place.url}/{path}: expected {file.digest}, got no object")
        elif sha256(data) != file.digest:
            yield Problem(path, "changed", f"{place.url}/{path}: expected {file.digest}, got {sha256(data)}")


def _folder(model: str, version: str) -> str:
    return f"{ROOT}/{model}/{version}"
