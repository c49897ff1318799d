"""Stage 0: name the code of every stage, `build/code/<stage>.sha256`: its page, all that it imports, and the lock of the environment.

Each stage depends on its own list and on no other code, so an edit runs again what can see it and nothing else, and no list of
dependencies is kept by hand. Templates and style sheets count as code of the package they lie in. `sha256sum -c` reads the lists.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grimp

from bot_core._digest import PREFIX, sha256_file
from bot_core._parse import write_bytes
from bot_core.cli.boundary import guard

STAGES = ("compose", "ingest", "check_data", "featurize", "train", "walk_forward", "monitor", "report", "events")
LOCK = Path("requirements/train.txt")
OUT = Path("build/code")


def closure(graph: grimp.ImportGraph, page: str) -> list[Path]:
    """List the files behind a page: modules it imports, transitively, the packages they lie in, and those packages' other files."""
    modules = {page} | graph.find_upstream_modules(page)
    packages = {module.rsplit(".", depth)[0] for module in modules for depth in range(1, module.count(".") + 1)}
    folders = {Path(*package.split(".")) for package in packages}
    files = {Path(*module.split(".")).with_suffix(".py") for module in modules - packages} | {f / "__init__.py" for f in folders}
    files |= {path for folder in folders for path in folder.iterdir() if path.is_file() and path.suffix not in {".py", ".pyc"}}
    return sorted(files)


def main(*stages: str) -> None:
    """Write the lists of some stages, by default of all that `dvc.yaml` has."""
    sys.path.insert(0, str(Path.cwd()))
    graph = grimp.build_graph("bot_core", "pipelines", exclude_type_checking_imports=True, cache_dir=None)
    chosen = stages or STAGES
    for stage in chosen:
        lines = [f"{sha256_file(path).removeprefix(PREFIX)}  {path}\n" for path in [*closure(graph, f"pipelines.{stage}"), LOCK]]
        write_bytes(OUT / f"{stage}.sha256", "".join(lines).encode())
    print(f"{len(chosen)} stages: {OUT}/*.sha256")


if __name__ == "__main__":
    guard(main, *sys.argv[1:])
