"""Ensembles as `conf/ensemble/` declares them: register one, look at all, compare two looks, put one back.

The files are the state: nothing is kept in a process, so two processes agree, and git has the history. A file is a Hydra group file that
fills the model's section: its defaults pull the members out of `conf/model/`, its keys say what is made of their answers.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec
import yaml

from bot_core._digest import sha256
from bot_core._parse import convert, encode_json, load_yaml, read_bytes, write_bytes
from bot_core.config.models import Aggregation, Ensemble
from bot_core.errors import AuditError, ConfigError, DocumentError
from bot_core.governance.git import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot_core.governance.git import Git

ENSEMBLES, MODELS = "conf/ensemble", "conf/model"
HEADER = "# @package model\n"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_MEMBER = re.compile(r"[a-z][a-z0-9_]*")
_PULL = "/model@members."


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts share."""


class Component(_Frozen, frozen=True, kw_only=True):
    """A member: the file of `conf/model/` it is pulled from, and that file's digest; nothing where there is no such file."""

    model: str
    digest: str | None


class Definition(_Frozen, frozen=True, kw_only=True):
    """An ensemble as declared. `digest` covers what it means, its members' files too; `text` is the file as it stands."""

    aggregation: Aggregation
    components: dict[str, Component]
    weights: dict[str, float] | None
    digest: str
    text: str


class Change(_Frozen, frozen=True, kw_only=True):
    """A field before and after; nothing where it was not there."""

    before: str | float | None
    after: str | float | None


class EnsembleDiff(_Frozen, frozen=True, kw_only=True):
    """What differs between two snapshots; of what changed, each field, such as `components.trees` or `weights.trees`."""

    added: dict[str, Definition]
    removed: dict[str, Definition]
    changed: dict[str, dict[str, Change]]


class _Written(_Frozen, frozen=True, kw_only=True):
    """A file of `conf/ensemble/`."""

    defaults: list[dict[str, str] | Literal["_self_"]]
    aggregation: Aggregation
    members: dict[str, dict[str, float | str | bool]] = {}
    weights: dict[str, float] | None = None


def register_ensemble(
    root: Path,
    name: str,
    components: Mapping[str, str] | Sequence[str],
    *,
    aggregation: Aggregation = "mean",
    weights: Mapping[str, float] | None = None,
    override: bool = False,
) -> Definition:
    """Write `conf/ensemble/<name>.yaml`, whole or not at all; in the roster it is chosen by `model: ensemble` and `ensemble: <name>`.

    Args:
        root: the repository.
        name: the ensemble's.
        components: member → a file of `conf/model/`; of a list, a member has the name of its file.
        aggregation: mean, median, weighted, max or min.
        weights: for `weighted`: one per member, above 0.
        override: replace a file that is there.

    Raises:
        ConfigError: a name that is taken or cannot be one, a component that `conf/model/` does not have or that is an ensemble, fewer than
            two, members or weights that do not go together.
        AuditError: it could not be written.
    """
    chosen = _named(components)
    path = root / _path(name)
    _require_sound(root, name, chosen, aggregation, weights)
    pulls = [{f"{_PULL}{member}": model} for member, model in chosen.items()]
    plain: dict[str, object] = {"defaults": [*pulls, "_self_"], "aggregation": aggregation}
    plain |= {"weights": {member: float(weight) for member, weight in weights.items()}} if weights is not None else {}
    data = (HEADER + yaml.safe_dump(plain, sort_keys=False)).encode()
    if override:
        write_bytes(path, data)
    else:
        _create(path, data, name)
    return snapshot_ensembles(root)[name]


def snapshot_ensembles(root: Path) -> dict[str, Definition]:
    """Read every ensemble that the files here declare, in order of name.

    Raises:
        ConfigError: a file that is none.
    """
    paths = [path for folder in (ENSEMBLES, MODELS) for path in sorted((root / folder).glob("*.yaml"))]
    return _snapshot({path.relative_to(root).as_posix(): read_bytes(path) for path in paths})


def snapshot_at(git: Git, revision: str) -> dict[str, Definition]:
    """Read every ensemble that a commit declares; see `snapshot_ensembles`.

    Raises:
        GitError: there is no such commit.
    """
    tree = git.tree(git.resolve(revision))
    items = [(folder, item) for folder in (ENSEMBLES, MODELS) for item in git.items(tree, folder)]
    paths = [f"{folder}/{item.name}" for folder, item in items if item.mode == FILE and item.name.endswith(".yaml")]
    return _snapshot({path: git.blob(tree, path) or b"" for path in paths})


def diff_ensemble_snapshots(before: Mapping[str, Definition], after: Mapping[str, Definition]) -> EnsembleDiff:
    """Say what was added, removed and changed from one snapshot to another; a comment changes nothing."""
    both = [name for name in before if name in after and before[name].digest != after[name].digest]
    return EnsembleDiff(
        added={name: one for name, one in after.items() if name not in before},
        removed={name: one for name, one in before.items() if name not in after},
        changed={name: _changes(_fields(before[name]), _fields(after[name])) for name in both},
    )


def restore_ensembles(root: Path, snapshot: Mapping[str, Definition]) -> list[Path]:
    """Write each file back as it stood, byte for byte, and remove those that were not there; return the files that differed.

    Raises:
        ConfigError: a name that cannot be a file's.
        AuditError: a file could not be written or removed; those before it are as they were.
    """
    wanted = {root / _path(name): one.text.encode() for name, one in snapshot.items()}
    present = {path: read_bytes(path) for path in sorted((root / ENSEMBLES).glob("*.yaml"))}
    for path, data in wanted.items():
        if present.get(path) != data:
            write_bytes(path, data)
    for path in present.keys() - wanted.keys():
        _remove(path)
    return sorted(path for path in present.keys() | wanted.keys() if present.get(path) != wanted.get(path))


