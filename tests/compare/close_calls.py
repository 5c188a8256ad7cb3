"""Records and events on which doubles go wrong: on corners and edges, a nanometre beside them, as far from two records.

Every world has boxes on whole numbers that share edges and corners, some of them with a hole; multi-parts that touch in
a corner; rings of many corners turned any way, with corners a nanometre off the line between their neighbours and
corners given twice; strips of kilometres along one another; records handed over again, to the last bit or a nanometre
off; and empty ones, whole or as a part. It lies about the origin, where doubles lie closest, up to 1,000 km off, or
where the metres of a national grid have seven digits and a nanometre is the last bit.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.random import Generator

TINY_M = 1e-9
_BLOCK = 12  # boxes along each side of the block of boxes
_TOLERANCE_M = 0.01


@dataclass(frozen=True)
class CloseCalls:
    """Valid records in rank order, events as rows of two coordinates, and how many records each event sees."""

    polygons: np.ndarray
    xy: np.ndarray
    held: np.ndarray


def close_calls(random: Generator, events: int) -> CloseCalls:
    """One world with so many events."""
    origin = np.array([[0, 0], np.round(random.uniform(-1e6, 1e6, 2)), [4_000_000, 5_000_000], [6.4e6, 4.9e6 + 0.1]])
    origin = origin[random.integers(0, len(origin))]
    drawn = np.concatenate([_boxes(random), _touching(random), _rings(random), _strips(random)])
    drawn = shapely.transform(drawn, lambda xy: xy + origin)
    drawn = drawn[shapely.is_valid(drawn)]
    again = drawn[random.random(len(drawn)) < 0.15]
    moved = shapely.transform(again, lambda xy: xy + TINY_M * np.sin(xy * 1e9))
    moved = moved[shapely.is_valid(moved)]
    polygons = np.concatenate(
        [drawn, again, moved, np.array([shapely.Polygon(), shapely.MultiPolygon()], dtype=object)]
    )
    polygons = polygons[random.permutation(len(polygons))]
    polygons[::7] = shapely.force_3d(polygons[::7], 7.0)
    xy = _events(random, polygons, events)
    return CloseCalls(polygons, xy, random.integers(0, len(polygons) + 1, events))


def _boxes(random: Generator) -> np.ndarray:
    """Neighbours with edges in common, most of them there, some with a hole that a smaller box may fill."""
    x, y = (side.ravel() * 8.0 for side in np.meshgrid(np.arange(_BLOCK), np.arange(_BLOCK)))
    boxes, holes = shapely.box(x, y, x + 8, y + 8), shapely.box(x + 2, y + 2, x + 6, y + 6)
    kind = random.random(len(boxes))
    pierced = kind < 0.25
    boxes[pierced] = shapely.difference(boxes[pierced], holes[pierced])
    return np.concatenate([boxes[kind < 0.8], holes[kind < 0.1]])


def _touching(random: Generator) -> np.ndarray:
    """Pairs of triangles that have one corner in common, and pairs far apart."""
    corner = np.round(random.uniform(0, 100, (30, 2)) * 4) / 4
    one = shapely.polygons(corner[:, None] + np.array([[0, 0], [5, 1], [4, 6]]))
    apart = np.where(random.random((30, 1)) < 0.5, 0.0, 40.0)
    other = shapely.polygons((corner + apart)[:, None] - np.array([[0, 0], [5, 1], [4, 6]]))
    return np.array([shapely.MultiPolygon(pair) for pair in zip(one, other, strict=True)], dtype=object)


def _rings(random: Generator) -> np.ndarray:
    rings = []
    for _ in range(30):
        corners = int(random.integers(3, 60))
        angle = np.sort(random.random(corners)) * 2 * np.pi
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * random.uniform(2, 12, (corners, 1))
        ring += random.uniform(0, 100, 2)
        middle = (ring + np.roll(ring, -1, axis=0)) / 2 + random.uniform(-TINY_M, TINY_M, (corners, 2))
        ring = np.stack([ring, middle], axis=1).reshape(-1, 2)
        rings.append(shapely.Polygon(np.repeat(ring, 1 + (random.random(len(ring)) < 0.1), axis=0)))
    return np.array(rings, dtype=object)


def _strips(random: Generator) -> np.ndarray:
    """Neighbours of kilometres whose common edge has the same corners, turned the other way; one with an empty part."""
    along = np.array([np.cos(angle := random.uniform(0, 2 * np.pi)), np.sin(angle)])
    at = [along * step for step in np.sort(random.uniform(-3_000, 3_000, 6))]
    across = [along[::-1] * [-1, 1] * off for off in np.cumsum(random.uniform(0.005, 3, 4))]
    strips = []
    for low, high in pairwise(across):
        strips.append(shapely.Polygon([*(place + low for place in at), *(place + high for place in at[::-1])]))
    return np.array([*strips[:-1], shapely.multipolygons([shapely.Polygon(), strips[-1]])], dtype=object)


def _events(random: Generator, polygons: np.ndarray, count: int) -> np.ndarray:
    """Positions on edges, some on corners, then moved across the edge by a small or telling length."""
    rings = shapely.get_rings(shapely.get_parts(polygons))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    edge = edges[random.integers(0, len(edges), count)]
    start, end = corners[edge], corners[edge + 1]
    along = random.choice([0.0, 0.5, 0.25, 1.0, np.nan], count)
    along = np.where(np.isnan(along), random.random(count), along)[:, None]
    length = np.hypot(*(end - start).T)[:, None]
    across = (end - start)[:, ::-1] * [-1, 1] / np.where(length > 0, length, 1)
    by = random.choice(
        [0, TINY_M, _TOLERANCE_M, _TOLERANCE_M + TINY_M, _TOLERANCE_M - TINY_M, 1.0, 2.0, 4.0, 500.0, 3e5], count
    )
    by *= random.choice([-1, 1], count)
    placed = start + (end - start) * along + across * by[:, None]
    level = random.random(count) < 0.1  # at the height of a corner, somewhere to its left or right
    placed[level] = start[level] + np.column_stack([random.uniform(-50, 50, level.sum()), np.zeros(level.sum())])
    return placed
