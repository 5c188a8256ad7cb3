"""Assemble the public map: the page of `maps.webmap` with hexagons or districts instead of records and events.

Nothing of a single record or event goes into the page; `maps.redact` says what may.
"""

from collections.abc import Sequence

import folium
import numpy as np
import shapely
from numpy.typing import NDArray

from maps import assets, notices, style
from maps.encode import Column, column, encode_geometry, pack, pack_table
from maps.figures import part_of, share_text
from maps.frame import WORLD, Bounds, add_frame, handed_over_phrase, start_page
from maps.hexagons import HexagonGrid, grid_at
from maps.layers import LayerBlock, RegistryLayer, drawn_rows
from maps.redact import LEAST, Evidence, Redacted, range_ceilings, redact_by_district, redact_by_hexagon
from maps.words import ENGLISH, Catalogue, mark
from registry.compare.areas import are_repeated, district_names
from registry.compare.containment import EventClass
from registry.duplicates import same_shapes_among
from registry.errors import RegistryError
from registry.geometry import WGS84, Geometries, project, total_bounds
from registry.inputs import Inputs, StatsOptions, read_inputs
from registry.model import Kind
from registry.plaintext import MOST_CHARACTERS, visible
from registry.stats import Comparison
from registry.store import Registry

TITLE = mark("Recorded minefields and explosions, generalised")
SIDE_KM = 5

_BORDER_DEGREES = 0.002
_BORDER_DECIMALS = 3
_NO_BORDERS: Geometries = np.empty(0, dtype=object)


def build_public_map(
    registry: Registry,
    comparison: Comparison,
    *,
    side_km: int = SIDE_KM,
    by_district: bool = False,
    title: str | None = None,
    tiles: str | None = None,
    words: Catalogue = ENGLISH,
) -> folium.Map:
    """The map of a registry that may be published.

    Parameters
    ----------
    registry, comparison
        An open registry and the comparison of all its active layers.
    side_km
        Length of a side of the hexagons, one of `maps.hexagons.SIDES_KM`.
    by_district
        Show the registry's districts instead of hexagons. Their borders are shown in either case, generalised.
    title
        Stands above the map. Not the name of the file unless it is said: that may tell what is not to be published.
    tiles, words
        As in `maps.webmap.build_web_map`.

    Returns
    -------
    web_map
        A Folium map, for `maps.webmap.save_web_map`.

    Raises
    ------
    RegistryError
        If there are no hexagons of that size, no districts where they are to be shown, or districts that overlap; if
        ``tiles`` names no base map.
    """
    inputs = read_inputs(registry, StatsOptions())
    evidence = evidence_of(inputs, comparison)
    borders, names = _borders(inputs)
    if by_district and not len(borders):
        raise RegistryError(
            "The registry holds no districts to give numbers of; import some, or leave out --districts."
        )
    if by_district:
        grid = None
        redacted = redact_by_district(evidence, borders, names, HexagonGrid(1, 0).area_km2)
    else:
        grid = grid_at(side_km, _middle_latitude(borders, evidence))
        redacted = redact_by_hexagon(evidence, grid)
    general = generalised(borders)
    places = general if by_district else redacted.places
    title = visible(title or words.say(TITLE), MOST_CHARACTERS)
    web_map = start_page(
        _settings(_bounds(places if len(places) else general), grid, words),
        title=title,
        scripts=assets.public_scripts(),
        style=assets.public_style(),
        words=words,
        tiles=tiles,
    )
    RegistryLayer(0, _block(places, names if by_district else None, redacted)).add_to(web_map)
    RegistryLayer(1, _block(_NO_BORDERS if by_district else general, names, None)).add_to(web_map)
    values = {
        **_said(redacted, grid, words),
        "title": title,
        "subtitle": _dates(registry, comparison, words),
        "figures": _figures(comparison, redacted, len(evidence.records), words),
        "has_borders": not by_district and len(borders) > 0,
    }
    add_frame(web_map, "public.html", values, tiles=tiles)
    return web_map


def evidence_of(inputs: Inputs, comparison: Comparison) -> Evidence:
    """The events that the comparison counts, and the plotted records, each field once."""
    classified = comparison.classified
    counted = classified[classified["removed_by"].isna().to_numpy(dtype=bool) & drawn_rows(classified)]
    records = inputs.plotted.geometry.to_numpy()[~are_repeated(inputs.plotted)]
    on_plane = project(records, WGS84, HexagonGrid(1, 0).plane)
    repeated = np.unique(same_shapes_among(on_plane).left)
    return Evidence(
        counted.geometry.to_numpy(),
        (counted["event_class"] == EventClass.INSIDE.value).to_numpy(dtype=bool),
        np.delete(records, repeated),
    )


def generalised(borders: Geometries) -> Geometries:
    """Borders for a look from afar: within some 200 m, with what neighbours share kept together, to 0.001 degree."""
    if not len(borders):
        return borders
    simple = shapely.coverage_simplify(borders, _BORDER_DEGREES)
    return np.asarray(shapely.transform(simple, lambda degrees: degrees.round(_BORDER_DECIMALS)), dtype=object)


