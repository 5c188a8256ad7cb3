"""How likely events are where they were recorded, if the records were moved: exactly, and read from rasters."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.compare.blur import Floats, Land, dissolve, prepare_land, probability_inside
from registry.compare.kernel import Mask, Ranks
from registry.compare.raster import Raster, rasterise
from registry.compare.weights import fit_weights, scale_rows
from registry.geometry import Geometries

MAX_SHIFT_M = 2_000.0
"""How far records are moved at most."""

BANDS_M = (50.0, 100.0, 200.0, 300.0, 1_000.0)
"""Outer distances from records of the bands outside them; the first only where positions are that good."""

REACH_M = MAX_SHIFT_M + BANDS_M[-1]
"""Events farther than this from all records say nothing about a shift."""

SMALLEST_SIGMA_M = 5.0
"""Position errors below are taken for this: the likelihood of exact positions has steps and no slope."""

LEAST = 1e-9
"""Of a probability read from a raster, lest rounding make an event impossible."""

_SIGMAS_PER_BAND = 1.5  # a band narrower than this cannot be told from what lies beside it
_STEPS = 40  # of EM; what is left is below a tenth in the log-likelihood
_SMALLEST_M2 = 1.0


@dataclass(frozen=True)
class Window:
    """Records as a mixture for the events within reach of them.

    The components are the records themselves, bands around them and the rest of what is within reach; events are
    equally likely all over each. A shift of up to `MAX_SHIFT_M` leaves records and bands in reach, so that the
    densities are densities for each shift, and their likelihoods can be compared.

    Attributes
    ----------
    lands
        The records, then all land up to each outer distance, each within the next.
    reach
        What is within `REACH_M` of a record.
    area_m2
        Of each component; shape (lands + 1,).
    """

    lands: tuple[Land, ...]
    reach: Land
    area_m2: Floats

    def densities(self, reached: NDArray[np.floating]) -> Floats:
        """Density of each component per square metre, from the probabilities to lie in each land; shape (..., k)."""
        inner = np.asarray(reached, dtype=np.float64)
        bands = np.diff(inner, axis=-1, prepend=0.0, append=1.0)
        return np.asarray(np.maximum(bands, LEAST) / self.area_m2)


@dataclass(frozen=True)
class Events:
    """Recorded positions of shape (n, 2) in metres and their standard deviations of shape (n,)."""

    places: Floats
    sigma_m: Floats


@dataclass(frozen=True)
class Rasters:
    """The lands of a window, blurred for events of about the same position error.

    ``error`` says for each event which raster is meant for it.
    """

    window: Window
    rasters: tuple[Raster, ...]
    error: Ranks


def prepare_window(polygons: Geometries, sigma_m: float) -> Window:
    """Prepare records for the likelihood of shifts.

    Parameters
    ----------
    polygons
        Valid polygons on a plane in metres; land that several of them cover counts once.
    sigma_m
        The usual position error of the events: it decides which band is the first.
    """
    parts = dissolve(polygons)
    lands, so_far_m = [prepare_land(parts)], 0.0
    bands_m = [band_m for band_m in BANDS_M if band_m >= _SIGMAS_PER_BAND * sigma_m] or [BANDS_M[-1]]
    for within_m in (*bands_m, REACH_M):
        # A border may be off by a fiftieth, because whatever a band holds, its area is taken from it.
        by_m = within_m - so_far_m
        parts = dissolve(shapely.simplify(shapely.buffer(parts, by_m, quad_segs=4), 0.02 * by_m))
        lands.append(prepare_land(parts))
        so_far_m = within_m
    area_m2 = np.diff([land.area_m2 for land in lands], prepend=0.0)
    return Window(tuple(lands[:-1]), lands[-1], np.maximum(area_m2, _SMALLEST_M2))


def in_reach(places: Floats, window: Window) -> Mask:
    """Which places are near enough to a record to say something about a shift."""
    held: Mask = np.asarray(np.isfinite(places).all(axis=1))
    finite = np.flatnonzero(held)
    held[finite] = False
    held[finite[window.reach.part_tree.query(shapely.points(places[finite]), predicate="intersects")[0]]] = True
    return held


def exact_likelihood(events: Events, window: Window) -> float:
    """Log-likelihood of events under the records as they are, with the weights that make it largest."""
    reached = np.column_stack([probability_inside(events.places, events.sigma_m, land) for land in window.lands])
    density = window.densities(reached)
    return fit_weights(scale_rows(density)).log_likelihood + float(np.log(density.max(axis=1)).sum())


def prepare_rasters(window: Window, sigma_m: Floats) -> Rasters:
    """Blur the lands for events with these position errors; errors that differ by less than a factor go together."""
    number = np.rint(np.log2(np.maximum(sigma_m, 1.0))).astype(np.int64)
    present, error = np.unique(number, return_inverse=True)
    edges = [land.edges for land in window.lands]
    rasters = [rasterise(edges, float(np.sqrt(np.mean(sigma_m[error == index] ** 2)))) for index in range(len(present))]
    return Rasters(window, tuple(rasters), error)


def likelihoods(places: Floats, shifts: Floats, rasters: Rasters) -> tuple[Floats, Floats]:
    """Log-likelihood of events for several shifts of the records, each with its best weights, by EM on the rasters.

    Parameters
    ----------
    places
        Shape (n, 2), in the order of ``rasters.error``.
    shifts
        Shape (m, 2), east and north in metres.

    Returns
    -------
    Log-likelihoods of shape (m,) and weights of shape (m, components).
    """
    reached = np.empty((len(shifts), len(places), len(rasters.window.lands)), dtype=np.float32)
    for index, raster in enumerate(rasters.rasters):
        of_it = rasters.error == index
        reached[:, of_it] = raster.read(places[of_it] - shifts[:, None])
    density = rasters.window.densities(reached)
    largest = density.max(axis=2, keepdims=True)
    scaled = density / largest
    weights = np.full((len(shifts), density.shape[2]), 1 / density.shape[2])
    for _ in range(_STEPS):
        mixed = scaled @ weights[:, :, None]
        weights *= ((1 / len(places) / mixed).transpose(0, 2, 1) @ scaled)[:, 0]
    return np.log((scaled @ weights[:, :, None]) * largest).sum(axis=(1, 2)), weights
