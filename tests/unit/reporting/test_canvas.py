from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl

from bot_core.reporting.canvas import HEAT, INK, MODEL, Canvas, draw, printable


def paint(canvas: Canvas) -> None:
    axes = canvas.axes(40, 20, 200, 100)
    axes.plot([1, 2, 3], [1, 2, 1], color=MODEL, marker="o")
    axes.axvspan(1, 2, color=HEAT[2])
    canvas.text(40, 12, "a <b> & $c$", colour=INK, bold=True)
    canvas.swatch(120, 12, MODEL)


def test_a_drawing_is_one_element_in_pixels_without_a_size_of_its_own() -> None:
    root = ET.fromstring(draw("x", 300, 150, paint))  # noqa: S314  # our own
    assert root.tag == "svg"
    assert root.attrib["viewBox"] == "0 0 300 150"
    assert {"width", "height"}.isdisjoint(root.attrib)


def test_sentinels_become_the_pages_colours_and_the_font_is_the_pages() -> None:
    svg = draw("x", 300, 150, paint)
    assert "#0101" not in svg
    assert "font-family" not in svg
    assert all(colour in svg for colour in ("currentColor", "var(--model)", "var(--heat-2)"))


def test_text_is_text_and_never_mathematics() -> None:
    texts = [element.text for element in ET.fromstring(draw("x", 300, 150, paint)).iter("text")]  # noqa: S314  # our own
    assert "a <b> & $c$" in texts


def test_ids_carry_the_pictures_name_and_only_used_ones_stay() -> None:
    svg = draw("error-wide", 300, 150, paint)
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
    ids = set(re.findall(r' id="([^"]+)"', svg))
    assert ids == used
    assert all(name.startswith("error-wide-") for name in ids)


def test_a_users_matplotlib_settings_change_nothing() -> None:
    plain = draw("x", 300, 150, paint)
    with mpl.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "path", "lines.linewidth": 9}):
        assert draw("x", 300, 150, paint) == plain
        assert mpl.rcParams["font.size"] == 30


def test_foreign_names_are_made_safe_to_draw() -> None:
    assert printable("volatility_20") == "volatility_20"
    assert printable("bell\a ключ") == "bell? ????"
    assert printable("x" * 30, 10) == "xxxxxxxxx…"
