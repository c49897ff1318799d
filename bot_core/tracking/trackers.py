"""From a declared destination to the tracker that is told; the trackers' libraries are loaded when they are used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot_core.config.tracking import Destination, MlflowTracking
from bot_core.tracking.mlflow import MlflowTracker
from bot_core.tracking.wandb import WandbTracker

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.tracking.port import Tracker


def tracker_of(to: Destination, root: Path) -> Tracker:
    """Return the tracker of a destination. Nothing is loaded and nobody asked yet."""
    if isinstance(to, MlflowTracking):
        return MlflowTracker(to, os.environ)
    return WandbTracker(to, root, os.environ)


def check(to: Destination, root: Path) -> str:
    """Ask a tracker whether it answers and knows us; say where it is.

    Raises:
        TrackingError: it does not; with what to do.
    """
    return tracker_of(to, root).check()
