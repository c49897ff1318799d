"""The pages build strictly, without a network, into a site that asks nothing of one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [".venv/bin/mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(list(Path("docs/adr").glob("*.md")))
    loaded = r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//(?!example\.org)[^\"'> ]+"
    assert [(page.name, found) for page in pages for found in re.findall(loaded, page.read_text())] == []
