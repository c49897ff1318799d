from pathlib import Path

import pytest

LOCKS = sorted(Path("requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_a_lock_names_no_address_and_hashes_every_requirement(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    pinned = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
    assert len(pinned) > 5
    assert all(line.rstrip().endswith("\\") for line in pinned)


def test_every_direct_requirement_has_a_lower_bound() -> None:
    wanted = [
        line for path in Path("requirements").glob("*.in") for line in path.read_text().splitlines() if line and line[0] not in "#-"
    ]
    assert [line for line in wanted if ">=" not in line and "==" not in line] == []
