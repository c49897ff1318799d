"""Tell Weights & Biases, or write what it is told of later: offline, a run is a folder that `wandb sync` sends.

Online, the run has our id at W&B too, and is resumed where it was begun; its summary says when it is whole. Offline, a file in the folder
says so; a folder without it is what a killed process left, and goes. Figures are written to the summary alone, which has no history.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot_core.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    import wandb

    from bot_core.config.tracking import WandbTracking
    from bot_core.documents.tracking import TrackedRun
    from bot_core.tracking.port import OpenRun

FOLDER = Path("var", "tracking")  # W&B adds `wandb`
_WHOLE = "bot_core.whole"
_LOGIN = "wandb login, or set WANDB_API_KEY; WANDB_MODE=offline needs neither"


class WandbTracker:
    """A project of W&B.

    Args:
        to: the project, and how long to wait for an answer.
        root: the repository's root; W&B's own files lie under `var/tracking/wandb`.
        environ: WANDB_MODE=offline in it goes before `to`.
    """

    name: Literal["mlflow", "wandb"] = "wandb"

    def __init__(self, to: WandbTracking, root: Path, environ: Mapping[str, str]) -> None:
        self.to = to
        self.root = root
        self.offline = to.mode == "offline" or environ.get("WANDB_MODE") == "offline"

    def start(self, run: TrackedRun) -> OpenRun:
        """Begin the run, or resume it; see `bot_core.tracking.port.Tracker`."""
        if self.offline:
            for folder in sorted((self.root / FOLDER / "wandb").glob(f"offline-run-*-{run.id}")):
                if (folder / _WHOLE).exists():
                    return _OpenRun(None, folder.relative_to(self.root))
                shutil.rmtree(folder)
        (self.root / FOLDER).mkdir(parents=True, exist_ok=True)
        try:
            with _asking():
                begun = self._begun(run)
        except TrackingError:
            _library().teardown()  # its service would hold the id
            raise
        return _OpenRun(begun, Path(begun.settings.sync_dir).relative_to(self.root.resolve()) if self.offline else None)

    def check(self) -> str:
        """Ask who we are; offline, nobody is asked."""
        library = _library()
        if self.offline:
            return f"offline: {FOLDER / 'wandb'}, sent by wandb sync"
        with _asking():
            viewer = library.Api(timeout=int(self.to.timeout_s)).viewer
        return f"{self.to.entity or viewer.username}/{self.to.project}"

    def _begun(self, run: TrackedRun) -> wandb.Run:
        library = _library()
        settings = library.Settings(
            silent=True,
            console="off",
            disable_git=True,
            disable_code=True,
            disable_job_creation=True,
            x_disable_stats=True,
            x_disable_meta=True,
            x_disable_machine_info=True,
            init_timeout=self.to.timeout_s,
            login_timeout=self.to.timeout_s,
            finish_timeout=self.to.timeout_s,
            finish_timeout_raises=True,
            root_dir=str((self.root / FOLDER).resolve()),
            reinit="create_new",
        )
        begun: wandb.Run = library.init(
            project=self.to.project,
            entity=self.to.entity,
            id=run.id,
            name=run.name,
            group=run.experiment,
            mode="offline" if self.offline else "online",
            resume=None if self.offline else "allow",
            settings=settings,
        )
        return begun


class _OpenRun:
    """A run at W&B or in a folder; see `bot_core.tracking.port.OpenRun`.

    Args:
        run: the run; None: one that lies whole in its folder.
        folder: where it lies offline; None: at W&B.
    """

    def __init__(self, run: wandb.Run | None, folder: Path | None) -> None:
        self._run = run
        self._folder = folder
        self.where = f"{folder}, sent by wandb sync" if folder else str(run.url if run else "")
        self.ended = run is None or (folder is None and bool(run.summary.get(_WHOLE)))  # type: ignore[no-untyped-call]  # W&B's own
        if run is not None and self.ended:
            run.finish()

    @property
    def _open(self) -> wandb.Run:
        if self._run is None:
            msg = f"{self.where}: expected a run that can be written, got one that has ended"
            raise TrackingError(msg)
        return self._run

    def params(self, params: Mapping[str, str]) -> None:
        """Write them to the run's config."""
        with _asking():
            self._open.config.update(dict(params), allow_val_change=True)  # type: ignore[no-untyped-call]  # W&B's own

    def tags(self, tags: Mapping[str, str]) -> None:
        """Write them to the run's config: tags of W&B are labels without a value."""
        self.params(tags)

    def metrics(self, metrics: Mapping[str, float]) -> None:
        """Write them to the run's summary."""
        with _asking():
            self._open.summary.update(dict(metrics))

    def files(self, files: Sequence[tuple[str, Path]]) -> None:
        """Copy them into the run's folder, from which W&B takes them."""
        with _asking():
            for name, path in files:
                copy = Path(self._open.dir, name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)

    def end(self) -> None:
        """Send or write what is left, and mark the run whole once W&B's service is gone: until then it may still be writing."""
        with _asking():
            self._open.summary.update({_WHOLE: True})
            self._open.finish()
            _library().teardown()
            if self._folder is not None:
                Path(self._open.settings.sync_dir, _WHOLE).touch()

    def leave(self) -> None:
        """Stop writing, and let W&B's service go, which allows an id to one writer at a time."""
        with _asking():
            self._open.finish(exit_code=1)
            _library().teardown()


def _library() -> ModuleType:
    """Load W&B, which shall report nothing of its own errors."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    try:
        import wandb  # noqa: PLC0415  # an extra
    except ImportError as error:
        msg = f"wandb: expected the package wandb, got {error}"
        raise TrackingError(msg, hint="pip install 'bot-core[wandb]'") from error
    return wandb


@contextmanager
def _asking() -> Iterator[None]:
    """Put what W&B raises into our words."""
    library = _library()
    from wandb.sdk.mailbox import HandleAbandonedError, MailboxClosedError  # noqa: PLC0415  # an extra
    from wandb.sdk.mailbox.mailbox_handle import ServerResponseError  # noqa: PLC0415  # an extra

    try:
        yield
    except (library.errors.UsageError, library.errors.AuthenticationError) as error:
        msg = f"wandb: expected to be logged in, got {_line(error)}"
        raise TrackingError(msg, hint=_LOGIN) from error
    except (library.errors.Error, HandleAbandonedError, MailboxClosedError, ServerResponseError, OSError) as error:
        msg = f"wandb: expected W&B to answer, got {_line(error)}"
        raise TrackingError(msg, hint="WANDB_MODE=offline writes a folder for wandb sync") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
