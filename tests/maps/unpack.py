"""What the page does with a pack, in Python: written from the description in `maps.encode`, not from its code."""

import base64
import json
import zlib
from datetime import date, timedelta
from itertools import accumulate


def unpack(text):
    """Header and sections."""
    raw = zlib.decompress(base64.b64decode(text, validate=True))
    start = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:start])
    sections = []
    for size in header["sizes"]:
        sections.append(raw[start : start + size])
        start += size
    assert start == len(raw)
    return header, sections


def varints(section):
    numbers, number, shift = [], 0, 0
    for byte in section:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    assert shift == 0
    return numbers


def signed(section):
    return [-(number + 1) // 2 if number % 2 else number // 2 for number in varints(section)]


def features(header, sections):
    """Features as lists of parts of rings, or of points, of (longitude, latitude) in degrees."""
    if header["shape"] == "points":
        counts, xs, ys = sections
        points = iter(zip(*(accumulate(signed(steps)) for steps in (xs, ys)), strict=True))
        return [[tuple(value / 1e5 for value in next(points)) for _ in range(count)] for count in varints(counts)]
    counts, parts, rings, xs, ys, fine, *rest = sections
    points = iter(
        [[100 * value for value in point] for point in zip(*map(accumulate, map(signed, (xs, ys))), strict=True)]
    )
    shaped = [[next(points) for _ in range(count)] for count in varints(rings)]
    left = zip(*(memoryview(each).cast("b") for each in rest), strict=True)
    for number in accumulate(varints(fine)):
        shaped[number] = [
            [value + more for value, more in zip(point, next(left), strict=True)] for point in shaped[number]
        ]
    assert next(left, None) is None
    all_rings = iter([[tuple(value / 1e7 for value in point) for point in ring] for ring in shaped])
    all_parts = iter([[next(all_rings) for _ in range(count)] for count in varints(parts)])
    return [[next(all_parts) for _ in range(count)] for count in varints(counts)]


def table(text):
    """Columns in order, each as (section, label, unit, values)."""
    header, sections = unpack(text)
    columns = []
    for number, head in enumerate(header["columns"]):
        words, codes, width = json.loads(sections[2 * number]), sections[2 * number + 1], head["width"]
        if width:
            planes = [codes[at * header["rows"] : (at + 1) * header["rows"]] for at in range(width)]
            numbers = [int.from_bytes(bytes(row), "little") for row in zip(*planes, strict=True)]
            words = [None if code == 0 else words[code - 1] for code in numbers]
        columns.append((head["section"], head["label"], head["unit"], words))
    return columns


def days(section):
    """Dates, None for none."""
    epoch = date(1970, 1, 1)
    steps = [None if number == 0 else number - 1 for number in varints(section)]
    return [None if step is None else epoch + timedelta(-(step + 1) // 2 if step % 2 else step // 2) for step in steps]
