"""How good could M1d be at best? Worlds with nothing outside, and an estimate that knows almost everything.

It knows where every field is, that each has as many events as another, that outside events are even within 100 m of a
random place on a boundary, and the position error; all it has to find is one number, the share inside. What M1d must
find out besides can only make it worse.

    python tests/benchmarks/informed.py --write
"""

import argparse
from pathlib import Path

import numpy as np
from belts import BELTS, Belts, Setting, draw_belts, draw_events
from scipy.special import ndtr

from registry.compare.weights import fit_weights, scale_rows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
BEGIN, END = "<!-- informed: begin -->", "<!-- informed: end -->"

SEED = 20_261_126
MAPS, WORLDS_OF_A_MAP = 20, 50
RESAMPLES = 40
HUG_M = 100.0
SIGMAS_AWAY = 6.0  # farther from a field nothing of its events is left
CASES = (("200", 100.0, 200), ("400", 120.0, 200), ("400", 150.0, 200), *(("400", 200.0, n) for n in (200, 500, 1_000)))


def densities(places: np.ndarray, belts: Belts, sigma_m: float) -> np.ndarray:
    """Density of recorded positions of events inside and of outside ones; shape (n, 2), exact but for overlaps."""
    found = np.zeros((len(places), 2))
    for belt in range(BELTS):
        away = places - belts.centre[belt]
        along, across = away @ belts.along[belt], away @ belts.across[belt]
        length, width = belts.length_m[belt], belts.width_m[belt]
        reach = HUG_M + SIGMAS_AWAY * sigma_m
        near = np.flatnonzero((abs(along) < length / 2 + reach) & (abs(across) < width / 2 + reach))
        at = (along[near], across[near], sigma_m)
        half, side = (-length / 2, length / 2), (-width / 2, width / 2)
        found[near, 0] += _even(*at, half, side)
        for sign in (-1.0, 1.0):
            beside, beyond = (sign * np.array([edge, edge + HUG_M]) for edge in (width / 2, length / 2))
            found[near, 1] += length * _even(*at, half, beside) / (length + width) / 2
            found[near, 1] += width * _even(*at, beyond, side) / (length + width) / 2
    return np.maximum(found, 1e-300)


def _even(x: np.ndarray, y: np.ndarray, sigma_m: float, columns: tuple, rows: tuple) -> np.ndarray:
    """Density of what is even on a rectangle, blurred."""
    (west, east), (south, north) = np.sort(columns), np.sort(rows)
    mass_x = ndtr((east - x) / sigma_m) - ndtr((west - x) / sigma_m)
    mass_y = ndtr((north - y) / sigma_m) - ndtr((south - y) / sigma_m)
    return mass_x * mass_y / ((east - west) * (north - south))


def shares(width: str, sigma_m: float, events: int) -> np.ndarray:
    """The estimated share inside for each world, and put right by the bootstrap; the truth is 1. Shape (worlds, 2)."""
    setting = Setting(width, sigma_m, 0.0, "hug100", clustered=False, events=events)
    found = []
    for map_number in range(MAPS):
        belts = draw_belts(np.random.default_rng([SEED, map_number]), width, sigma_m)
        for world in range(WORLDS_OF_A_MAP):
            random = np.random.default_rng([SEED, map_number, world])
            scaled = scale_rows(densities(draw_events(random, belts, setting)[0], belts, sigma_m))
            share = fit_weights(scaled).weights[0]
            drawn = random.integers(0, events, (RESAMPLES, events))
            bias = np.mean([fit_weights(scaled[again]).weights[0] for again in drawn]) - share
            found.append((share, min(1.0, share - 2 * bias)))
    return np.array(found)


def main() -> None:
    """Print the table, and write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/calibration.md")
    options = parser.parse_args()
    lines = [
        "| width, m | sigma, m | n | bias | put right by the bootstrap | standard error of the bias |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for width, sigma_m, events in CASES:
        off = 100 * (shares(width, sigma_m, events) - 1)
        plain, put_right = off.mean(axis=0)
        error = off.std(axis=0).max() / np.sqrt(len(off))
        lines.append(f"| {width} | {sigma_m:g} | {events:,} | {plain:+.1f} | {put_right:+.1f} | {error:.1f} |")
    text = "\n".join(lines)
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page.split(BEGIN)[0] + BEGIN + "\n" + text + "\n" + END + page.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
