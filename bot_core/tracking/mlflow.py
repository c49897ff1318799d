"""Tell an MLflow server, through MLflow's own client, loaded only once the server answers.

A run is found again by the tag that holds our id, in its experiment; the client sends a run's tags with the request that creates it, so
there is no moment at which one exists without. Metrics carry the time at which the training ended, so that the same one sent twice is one.
"""

from __future__ import annotations

import math
import os
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeVar

from bot_core.errors import TrackingError
from bot_core.tracking.port import ID_TAG, RunRefused, tags_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mlflow.entities import Run
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    from bot_core.config.tracking import MlflowTracking
    from bot_core.documents.tracking import TrackedRun
    from bot_core.tracking.port import OpenRun

V = TypeVar("V")

_BATCH = 100  # params or tags in one request, as the server takes them
_NO_LOGIN = (401, 403)
_LATER = (408, 425, 429)
_REQUEST, _SERVER = 400, 500
_LOGIN = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"


class MlflowTracker:
    """An MLflow server.

    Args:
        to: where it is, and how long to wait for it.
        environ: holds MLFLOW_TRACKING_URI where `to` leaves the address open.
    """

    name: Literal["mlflow", "wandb"] = "mlflow"

    def __init__(self, to: MlflowTracking, environ: Mapping[str, str]) -> None:
        self.to = to
        self.environ = environ

    def start(self, run: TrackedRun) -> OpenRun:
        """Find the run that holds our id, or create it; see `bot_core.tracking.port.Tracker`."""
        client = self._client()
        with _asking(self.to.timeout_s, self._address()):
            experiment = _experiment(client, self.to.experiment or run.experiment)
            found = client.search_runs([experiment], f"tags.`{ID_TAG}` = '{run.id}'", run_view_type=_ALL, max_results=1)
            there = found[0] if found else _created(client, experiment, run)
        return _OpenRun(client, there, run, self.to.timeout_s, self._address())

    def check(self) -> str:
        """Ask for one experiment, which needs what writing needs: an answer, and a login where the server asks for one."""
        client = self._client()
        with _asking(self.to.timeout_s, self._address()):
            client.search_experiments(max_results=1)
        return _shown(self._address())

    def _address(self) -> str:
        address = self.to.uri or self.environ.get("MLFLOW_TRACKING_URI", "")
        if not address.startswith(("http://", "https://")):
            msg = f"mlflow: expected the address of a server, got {address or 'none'}"
            raise TrackingError(msg, hint="set MLFLOW_TRACKING_URI=http://HOST:5000, or uri in conf/tracking/")
        return address.rstrip("/")

    def _client(self) -> MlflowClient:
        """Knock first: loading the client takes seconds, and a server that is away is known in less."""
        address = self._address()
        _knock(address, self.to.timeout_s)
        with _environment(self.to.timeout_s):
            try:
                from mlflow.tracking import MlflowClient  # noqa: PLC0415  # an extra
            except ImportError as error:
                msg = f"mlflow: expected the package mlflow-skinny, got {error}"
                raise TrackingError(msg, hint="pip install 'bot-core[mlflow]'") from error
            return MlflowClient(tracking_uri=address)


