"""What the comparison says of each district: the share of its events outside every record, with counts (M1)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from geopandas import GeoDataFrame

from maps.encode import pack
from maps.figures import sentence, share_text
from maps.words import ENGLISH, Catalogue
from registry.codes import PlotStatus
from registry.compare.areas import lonlat
from registry.compare.containment import EventClass, first_area
from registry.compare.uncertainty import MIN_DENOMINATOR, Share
from registry.stats import Comparison

CLASS_STARTS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Where each class of shares begins; the same on every map, so that two maps can be held side by side."""

FEW, NO_EVENT, NO_SHARE = "share-few", "share-no-event", "share-none"

_COUNTED = (EventClass.INSIDE.value, EventClass.NEAR.value, EventClass.OUTSIDE.value)


@dataclass(frozen=True)
class DistrictFigures:
    """The events of one district: ``near`` ones are outside too, and are not in ``outside``.

    ``share`` is that of all events outside every record, near or not; None where the district was not compared, or
    there is no event in it.
    """

    inside: int
    near: int
    outside: int
    share: Share | None

    @property
    def total(self) -> int:
        """All events of the district."""
        return self.inside + self.near + self.outside


@dataclass(frozen=True)
class DistrictShares:
    """``rows`` are the districts in the order given; ``unplaced`` are events that lie in none of them."""

    rows: tuple[DistrictFigures, ...]
    unplaced: DistrictFigures


def district_shares(comparison: Comparison, districts: GeoDataFrame) -> DistrictShares:
    """What a comparison says of each district of a layer.

    Parameters
    ----------
    comparison
        Of the registry that holds the layer, with these districts.
    districts
        Rows of the layer with ``record_id`` and ``plot_status``, in EPSG:4326, in layer order. Only plotted ones were
        compared.
    """
    plotted = np.flatnonzero((districts["plot_status"] == PlotStatus.PLOTTED).to_numpy(dtype=bool))
    ids = districts["record_id"].astype(str).tolist()
    classified = comparison.classified
    counted = classified[classified["removed_by"].isna() & classified["event_class"].isin(_COUNTED)]
    # As in the comparison itself: on a shared border the first district in layer order has the event.
    place = first_area(lonlat(counted), lonlat(districts.iloc[plotted]))
    classes = counted["event_class"].to_numpy(dtype=object)
    counts = Counter(zip(place.tolist(), classes.tolist(), strict=True))
    compared = {number: index for index, number in enumerate(plotted.tolist())}
    held = Counter(ids[number] for number in compared)
    shares = {row.district_id: row.share_outside for row in comparison.accuracy.by_district}

    def figures(index: int, share: Share | None) -> DistrictFigures:
        inside, near, outside = (counts[index, name] for name in _COUNTED)
        return DistrictFigures(inside, near, outside, share)

    def share_of(number: int) -> Share | None:
        share = shares.get(ids[number])
        if share is None or held[ids[number]] == 1:
            return share
        here = figures(compared[number], None)
        return Share(here.near + here.outside, here.total, reason="Several districts have this number.")

    rows = [
        figures(compared[number], share_of(number)) if number in compared else DistrictFigures(0, 0, 0, None)
        for number in range(len(districts))
    ]
    return DistrictShares(tuple(rows), figures(-1, shares.get(None)))


def look_of(figures: DistrictFigures) -> str:
    """Name of the look that a district is shaded with."""
    if not figures.total:
        return NO_EVENT
    share = figures.share
    if share is None or share.value is None:
        return NO_SHARE if figures.total >= MIN_DENOMINATOR else FEW
    return f"share-{int(np.searchsorted(CLASS_STARTS, share.value, side='right')) - 1}"


def pack_shares(layer: str, shares: DistrictShares, words: Catalogue = ENGLISH) -> str:
    """The figures as the page reads them, each share in words, with its interval or the reason why there is none.

    Parameters
    ----------
    layer
        Name of the page's layer that draws the districts, in the same order.
    """
    rows: Sequence[DistrictFigures] = shares.rows
    looks = list(dict.fromkeys(map(look_of, rows)))
    header = {
        "layer": layer,
        "looks": looks,
        "look": [looks.index(look_of(row)) for row in rows],
        **{name: [getattr(row, name) for row in rows] for name in ("inside", "near", "outside")},
        "share": [None if row.share is None else share_text(row.share, words) for row in rows],
        "note": [row.share and row.share.note and sentence(row.share.note, words) for row in rows],
        "unplaced": shares.unplaced.total,
    }
    return pack(header, [])
