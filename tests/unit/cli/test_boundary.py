import subprocess
import sys
from pathlib import Path

import pytest

from bot_core.cli.boundary import guard, outcome
from bot_core.errors import BotCoreError, InputError, QualityError


def _fail(error: BaseException) -> None:
    raise error


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("error", "code"), [(InputError("f: expected 1, got 2", hint="do x"), 2), (QualityError("bad"), 20), (BotCoreError("x"), 1)]
)
def test_an_expected_failure_is_a_sentence_a_hint_and_its_code(
    error: BotCoreError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(_fail, error) == code
    said = capsys.readouterr().err
    assert said.startswith(f"error[{error.code}]: {error.message}\n")
    assert ("  → do x\n" in said) == bool(error.hint)
    assert "Traceback" not in said


def test_an_interrupt_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(_fail, KeyboardInterrupt()) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_a_fault_leaves_a_log_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(_fail, ZeroDivisionError("oh")) == 1
    said = capsys.readouterr().err
    assert "error[FAULT]: ZeroDivisionError: oh" in said
    assert "Traceback" not in said
    assert "ZeroDivisionError: oh" in Path("logs/fault.log").read_text()


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (20, 20)])
def test_what_a_command_returns_is_the_exit_code(result: int | None, code: int) -> None:
    with pytest.raises(SystemExit) as caught:
        guard(lambda: result)
    assert caught.value.code == code


def test_a_reader_that_has_gone_is_no_fault_and_no_pass() -> None:
    script = "from bot_core.cli.boundary import guard\nguard(lambda: [print('x' * 100) for _ in range(100_000)])"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
