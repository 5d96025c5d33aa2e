"""Plots of a report as SVG, each a pure function of its block and a width: what is told apart is labelled where it
stands, so that no legend and no colour has to be remembered."""

from collections import Counter

from gateway.evidence.reports.document import Bars, Stacks, Streams, Strip
from gateway.evidence.reports.svg import (
    COLOURS,
    INK,
    LINE,
    QUIET,
    WORDS,
    Face,
    drawing,
    line,
    number,
    rect,
    ribbon,
    short,
    ticks,
)

Plot = Bars | Stacks | Streams | Strip
MOST_BARS = 12
MOST_COLUMNS = 54
"""Of a plot over time: more days than these become weeks, more weeks months."""
_NARROW = 520


def draw(plot: Plot, width: int, face: Face | None = None) -> str:
    """The picture, `width` pixels wide and as high as it must be."""
    face = face or Face()
    if isinstance(plot, Bars):
        return _bars(plot, width, face)
    if isinstance(plot, Stacks):
        return _stacks(plot, width, face)
    return _streams(plot, width, face) if isinstance(plot, Streams) else _strip(plot, width, face)


def summary(plot: Plot) -> str:
    """What the plot shows, in a sentence, for who cannot see it; the numbers stand in the table beside it."""
    if isinstance(plot, Bars):
        most = max(plot.rows, key=lambda row: row[1], default=None)
        return f"{plot.title}: nothing" if most is None else f"{plot.title}: the most is {most[0]}, {number(most[1])}"
    if isinstance(plot, Stacks):
        total = sum(int(cell) for row in plot.rows for cell in row[1:])
        return f"{plot.title}: {number(total)} in all, by {', '.join(plot.series)}"
    if isinstance(plot, Streams):
        most_of = max(plot.rows, key=lambda row: row[2], default=None)
        if most_of is None:
            return f"{plot.title}: nothing"
        return f"{plot.title}: the most is {most_of[0]} to {most_of[1]}, {number(most_of[2])}"
    lost = sum(end - first for first, end in plot.missing)
    return f"{plot.title}: {number(plot.size)} places, {number(lost)} without a record"


def _bars(plot: Bars, width: int, face: Face) -> str:
    rows = [*plot.rows[:MOST_BARS]]
    rest = sum(value for _, value in plot.rows[MOST_BARS:])
    if rest:
        rows.append((f"{len(plot.rows) - MOST_BARS} others", rest))
    most = max((value for _, value in rows), default=0) or 1
    narrow, told = width < _NARROW, max((face.width(number(value)) for _, value in rows), default=0) + 10
    labels = 0.0 if narrow else min(max((face.width(label) for label, _ in rows), default=0) + 12, width * 0.4)
    step, thick = (42, 14) if narrow else (28, 18)
    room = width - labels - told
    shapes: list[str] = []
    for place, (label, value) in enumerate(rows):
        top = place * step + 4
        colour = WORDS.get(label, COLOURS[0])
        bar = max(room * value / most, 2 if value else 0)
        y = top + (20 if narrow else 0)
        name = face.cut(label, width if narrow else labels - 12)
        shapes += [
            face.text(0, top + 13, name) if narrow else face.text(labels - 10, y + 14, name, anchor="end"),
            rect(labels, y, room, thick, "#f0f3f6", round_=3),
            rect(labels, y, bar, thick, colour, round_=3),
            face.text(labels + bar + 6, y + thick - 4, number(value), bold=True),
        ]
    return drawing(width, max(len(rows), 1) * step + 8, face, summary(plot), shapes)


def columns(plot: Stacks) -> list[tuple[str, list[int]]]:
    """The days of a plot, or its weeks (named for their first day that is there) or months where they are too many."""
    days = [(str(row[0]), [int(cell) for cell in row[1:]]) for row in plot.rows]
    if len(days) <= MOST_COLUMNS:
        return days
    if len(days) <= 7 * MOST_COLUMNS:
        weeks = [days[start : start + 7] for start in range(0, len(days), 7)]
        return [(week[0][0], [sum(cells) for cells in zip(*(row[1] for row in week), strict=True)]) for week in weeks]
    months: dict[str, Counter[int]] = {}
    for day, cells in days:
        months.setdefault(day[:7], Counter()).update(dict(enumerate(cells)))
    return [(month, [sums[place] for place in range(len(plot.series))]) for month, sums in months.items()]


