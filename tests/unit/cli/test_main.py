import importlib
import subprocess
import sys

import pytest

from bot_core.cli.main import COMMANDS, main


def test_help_lists_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)
    assert "exit codes:" in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_speaks_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "--format" in said
    assert importlib.import_module(COMMANDS[name][0]).EPILOG.split()[0] in said


@pytest.mark.parametrize("words", [[], ["nonsense"], ["models", "--nonsense"]])
def test_bad_arguments_exit_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


def test_help_loads_nothing_heavy() -> None:
    heavy = ["pandas", "numpy", "lightgbm", "sklearn", "hydra", "dvc", "matplotlib", "numba", "rich"]
    code = "import sys; from bot_core.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()[-1].split()) & set(heavy) == set()
