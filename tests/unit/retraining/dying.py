"""A page that takes its process with it."""

from __future__ import annotations

import os
import signal


def main() -> None:
    """End the process, as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
