"""Before stage 2, by hand or in a retraining run: take a source's new rows into the data file, and move `as_of` with them.

`python -m pipelines.update MODEL [HOME [NOW]]` prints what came as JSON. HOME: where a relative path of the source starts. NOW: a UTC time.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

from bot_core._parse import encode_json
from bot_core.cli.boundary import guard
from bot_core.config.load import load_config, load_roster
from bot_core.errors import ReleaseError
from bot_core.retraining.freshness import move_as_of
from bot_core.retraining.ingest import ingest


def main(model: str, home: str = ".", now: str = "") -> None:
    """Update one model's data; the model was composed."""
    config = load_config(Path("build", model, "config.json")).data
    moment = dt.datetime.fromisoformat(now) if now else dt.datetime.now(dt.UTC)
    found = ingest(Path(), config, moment, home=Path(home))
    if found.as_of != config.as_of:
        move_as_of(Path("conf", "data", f"{load_roster(Path('params.yaml'))[model]['data']}.yaml"), found.as_of)
    if found.pointer is not None and found.rows_added:
        _track(config.path)
    sys.stdout.write(f"{encode_json(found).decode()}\n")


def _track(path: str) -> None:
    """Let DVC name the new content of a file that it keeps."""
    done = subprocess.run([sys.executable, "-m", "dvc", "add", "--quiet", path], capture_output=True, text=True, check=False)  # noqa: S603  # a declared path
    if done.returncode != 0:
        msg = f"{path}: expected `dvc add` to succeed, got: {' '.join(done.stderr.split())}"
        raise ReleaseError(msg, hint="git checkout the file, and run again")


if __name__ == "__main__":
    guard(main, *sys.argv[1:])