class _OpenRun:
    """A run at the server; see `bot_core.tracking.port.OpenRun`."""

    def __init__(self, client: MlflowClient, there: Run, run: TrackedRun, timeout_s: float, address: str) -> None:
        self._client = client
        self._id = there.info.run_id
        self._at = _milliseconds(run.ended)
        self._timeout_s = timeout_s
        self._address = address
        self.where = f"{_shown(address)}/#/experiments/{there.info.experiment_id}/runs/{self._id}"
        self.ended = there.info.status == "FINISHED" or there.info.lifecycle_stage == "deleted"

    def params(self, params: Mapping[str, str]) -> None:
        """Write them, a batch to a request."""
        from mlflow.entities import Param  # noqa: PLC0415  # an extra

        for some in _chunks(list(params.items())):
            with self._asking():
                self._client.log_batch(self._id, params=[Param(key, value) for key, value in some])

    def tags(self, tags: Mapping[str, str]) -> None:
        """Write them, a batch to a request."""
        from mlflow.entities import RunTag  # noqa: PLC0415  # an extra

        for some in _chunks(list(tags.items())):
            with self._asking():
                self._client.log_batch(self._id, tags=[RunTag(key, value) for key, value in some])

    def metrics(self, metrics: Mapping[str, float]) -> None:
        """Write them, a batch to a request, at the time at which the training ended."""
        from mlflow.entities import Metric  # noqa: PLC0415  # an extra

        for some in _chunks(list(metrics.items())):
            with self._asking():
                self._client.log_batch(self._id, metrics=[Metric(key, value, self._at, 0) for key, value in some])

    def files(self, files: Sequence[tuple[str, Path]]) -> None:
        """Send them, each to the folder that its name says."""
        for name, path in files:
            folder = str(PurePosixPath(name).parent)
            with self._asking():
                self._client.log_artifact(self._id, str(path), None if folder == "." else folder)

    def end(self) -> None:
        """Say that the run is finished."""
        with self._asking():
            self._client.set_terminated(self._id, "FINISHED", end_time=self._at)

    def leave(self) -> None:
        """Do nothing: a run that is not finished waits there, and its id finds it."""

    def _asking(self) -> AbstractContextManager[None]:
        return _asking(self._timeout_s, self._address)


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(client.create_experiment(name) if found is None else found.experiment_id)


def _created(client: MlflowClient, experiment: str, run: TrackedRun) -> Run:
    return client.create_run(experiment, start_time=_milliseconds(run.started), tags=tags_of(run), run_name=run.name)


def _knock(address: str, timeout_s: float) -> None:
    try:
        with urllib.request.urlopen(f"{_shown(address)}/health", timeout=timeout_s) as answer:  # noqa: S310  # http or https: see _address
            answer.read(_BATCH)
    except urllib.error.HTTPError as error:
        if error.code >= _SERVER:
            raise _away(address, f"HTTP {error.code}") from error
    except (OSError, ValueError, HTTPException) as error:  # no route, no answer in time, not HTTP
        raise _away(address, str(getattr(error, "reason", error))) from error


@contextmanager
def _asking(timeout_s: float, address: str) -> Iterator[None]:
    """Put what MLflow raises into our words: no answer, no login, or no to this run."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415  # an extra

    try:
        with _environment(timeout_s):
            yield
    except MlflowException as error:
        raise _in_words(error, address) from error
    except (OSError, ImportError) as error:  # of the store that holds the files
        raise _away(address, str(error)) from error


def _in_words(error: MlflowException, address: str) -> TrackingError:
    from mlflow.exceptions import RestException  # noqa: PLC0415  # an extra

    status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]  # MLflow's own
    if status in _NO_LOGIN:
        return TrackingError(f"{_shown(address)}: expected MLflow to know us, got {_line(error.message)}", hint=_LOGIN)
    if isinstance(error, RestException) and _REQUEST <= status < _SERVER and status not in _LATER:
        return RunRefused(f"{_shown(address)}: expected MLflow to take the run, got {_line(error.message)}")
    return _away(address, error.message)


def _away(address: str, reason: str) -> TrackingError:
    return TrackingError(
        f"{_shown(address)}: expected MLflow to answer, got {_line(reason)}", hint=f"curl {_shown(address)}/health"
    )


@contextmanager
def _environment(timeout_s: float) -> Iterator[None]:
    """Tell MLflow, which takes it from the environment only, to wait briefly, to try once, and to send and print nothing of its own."""
    ours = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(math.ceil(timeout_s)),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _shown(address: str) -> str:
    """Leave a password out."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _chunks(items: list[tuple[str, V]]) -> Iterator[list[tuple[str, V]]]:
    for first in range(0, len(items), _BATCH):
        yield items[first : first + _BATCH]


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


_ALL = 3  # mlflow.entities.ViewType.ALL: deleted ones too; who deleted a run does not want it twice
