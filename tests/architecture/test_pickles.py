"""Opening a pickle runs whatever its author wrote: nothing in the project opens one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = sorted(path for place in ("bot_core", "pipelines", "scripts", "benchmarks", "data") for path in Path(place).rglob("*.py"))
OPENERS = {"pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
OPENS = {"load", "loads", "Unpickler", "read_pickle", "open", "DbfilenameShelf"}
WRITES = {Path("bot_core/metalabel/writing.py")}


def opened(source: str) -> list[str]:
    """List what a source does that opens a pickle: names of modules that can, and calls that do."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=attr) if module in OPENERS and attr in OPENS:
                found.append(f"{module}.{attr}")
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] in OPENERS:
                found += [f"{module}.{one.name}" for one in names if one.name in OPENS]
            case ast.Attribute(attr="read_pickle" | "Unpickler" as attr):
                found.append(attr)
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                found.append("allow_pickle=True")
            case ast.Import(names=names):
                found += [f"{one.name} as {one.asname}" for one in names if one.name in OPENERS and one.asname]
    return found


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_pickle_is_opened(path: Path) -> None:
    assert opened(path.read_text()) == []


def test_one_module_alone_knows_pickles_at_all() -> None:
    assert {path for path in FILES if "import pickle" in path.read_text()} == WRITES


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(b'')",
        "import joblib\njoblib.load('m.pkl')",
        "from pickle import load",
        "from joblib import load as x",
        "import pickle as p",
        "pd.read_pickle('m.pkl')",
        "numpy.load('m.npy', allow_pickle=True)",
        "x.Unpickler(stream)",
    ],
)
def test_what_opens_one_is_seen(source: str) -> None:
    assert opened(source)
