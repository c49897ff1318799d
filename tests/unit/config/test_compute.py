from __future__ import annotations

from pathlib import Path

import pytest

from bot_core.config.compute import load_compute
from bot_core.config.models import DaskCompute, LocalCompute
from bot_core.errors import ConfigError

CONF = Path("conf/compute")


def test_every_choice_of_the_project_is_read() -> None:
    assert {path.stem: type(load_compute(path)) for path in CONF.glob("*.yaml")} == {"local": LocalCompute, "dask": DaskCompute}


def test_an_option_takes_the_place_of_what_the_file_says() -> None:
    assert load_compute(CONF / "local.yaml", workers=3) == LocalCompute(workers=3)
    assert load_compute(CONF / "dask.yaml", address="tcp://10.0.0.1:8786") == DaskCompute(address="tcp://10.0.0.1:8786")


@pytest.mark.parametrize(
    ("name", "workers", "address", "sentence"),
    [
        ("local", None, "tcp://x:1", "local.yaml: backend: expected one that has address, got local"),
        ("dask", 2, None, "dask.yaml: backend: expected one that has workers, got dask"),
        ("local", -2, None, "the command line: workers: expected int >= -1, got -2"),
        ("cloud", None, None, "cloud.yaml: expected a readable file, got No such file or directory"),
    ],
)
def test_what_a_backend_does_not_have_is_refused(name: str, workers: int | None, address: str | None, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_compute(CONF / f"{name}.yaml", workers=workers, address=address)


def test_a_backend_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ray.yaml"
    path.write_text("backend: ray\n")
    with pytest.raises(ConfigError, match=r"ray\.yaml: backend: expected one of local, dask; got 'ray'"):
        load_compute(path)