# --- reading ---


def _snapshot(files: Mapping[str, bytes]) -> dict[str, Definition]:
    declared = {path: data for path, data in files.items() if path.startswith(f"{ENSEMBLES}/")}
    return {path.rpartition("/")[2].removesuffix(".yaml"): _definition(path, data, files) for path, data in declared.items()}


def _definition(path: str, data: bytes, files: Mapping[str, bytes]) -> Definition:
    try:
        text, plain = data.decode(), load_yaml(data, path)
    except (DocumentError, UnicodeDecodeError) as error:
        msg = f"{path}: expected YAML in UTF-8, got something else ({error})"
        raise ConfigError(msg, hint=f"git log {path}") from error
    written = convert(plain, _Written, path, error=ConfigError)
    pulled = [pair for default in written.defaults if isinstance(default, dict) for pair in default.items()]
    strange = [key for key, _ in pulled if not key.startswith(_PULL)]
    if strange:
        msg = f"{path}: defaults: expected members pulled by {_PULL}NAME, got {strange[0]}"
        raise ConfigError(msg, hint="what a member changes of its parameters belongs into a file of its own in conf/model/")
    names = [(key.removeprefix(_PULL), model) for key, model in sorted(pulled)]
    components = {name: _component(model, files, written.members.get(name)) for name, model in names}
    meaning = (written.aggregation, components, sorted((written.weights or {}).items()))
    return Definition(
        aggregation=written.aggregation,
        components=components,
        weights=written.weights,
        digest=sha256(encode_json(meaning)),
        text=text,
    )


def _component(model: str, files: Mapping[str, bytes], changed: Mapping[str, object] | None) -> Component:
    """Name a member by its file, and by what the ensemble changes of it."""
    data = files.get(f"{MODELS}/{model}.yaml")
    if data is not None and changed:
        data += encode_json(changed)
    return Component(model=model, digest=None if data is None else sha256(data))


# --- comparing ---


def _fields(one: Definition) -> dict[str, str | float | None]:
    found: dict[str, str | float | None] = {"aggregation": one.aggregation}
    for member, component in one.components.items():
        found |= {f"components.{member}": component.model, f"components.{member}.digest": component.digest}
    return found | {f"weights.{member}": weight for member, weight in (one.weights or {}).items()}


def _changes(before: Mapping[str, str | float | None], after: Mapping[str, str | float | None]) -> dict[str, Change]:
    return {
        key: Change(before=before.get(key), after=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    }


# --- writing ---


def _named(components: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """Give each component the name of a member.

    Raises:
        ConfigError: one twice, or a name that cannot be a member's.
    """
    chosen = dict(components) if isinstance(components, Mapping) else {model: model for model in components}
    if len(chosen) < len(components):
        msg = f"components: expected each once, got {', '.join(components)}"
        raise ConfigError(msg, hint="name the members: {first: MODEL, second: MODEL}")
    for member in chosen:
        if not _MEMBER.fullmatch(member):
            msg = f"components: expected a member named by lower-case letters, digits and '_', got {member!r}"
            raise ConfigError(msg, hint=f"name it: {{NAME: {chosen[member]}}}")
    return chosen


def _path(name: str) -> str:
    if not _NAME.fullmatch(name):
        msg = f"{ENSEMBLES}: expected a name of lower-case letters, digits, '.', '_', '-', got {name!r}"
        raise ConfigError(msg, hint="choose another name")
    return f"{ENSEMBLES}/{name}.yaml"


def _require_sound(
    root: Path, name: str, chosen: Mapping[str, str], aggregation: Aggregation, weights: Mapping[str, float] | None
) -> None:
    """Prove that the typed group would take it; see `register_ensemble` for what is raised."""
    known = sorted(path.stem for path in (root / MODELS).glob("*.yaml"))
    unknown = [model for model in chosen.values() if model not in known]
    if unknown:
        msg = f"{_path(name)}: expected components of {MODELS}/ ({', '.join(known) or 'none'}), got {unknown[0]}"
        raise ConfigError(msg, hint=f"write {MODELS}/{unknown[0]}.yaml first")
    files = {member: f"{MODELS}/{model}.yaml" for member, model in chosen.items()}
    members = {member: load_yaml(read_bytes(root / file), file) for member, file in files.items()}
    plain = {"family": "ensemble", "aggregation": aggregation, "members": members, "weights": dict(weights) if weights else weights}
    convert(plain, Ensemble, _path(name), error=ConfigError)


def _create(path: Path, data: bytes, name: str) -> None:
    """Write a file that is not there yet; of two writers at once one is refused."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    write_bytes(part, data)
    try:
        os.link(part, path)  # fails where the name is taken, whoever took it
    except FileExistsError as error:
        msg = f"{path}: expected a name that is not taken, got the ensemble {name} there"
        raise ConfigError(msg, hint="override=True replaces it; bot-core ensemble show says what it is") from error
    except OSError as error:
        msg = f"{path}: expected to write {len(data)} bytes, got {error.strerror or error}"
        raise AuditError(msg, hint="free space or fix permissions, then register it again") from error
    finally:
        with contextlib.suppress(OSError):  # a leftover is no ensemble: its name ends otherwise
            part.unlink()


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        msg = f"{path}: expected to remove it, got {error.strerror or error}"
        raise AuditError(msg, hint="fix permissions, then restore again") from error
