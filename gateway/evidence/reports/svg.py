"""SVG as text: a few shapes, every text in them escaped, numbers with one decimal. Widths and heights are in pixels."""

from collections.abc import Iterable
from html import escape

INK, QUIET, LINE, PAPER = "#1c2733", "#56616d", "#d5dbe1", "#ffffff"
"""Ink and quiet text have a contrast of at least 4.5 to 1 on paper (WCAG 2.2, 1.4.3)."""
COLOURS = ("#1f6f8b", "#2f8f68", "#7a5bb5", "#a86a12", "#b23a48", "#5f6b78", "#3c5aa6", "#8a4f7d")
"""Each has 3 to 1 on paper and on the line colour's neighbours (1.4.11); told apart by people who see no red or green
through their lightness and the labels beside them."""
WORDS = {
    "route": COLOURS[0],
    "redact": COLOURS[1],
    "tokenize": COLOURS[2],
    "approve": COLOURS[3],
    "deny": COLOURS[4],
    "refused": COLOURS[5],
}
"""The colour of what became of a request, the same in every plot."""
_SHARE = 0.56
"""Of a font's size, how wide a letter is on the average: rather too wide than too narrow."""


class Face:
    """The fonts that a plot is written in. `sans` is what a browser shows; a PDF names its own."""

    def __init__(self, family: str = "system-ui, -apple-system, 'Segoe UI', sans-serif", size: float = 13) -> None:
        self.family, self.size = family, size

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK, bold: bool = False
    ) -> str:
        weight = ' font-weight="600"' if bold else ""
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{self.size:g}" text-anchor="{anchor}" fill="{fill}"{weight}>'
            f"{escape(words)}</text>"
        )

    def width(self, words: str) -> float:
        return len(words) * self.size * _SHARE

    def cut(self, words: str, room: float) -> str:
        """The words, or as many of their letters as fit, with an ellipsis."""
        fits = max(int(room / (self.size * _SHARE)), 2)
        return words if len(words) <= fits else words[: fits - 1] + "…"


def drawing(width: float, height: float, face: Face, label: str, shapes: Iterable[str]) -> str:
    """The whole picture. `label` is what it says to who cannot see it."""
    inner = "".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(label)}" font-family="{escape(face.family)}">'
        f"{inner}</svg>"
    )


def rect(x: float, y: float, width: float, height: float, fill: str, *, round_: float = 0) -> str:
    corner = f' rx="{round_:g}"' if round_ else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{corner}/>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def ribbon(x1: float, y1: float, x2: float, y2: float, thick1: float, thick2: float, fill: str) -> str:
    """A band from the left place to the right one, `thick` pixels thick at each end, its upper edges at y1 and y2."""
    middle = (x1 + x2) / 2
    return (
        f'<path d="M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}V{y2 + thick2:.1f}'
        f'C{middle:.1f} {y2 + thick2:.1f} {middle:.1f} {y1 + thick1:.1f} {x1:.1f} {y1 + thick1:.1f}Z" '
        f'fill="{fill}" fill-opacity="0.42"/>'
    )


def number(value: int) -> str:
    """12,345."""
    return f"{value:,}"


def short(value: int) -> str:
    """As few letters as an axis has room for: 12k, 3M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}" if value % size else f"{value // size}{letter}"
    return str(value)


def ticks(highest: int) -> tuple[int, ...]:
    """Round numbers from 0 to at least the highest, in three to six steps."""
    if highest <= 0:
        return (0, 1)
    step = 1
    while highest / step > 5:
        step *= 10
    for finer in (step // 5, step // 2):
        if finer and highest / finer <= 5:
            step = finer
            break
    return tuple(range(0, highest + step, step)) if highest % step else tuple(range(0, highest + 1, step))
