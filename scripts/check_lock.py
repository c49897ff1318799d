"""After `dvc repro`: is `dvc.lock` what is committed?

Hard: the stages, their commands, code, parameters and raw data. Computed files may differ in the last bit between kinds of
processor, so a difference there is reported, and on `--strict` refused as well; so is that of a folder in which such a file lies.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

Lock = dict[str, dict[str, object]]
REFUSED = 20


def stages(text: str) -> Lock:
    """Read the stages of a lock."""
    found: Lock = yaml.safe_load(text)["stages"]
    return found


def facts(lock: Lock) -> tuple[dict[str, object], dict[str, object]]:
    """Divide a lock into what must be equal anywhere and what was computed; key: `stage: kind: path`."""
    made = {item["path"] for content in lock.values() for item in content.get("outs") or []}  # type: ignore[attr-defined]  # DVC's own
    given: dict[str, object] = {}
    computed: dict[str, object] = {}
    for stage, content in lock.items():
        given[f"{stage}: cmd"] = content["cmd"]
        given[f"{stage}: params"] = content.get("params")
        for kind in ("deps", "outs"):
            for item in content.get(kind) or []:  # type: ignore[attr-defined]  # DVC's own file
                place = computed if item["path"] in made and not _is_written(item["path"]) else given
                place[f"{stage}: {kind}: {item['path']}"] = item["md5"]
    return given, computed


def _is_written(path: str) -> bool:
    """Tell what is only written down from what calculation made: configurations and lists of code are the same anywhere."""
    return path.endswith(("config.json", ".sha256"))


def differences(one: dict[str, object], two: dict[str, object]) -> list[str]:
    """List the keys whose values differ."""
    return sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))


def explained(hard: list[str], soft: list[str]) -> list[str]:
    """List those of the hard differences that are of a folder in which a computed file differs."""
    files = [line.rsplit(": ", 1)[-1] for line in soft]
    return [line for line in hard if any(file.startswith(f"{line.rsplit(': ', 1)[-1]}/") for file in files)]


def main(words: list[str]) -> int:
    """Compare the working tree's lock with the committed one."""
    committed = subprocess.run(["git", "show", "HEAD:dvc.lock"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    given, computed = facts(stages(committed))
    given_now, computed_now = facts(stages(Path("dvc.lock").read_text(encoding="utf-8")))
    hard, soft = differences(given, given_now), differences(computed, computed_now)
    folders = explained(hard, soft)
    hard, soft = [line for line in hard if line not in folders], sorted(soft + folders)
    print(
        *(f"dvc.lock: not as committed: {line}" for line in hard),
        *(f"dvc.lock: computed differently: {line}" for line in soft),
        sep="\n",
    )
    print(f"dvc.lock: {len(given)} given facts, {len(hard)} differ; {len(computed)} computed files, {len(soft)} differ")
    return REFUSED if hard or (soft and "--strict" in words) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