def _stacks(plot: Stacks, width: int, face: Face) -> str:
    found = columns(plot)
    highest = max((sum(cells) for _, cells in found), default=0)
    marks = ticks(highest)
    left: float = max(face.width(short(mark)) for mark in marks) + 10
    lines, x = 1, left
    legend: list[str] = []
    for place, name in enumerate(plot.series):
        wide = face.width(name) + 34
        if x + wide > width and x > left:
            lines, x = lines + 1, left
        base = lines * 22 - 10
        legend += [rect(x, base - 9, 12, 12, _colour(name, place), round_=2), face.text(x + 18, base + 2, name)]
        x += wide
    tall = 190 if width >= _NARROW else 160
    bottom, room = float(lines * 22 + 8 + tall), width - left
    scale, pitch = tall / (marks[-1] or 1), room / max(len(found), 1)
    shapes = [*legend]
    for mark in marks:
        y = bottom - mark * scale
        shapes += [line(left, y, width, y), face.text(left - 8, y + 4, short(mark), anchor="end", fill=QUIET)]
    each = max(int(96 / pitch) + 1, 1)
    for place, (label, cells) in enumerate(found):
        x, y = left + place * pitch, bottom
        for series, cell in enumerate(cells):
            if cell:
                high = cell * scale
                y -= high
                shapes.append(
                    rect(x + pitch * 0.1, y, min(pitch * 0.8, 60), high, _colour(plot.series[series], series))
                )
        if place % each == 0 and x + 70 < width:
            shapes.append(face.text(x + pitch * 0.1, bottom + 18, label, fill=QUIET))
    shapes.append(line(left, bottom, width, bottom, INK))
    return drawing(width, bottom + 28, face, summary(plot), shapes)


def _colour(name: str, place: int) -> str:
    return WORDS.get(name, COLOURS[place % len(COLOURS)])


def _streams(plot: Streams, width: int, face: Face) -> str:
    left, right = Counter[str](), Counter[str]()
    for source, target, amount in plot.rows:
        left[source] += amount
        right[target] += amount
    total = sum(left.values()) or 1
    gap, node = 20, 12
    most = max(len(left), len(right), 1)
    tall = max(240, most * 46)
    scale = (tall - gap * (most - 1)) / total
    edge = 0 if width < _NARROW else min(max((face.width(_told(*item)) for item in left.items()), default=0) + 14, 230)
    far = 0 if width < _NARROW else min(max((face.width(_told(*item)) for item in right.items()), default=0) + 14, 230)
    order = [name for name, _ in left.most_common()]
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(order)}
    starts = _places(left, scale, gap, tall)
    ends = _places(right, scale, gap, tall)
    x1, x2 = edge + node, width - far - node
    shapes, used, taken = [], dict(starts), dict(ends)
    for source, target, amount in sorted(plot.rows, key=lambda row: (order.index(row[0]), -right[row[1]], row[1])):
        thick = amount * scale
        shapes.append(ribbon(x1, used[source], x2, taken[target], max(thick, 1), max(thick, 1), colours[source]))
        used[source] += thick
        taken[target] += thick
    for name, amount in left.items():
        high = max(amount * scale, 2)
        shapes.append(rect(edge, starts[name], node, high, colours[name]))
        shapes.append(_node(face, name, amount, edge, starts[name] + high / 2, width, "left"))
    for name, amount in right.items():
        high = max(amount * scale, 2)
        shapes.append(rect(x2, ends[name], node, high, WORDS["deny"] if name == "not sent" else QUIET))
        shapes.append(_node(face, name, amount, x2 + node, ends[name] + high / 2, width, "right"))
    return drawing(width, tall + 16, face, summary(plot), shapes)


def _told(name: str, amount: int) -> str:
    return f"{name}  {number(amount)}"


def _node(face: Face, name: str, amount: int, x: float, y: float, width: int, side: str) -> str:
    """The label of an end: outside of it where there is room, else over the streams."""
    words = _told(name, amount)
    if width < _NARROW:
        return face.text(
            18 if side == "left" else width - 18, y + 4, words, anchor="start" if side == "left" else "end"
        )
    if side == "left":
        return face.text(x - 8, y + 4, face.cut(words, x - 8), anchor="end")
    return face.text(x + 8, y + 4, face.cut(words, width - x - 8))


def _places(amounts: Counter[str], scale: float, gap: float, tall: float) -> dict[str, float]:
    """Where each end begins, the largest on top, all of them in the middle of the height."""
    high = sum(max(amount * scale, 2) for amount in amounts.values()) + gap * (len(amounts) - 1)
    y, found = 8 + max((tall - high) / 2, 0), {}
    for name, amount in amounts.most_common():
        found[name] = y
        y += max(amount * scale, 2) + gap
    return found


def _strip(plot: Strip, width: int, face: Face) -> str:
    scale, top = width / max(plot.size, 1), 8
    shapes = [rect(0, top, width, 30, COLOURS[1], round_=4)]
    for first, end in plot.missing:
        shapes.append(rect(first * scale, top, max((end - first) * scale, 3), 30, WORDS["deny"]))
    y = top + 46
    for name, size in (("checkpoint", plot.covered), ("witnesses", plot.witnessed)):
        reach = min(max(size, 0), plot.size) * scale
        shapes += [line(0, y, width, y, LINE, 6), line(0, y, reach, y, COLOURS[6], 6) if reach else ""]
        said = f"{name}: up to record {number(size)}" if size else f"{name}: nothing in this range"
        shapes.append(face.text(0, y + 20, said))
        y += 40
    shapes += [
        face.text(0, y + 4, plot.labels[0], fill=QUIET),
        face.text(width, y + 4, plot.labels[1], anchor="end", fill=QUIET),
    ]
    return drawing(width, y + 14, face, summary(plot), shapes)
