"""`bot-core ensemble list | show | diff`: which models answer as one, and what changed of that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core.ai.ensembles import ENSEMBLES, diff_ensemble_snapshots, snapshot_at, snapshot_ensembles
from bot_core.cli.show import say
from bot_core.config.load import load_roster
from bot_core.errors import ConfigError
from bot_core.governance.git import Git

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    from bot_core.ai.ensembles import Change, Definition, EnsembleDiff

EPILOG = """\
  bot-core ensemble list                  what conf/ensemble/ declares
  bot-core ensemble show NAME             its members with the digests of their files, and who in the roster uses it
  bot-core ensemble diff main~20 main     what was added, removed, changed between two commits
  bot-core ensemble diff HEAD             … and what the files here change

a member counts as changed when its file in conf/model/ did. What a released ensemble is made of, its manifest says.
"""
_DIGITS = len("sha256:") + 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="list|show|diff", required=True)
    verbs.add_parser("list", help="one line for each ensemble of the files here")
    show = verbs.add_parser("show", help="one ensemble of the files here")
    show.add_argument("name", help="a file of conf/ensemble/, without .yaml")
    diff = verbs.add_parser("diff", help="compare what two commits declare")
    diff.add_argument("before", metavar="REV1", help="a commit, a branch or a tag")
    diff.add_argument("after", metavar="REV2", nargs="?", help="another (default: the files here, committed or not)")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the three."""
    _VERBS[arguments.verb](arguments)
    return 0


# --- the verbs ---


def _list(arguments: argparse.Namespace) -> None:
    found = snapshot_ensembles(Path())
    say(arguments, {"ensembles": to_builtins(found)}, _rows(found) if found else [f"{ENSEMBLES}: no ensemble is declared"])


def _show(arguments: argparse.Namespace) -> None:
    found = snapshot_ensembles(Path())
    if arguments.name not in found:
        msg = f"{ENSEMBLES}: expected one of {', '.join(found) or 'none'}; got {arguments.name}"
        raise ConfigError(msg, hint="bot-core ensemble list")
    one, users = found[arguments.name], _users(arguments.name)
    say(arguments, {"name": arguments.name, **to_builtins(one), "used_by": users}, _described(arguments.name, one, users))


def _diff(arguments: argparse.Namespace) -> None:
    git = Git(Path())
    after = snapshot_at(git, arguments.after) if arguments.after else snapshot_ensembles(Path())
    found = diff_ensemble_snapshots(snapshot_at(git, arguments.before), after)
    say(arguments, to_builtins(found), list(_differences(found)) or ["no ensemble differs"])


_VERBS: dict[str, Callable[[argparse.Namespace], None]] = {"list": _list, "show": _show, "diff": _diff}


# --- in words ---


def _users(name: str) -> list[str]:
    """Name the models of the roster that are this ensemble."""
    return [model for model, entry in load_roster(Path("params.yaml")).items() if entry.get("ensemble") == name]


def _rows(found: Mapping[str, Definition]) -> Iterator[str]:
    wide = max(len(name) for name in found)
    for name, one in found.items():
        yield f"{name:{wide}}  {one.digest[:_DIGITS]}  {_in_words(one)}"


def _in_words(one: Definition) -> str:
    """Spell an ensemble in a line.

    >>> from bot_core.ai.ensembles import Component, Definition
    >>> parts = {name: Component(model=name, digest=None) for name in ("ridge", "trees")}
    >>> _in_words(Definition(aggregation="weighted", components=parts, weights={"ridge": 1, "trees": 3}, digest="", text=""))
    'weighted of ridge (1), trees (3)'
    """
    weights = one.weights or {}
    return f"{one.aggregation} of {', '.join(f'{m} ({weights[m]:g})' if m in weights else m for m in one.components)}"


def _described(name: str, one: Definition, users: list[str]) -> Iterator[str]:
    yield f"{ENSEMBLES}/{name}.yaml  {one.digest}"
    yield f"  {_in_words(one)}"
    wide = max((len(member) for member in one.components), default=0)
    for member, component in one.components.items():
        yield f"  {member:{wide}}  conf/model/{component.model}.yaml  {(component.digest or 'no such file')[:_DIGITS]}"
    yield f"  used by {', '.join(users) or 'no model of the roster'}"


def _differences(found: EnsembleDiff) -> Iterator[str]:
    for word, some in (("added", found.added), ("removed", found.removed)):
        yield from (f"{word:7}  {name}: {_in_words(one)}" for name, one in some.items())
    for name, changes in found.changed.items():
        yield f"changed  {name}"
        yield from (f"  {field}: {_change(change)}" for field, change in changes.items())


def _change(change: Change) -> str:
    return " → ".join("none" if side is None else _spelled(side) for side in (change.before, change.after))


def _spelled(value: str | float) -> str:
    """Shorten a digest to its first digits."""
    return value[:_DIGITS] if isinstance(value, str) and value.startswith("sha256:") else str(value)
