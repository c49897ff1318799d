"""A drawing surface whose SVG belongs to the page: the page's colours, the page's font, always the same bytes.

Pictures are drawn in sentinel colours (`#0101xx`), which become `currentColor` and `var(--…)` afterwards: one drawing serves light,
dark and print. One unit is one CSS pixel at the drawn width. No pyplot, no date, no version, no random id.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib.style
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes

WIDE, NARROW, PHONE = 760, 344, 312

INK, MUTED, GRID, SURFACE = "#010101", "#010102", "#010103", "#010104"
MODEL, BASELINE, WORSE, SOFT = "#010105", "#010106", "#010107", "#010108"
HEAT = ("#010110", "#010111", "#010112", "#010113", "#010114")
HEAT_INK = ("#010120", "#010121", "#010122", "#010123", "#010124")

_VARIABLES = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    SURFACE: "var(--surface)",
    MODEL: "var(--model)",
    BASELINE: "var(--baseline)",
    WORSE: "var(--worse)",
    SOFT: "var(--soft)",
    **{sentinel: f"var(--heat-{step})" for step, sentinel in enumerate(HEAT)},
    **{sentinel: f"var(--heat-ink-{step})" for step, sentinel in enumerate(HEAT_INK)},
}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bot-core",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 1,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.spines.bottom": False,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 1,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 6,
    "ytick.major.pad": 5,
    "hatch.linewidth": 1,
}
_LONG_DECIMAL = re.compile(r"-?\d+\.\d{2,}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Picture:
    """Drawings of one subject; `alt` says in words what they show. `wide` is for screens, `narrow` for phones or both."""

    name: str
    title: str
    caption: str
    alt: str
    narrow: str
    wide: str = ""


class Canvas:
    """One figure of `width` by `height` pixels, filled by axes placed in pixels from the top left."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.figure = Figure(figsize=(width / 72, height / 72))
        self.figure.patch.set_visible(False)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Place axes; their corner and their size in pixels."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        axes.patch.set_visible(False)
        return axes

    def text(
        self, left: float, top: float, text: str, *, colour: str = INK, bold: bool = False, size: float = 11, align: str = "left"
    ) -> None:
        """Write one line; its baseline's left (or right, or middle) end in pixels."""
        weight = "bold" if bold else "normal"
        self.figure.text(
            left / self.width, 1 - top / self.height, text, color=colour, weight=weight, size=size, ha=align, va="baseline"
        )

    def swatch(self, left: float, top: float, colour: str) -> None:
        """Draw a legend's square, its lower left corner in pixels; text belongs 14 pixels to its right."""
        axes = self.axes(left, top - 9, 9, 9)
        axes.set_axis_off()
        axes.axvspan(0, 1, color=colour, linewidth=0)


def boxes(axes: Axes, corners: Sequence[tuple[float, float, float, float]], colour: str) -> None:
    """Fill boxes (left, bottom, width, height) in data units as one SVG path, however many there are."""
    if corners:
        squares = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)] for x, y, w, h in corners]
        path = Path(
            [point for square in squares for point in square], [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(corners)
        )
        axes.add_patch(PathPatch(path, facecolor=colour, linewidth=0))


def draw(name: str, width: int, height: int, paint: Callable[[Canvas], None]) -> str:
    """Paint a picture and return it as an inline SVG element.

    Args:
        name: prefix of the element ids, unique on the page.
        width: pixels the picture is drawn for; it scales with the page.
        height: pixels.
        paint: fills the canvas.
    """
    with matplotlib.style.context(["default", _STYLE]):
        canvas = Canvas(width, height)
        paint(canvas)
        stream = io.StringIO()
        canvas.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(stream.getvalue(), name)


def printable(text: str, limit: int = 24) -> str:
    """Make a foreign name safe to draw: what cannot be printed in ASCII becomes `?`, what is too long ends in `…`."""
    safe = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def _inline(svg: str, name: str) -> str:
    root = ET.fromstring(svg)  # noqa: S314  # our own drawing, not foreign XML
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
    for element in root.iter():
        _plain(element, name, used)
    for junk in ("width", "height", "version"):
        root.attrib.pop(junk, None)
    _drop(root, "metadata")
    root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    return ET.tostring(root, encoding="unicode")


def _plain(element: ET.Element, name: str, used: set[str]) -> None:
    """Strip namespaces, unused ids and whitespace; turn sentinel colours into the page's."""
    element.tag = element.tag.rpartition("}")[2]
    element.tail = None
    if element.tag not in {"text", "style"}:
        element.text = None
    attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    if attributes.get("id") not in used:
        attributes.pop("id", None)
    element.attrib = {key: _value(key, value, name) for key, value in sorted(attributes.items()) if not _idle(key, value)}


def _idle(key: str, value: str) -> bool:
    return key == "transform" and value.startswith("rotate(-0 ")


def _value(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    value = value.replace("url(#", f"url(#{name}-")
    if key in {"style", "fill", "stroke"}:
        return _styled(value)
    return _SPACE.sub(" ", _LONG_DECIMAL.sub(_tenth, value)).strip()


def _tenth(number: re.Match[str]) -> str:
    """Round to a tenth of a pixel."""
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _styled(value: str) -> str:
    """Leave the font to the page and the colours to its variables."""
    parts = [part.strip() for part in value.split(";") if part.strip() and not part.strip().startswith("font-family")]
    text = "; ".join(parts)
    for sentinel, variable in _VARIABLES.items():
        text = text.replace(sentinel, variable)
    return text


def _drop(parent: ET.Element, tag: str) -> None:
    for child in list(parent):
        if child.tag == tag or (child.tag == "defs" and child.find("style") is not None):
            parent.remove(child)
        else:
            _drop(child, tag)
