"""ADWIN with a warning: river's adaptive window twice, at a strict bound and at a looser one.

ADWIN (Bifet & Gavaldà, SIAM 2007) keeps the longest window whose halves have the same mean and drops what is older once they have not.
It knows no warning of its own; a second window with a larger delta finds the same change sooner and errs more often. The compiled window
is taken from where river keeps it: `river.drift` loads scikit-learn, which takes seconds and has no place where decisions are made. Unlike
`river.drift.ADWIN`, which forgets all after an alarm, this goes on with the newer half, as the paper does; the first alarm of both is the
same.

>>> from bot_core.routing.adwin import Adwin
>>> detector = Adwin(delta=0.002, warning=0.02, clock=32)
>>> found = [detector.update(value) for value in [0.0, 1.0] * 100 + [4.0, 5.0] * 32]
>>> found.index("drift"), round(detector.window.before, 1), round(detector.window.after, 1)
(223, 0.5, 4.5)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from bot_core.errors import ConfigError
from bot_core.routing.detector import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.routing.detector import Level

MAX_BUCKETS: Final = 5
SHORTEST: Final = 5
"""Values in the shorter half, at least."""
GRACE: Final = 10
"""Values before the first look; both as river has them by default."""


class AdaptiveWindow(Protocol):
    """River's compiled window."""

    def update(self, value: float) -> bool:
        """Take a value; say whether the window was cut."""

    def get_width(self) -> float:
        """Count the values in the window."""

    def get_total(self) -> float:
        """Add the values in the window."""


class Adwin:
    """Says drift at `delta`, a warning at `warning`, each a bound on the chance of a false alarm at one look.

    Args:
        delta: of drift, in (0, 1).
        warning: of a warning, larger than `delta`.
        clock: values between two looks.

    Raises:
        ConfigError: river is not installed.
    """

    __slots__ = ("_count", "_gone", "_loose", "_strict", "_total", "_windows", "window")

    def __init__(self, delta: float = 0.002, warning: float = 0.02, clock: int = 32) -> None:
        window = adaptive_window()
        given: dict[Level, float] = {"drift": delta, "warning": warning}
        self._windows = {level: window(bound, clock, MAX_BUCKETS, SHORTEST, GRACE) for level, bound in given.items()}
        self._gone: dict[Level, tuple[float, float]] = dict.fromkeys(given, (0.0, 0.0))
        self._strict, self._loose = self._windows["drift"].update, self._windows["warning"].update
        self._count, self._total = 0, 0.0
        self.window = Window(0, 0.0, 0.0)

    def update(self, value: float) -> Level | None:
        """Take the next value; say whether it makes a warning, or drift, known."""
        self._count += 1
        self._total += value
        warns = self._loose(value)
        if self._strict(value):
            if warns:
                self._cut("warning")
            self.window = self._cut("drift")
            return "drift"
        if warns:
            self.window = self._cut("warning")
            return "warning"
        return None

    def _cut(self, level: Level) -> Window:
        """Return what a cut window held before and holds now; all values ever, less those dropped before, were in it."""
        width, total = self._windows[level].get_width(), self._windows[level].get_total()
        gone, sum_gone = self._gone[level]
        self._gone[level] = (self._count - width, self._total - total)
        dropped = self._count - gone - width
        return Window(int(width), (self._total - sum_gone - total) / dropped, total / width)


def adaptive_window() -> Callable[[float, int, int, int, int], AdaptiveWindow]:
    """Return river's compiled window; see `Adwin` for what is raised."""
    try:
        import_module("river._river_rust")
        found = import_module("river._river_rust.drift").AdaptiveWindowing
    except ImportError as error:
        msg = f"drift: expected the package river for a detector of the kind adwin, got none ({error})"
        raise ConfigError(msg, hint="pip install 'bot-core[drift]', or declare detectors of the kind page_hinkley alone") from error
    return cast("Callable[[float, int, int, int, int], AdaptiveWindow]", found)
