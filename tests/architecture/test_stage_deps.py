import subprocess
import sys


def test_every_stage_depends_on_exactly_the_code_it_imports() -> None:
    done = subprocess.run([sys.executable, "scripts/stage_deps.py", "--check"], check=False)
    assert done.returncode == 0, "run `make fmt`"
