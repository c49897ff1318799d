"""Write each stage's list of code in `dvc.yaml`: the modules its page imports, transitively. `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

import grimp

STAGE_FILE = Path("dvc.yaml")
CODE = ("- bot_core/", "- pipelines/")


def closure(stage: str) -> list[str]:
    """List the files a stage's page imports, with the packages they lie in, sorted."""
    graph = grimp.build_graph("bot_core", "pipelines", exclude_type_checking_imports=True, cache_dir=None)
    page = f"pipelines.{stage}"
    modules = {page} | graph.find_upstream_modules(page)
    packages = {module.rsplit(".", depth)[0] for module in modules for depth in range(1, module.count(".") + 1)}
    return sorted(str(_file(module)) for module in modules | packages)


def rewritten(text: str) -> str:
    """Return `dvc.yaml` with every stage's code list renewed."""
    lines: list[str] = []
    stage = ""
    for line in text.splitlines():
        if line.startswith("  ") and line.endswith(":") and line[2] != " ":
            stage = line.strip().rstrip(":")
        if line.strip().startswith(CODE):
            if line.strip() == f"- pipelines/{stage}.py":
                lines += [f"        - {path}" for path in closure(stage)]
            continue
        lines.append(line)
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Write, or with `--check` compare; 20 when stale."""
    sys.path.insert(0, str(Path.cwd()))
    text = STAGE_FILE.read_text(encoding="utf-8")
    wanted = rewritten(text)
    if "--check" in words:
        return 0 if wanted == text else 20
    STAGE_FILE.write_text(wanted, encoding="utf-8")
    return 0


def _file(module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
