"""A plot as SVG: lines over two logarithmic axes, with their names at the right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 20, 55
COLOURS = ("#1b6ca8", "#6fb1e0", "#c0504d", "#e08e2b", "#5a8f3c", "#7a5ba6")  # told apart by marks as well
MARKS = ("M-4-4h8v8h-8z", "M0-5L5 4H-5z", "M-5 0L0-5 5 0 0 5z", "M-5-4H5L0 5z", "M-5-1H5V1H-5z", "M-1-5H1V5H-1z")


@dataclass(frozen=True)
class Line:
    """A name and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


def log_log(lines: Sequence[Line], across: str, up: str) -> str:
    """The plot, with a grid of powers of ten."""
    x_low, x_high = _decades([x for line in lines for x, _ in line.points])
    y_low, y_high = _decades([y for line in lines for _, y in line.points])

    def place(x: float, y: float) -> tuple[float, float]:
        right = LEFT + (math.log10(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        return right, HEIGHT - BOTTOM - (math.log10(y) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for power in range(x_low, x_high + 1):
        x, y = place(10.0**power, 10.0**y_low)
        parts.append(f'<path d="M{x:.1f} {TOP}V{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{10**power:,}</text>')
    for power in range(y_low, y_high + 1):
        x, y = place(10.0**x_low, 10.0**power)
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    middle = TOP + (HEIGHT - TOP - BOTTOM) / 2
    parts.append(
        f'<text x="{LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(across)}</text>'
    )
    parts.append(f'<text transform="translate(18 {middle}) rotate(-90)" text-anchor="middle">{escape(up)}</text>')
    heights = _apart([place(*line.points[-1])[1] for line in lines])
    for number, line in enumerate(lines):
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        placed = [place(*point) for point in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<path transform="translate({x:.1f} {y:.1f})" d="{mark}" fill="{colour}"/>' for x, y in placed]
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{heights[number] + 4:.1f}" fill="{colour}">{escape(line.name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _apart(heights: Sequence[float], least: float = 16.0) -> list[float]:
    """Heights of the names, moved down where they would run into each other."""
    placed = list(heights)
    for before, after in zip(order := sorted(range(len(heights)), key=heights.__getitem__), order[1:], strict=False):
        placed[after] = max(placed[after], placed[before] + least)
    return placed