def _settings(bounds: Bounds, grid: HexagonGrid | None, words: Catalogue) -> dict[str, object]:
    """What public.js makes the map from."""
    return {
        "bounds": bounds,
        "starts": style.PUBLIC_STARTS,
        "side_km": None if grid is None else grid.side_km,
        "tables": [(name, words.say(label)) for name, label in style.PUBLIC_NAMES.items()],
        "withheld": words.say(style.PUBLIC_WITHHELD),
        "no_record": words.say(style.NO_RECORD),
        "no_record_in_english": words.english_too(style.NO_RECORD),
    }


def _borders(inputs: Inputs) -> tuple[Geometries, list[str]]:
    if inputs.districts is None:
        return _NO_BORDERS, []
    return inputs.districts.geometry.to_numpy(), district_names(inputs.districts)


def _middle_latitude(borders: Geometries, evidence: Evidence) -> float:
    """Of the districts, which stay while evidence comes and goes; of the evidence where there are none."""
    bounds = total_bounds(borders) or total_bounds(evidence.records, evidence.events) or (0.0, 0.0, 0.0, 0.0)
    return (bounds[1] + bounds[3]) / 2


def _bounds(shown: Geometries) -> Bounds:
    """Of what the page holds; what is withheld has no part in them."""
    bounds = total_bounds(shown)
    return WORLD if bounds is None else ((bounds[1], bounds[0]), (bounds[3], bounds[2]))


def _block(areas: Geometries, names: Sequence[str] | None, redacted: Redacted | None) -> LayerBlock:
    """Areas as the page draws them, with their names, and the lower ends of their ranges, None where withheld."""
    header, sections = encode_geometry(areas)
    blank = bytes(len(areas))
    columns = [column("name", "", list(names) if names is not None and len(areas) else [None] * len(areas))]
    if redacted is not None:
        columns += [_floors_column(name, getattr(redacted, name).floors) for name in style.PUBLIC_NAMES]
    return LayerBlock(
        len(areas), frozenset(), pack({**header, "looks": []}, [blank, blank, b"", *sections]), pack_table(columns)
    )


def _floors_column(name: str, floors: NDArray[np.int64]) -> Column:
    return column(name, "", [floor or None for floor in floors.tolist()])


def _said(redacted: Redacted, grid: HexagonGrid | None, words: Catalogue) -> dict[str, object]:
    """What the page says whatever the figures are, and its table of districts."""
    return {
        "_": words.say,
        "side_km": None if grid is None else grid.side_km,
        "area_km2": None if grid is None else words.number(grid.area_km2),
        "least": LEAST,
        "notes": [
            ("left-out", notices.generalised(None if grid is None else grid.side_km, words)),
            ("unreviewed", notices.unreviewed(words)),
        ],
        "notice": notices.public_notice(words),
        "tables": {name: words.say(label) for name, label in style.PUBLIC_NAMES.items()},
        "withheld": words.say(style.PUBLIC_WITHHELD),
        "ranges": _ranges(words),
        "places": _listed(redacted, words),
    }


def _dates(registry: Registry, comparison: Comparison, words: Catalogue) -> list[str]:
    """When records were handed over and when the last layer was imported, in phrases."""
    if not comparison.layers:
        return [words.say("The registry holds no active layer yet.")]
    batches = {layer.batch_id for layer in comparison.layers if layer.kind is Kind.MINEFIELDS}
    dates = [registry.handover(batch_id).handed_over_on for batch_id in batches]
    imported = max(layer.provenance.imported_at for layer in comparison.layers)
    return [
        handed_over_phrase(dates, words),
        words.say("Last import: {date}", date=f"{imported:%Y-%m-%d}"),
    ]


def _figures(comparison: Comparison, redacted: Redacted, records: int, words: Catalogue) -> dict[str, str | None]:
    """What the panel says, None where it may not: totals of events only where both tables allow theirs."""
    window = comparison.accuracy.all
    together = redacted.outside.total is not None and redacted.inside.total is not None
    given = records >= LEAST and redacted.records.total is not None
    area = words.say("about {area} km²", area=_two_digits(comparison.coverage.union_m2 / 1e6, words))
    return {
        "outside": part_of(window.outside, window.total, words) if together else None,
        "inside": part_of(window.inside, window.total, words) if together else None,
        "share": share_text(window.share_outside, words, decimals=0) if together else None,
        "records": words.number(records) if given else None,
        "area": area if given else None,
    }


def _two_digits(number: float, words: Catalogue) -> str:
    """Rounded to two digits that count."""
    rounded = float(f"{number:.2g}")
    return words.number(rounded, 0 if rounded >= 10 else 1 if rounded >= 1 else 2)


def _ranges(words: Catalogue) -> list[str]:
    """The range of each shade, the last one open, for its colour stands for all above."""
    *closed, last = style.PUBLIC_STARTS
    return [*(_range(start, words) for start in closed), words.say("{low} or more", low=words.number(last))]


def _range(floor: int, words: Catalogue) -> str:
    if not floor:
        return ""
    ceiling = int(range_ceilings(np.array([floor]))[0])
    return words.say("{low} to {high}", low=words.number(floor), high=words.number(ceiling))


def _listed(redacted: Redacted, words: Catalogue) -> list[tuple[str, list[str]]]:
    """Name of each district and its ranges in words, empty where withheld, by name."""
    if redacted.names is None:
        return []
    columns = [
        [_range(floor, words) for floor in getattr(redacted, name).floors.tolist()] for name in style.PUBLIC_NAMES
    ]
    return sorted(zip(redacted.names, map(list, zip(*columns, strict=True)), strict=True))
