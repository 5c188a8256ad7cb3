"""Unmapped clusters (M16): where recorded explosions lie close together outside every record."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import isna
from pyproj import CRS

from registry import geometry
from registry.codes import DatePrecision
from registry.compare.areas import district_names, lonlat
from registry.compare.clusterchance import ClusterChance
from registry.compare.containment import EventClass, first_area
from registry.compare.proximity import chained, close_pairs, distinct
from registry.errors import CompareError
from registry.geometry import Geometries
from registry.model import PartialDate

NOTICE = (
    "Candidates for non-technical survey, made from recorded explosions alone. They are not hazard areas: nobody "
    "surveyed their borders, and of the land outside them nothing is known."
)

HULL_BUFFER_M = 50.0
"""Events on one spot or along a line have no hull with an area; one is drawn this far around them."""

_NARROWEST_M = 1.0  # a hull narrower than this is drawn as a line would be
_DEGREE_DIGITS = 7  # a centimetre

Numbers = NDArray[np.int64]
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Cluster:
    """One cluster of events outside every record; ``rank`` 1 is the first to look at.

    ``events`` can be fewer than make a cluster where an event within reach of two clusters is counted with the other.
    ``killed`` and ``injured`` are sums of what is stated, None where no event states it; ``victims`` adds the two.
    ``victims_stated`` is the number of events that state either. ``distinct_positions`` below ``events`` means
    coordinates that repeat: a place that a reporter named, perhaps, and not where it happened. Distances to the nearest
    record are geodesic, None where there is no record. ``districts`` are those of its events, most events first.
    ``hull`` is the ring of the convex hull in degrees on WGS 84; where ``hull_drawn_wider`` it lies 50 m around events
    that are on one spot or along a line, and ``hull_m2`` is 0.
    """

    rank: int
    events: int
    distinct_positions: int
    killed: int | None
    injured: int | None
    victims: int | None
    victims_stated: int
    first_date: PartialDate | None
    last_date: PartialDate | None
    undated: int
    nearest_record_m: float | None
    median_record_m: float | None
    districts: tuple[str, ...]
    longitude: float
    latitude: float
    hull_m2: float
    hull_drawn_wider: bool
    hull: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Clusters:
    """Metric M16. ``clustered`` of the events ``outside`` every record are in a cluster; the rest lie apart.

    ``by_chance`` says how many would be if they lay at random; None where that was not drawn, or there is nowhere to
    draw them.
    """

    notice: str
    distance_m: float
    min_events: int
    outside: int
    clustered: int
    clusters: tuple[Cluster, ...]
    by_chance: ClusterChance | None = None


def find_clusters(
    classified: GeoDataFrame,
    events: GeoDataFrame,
    plane: CRS,
    *,
    districts: GeoDataFrame | None = None,
    distance_m: float = 1_000.0,
    min_events: int = 5,
) -> tuple[Clusters, Numbers]:
    """Find clusters of events outside every record and rank them: by events, then victims, then the last date (M16).

    Parameters
    ----------
    classified
        Events with ``event_class`` and ``distance_m``, as `registry.compare.containment.measure_accuracy` gives them.
        Those without a position, out of scope or inside a record take no part.
    events
        The same rows, with ``occurred_on``, ``occurred_on_precision``, ``killed`` and ``injured``.
    plane
        Equal-area CRS in metres, on which the events lie close to each other.
    districts
        Polygons with the columns ``record_id`` and ``name``.
    distance_m, min_events
        An event with so many within this distance, itself counted, is the core of a cluster.

    Returns
    -------
    clusters, rank
        The clusters, and for each row the rank of the cluster that it is in, 0 where it is in none.

    Raises
    ------
    CompareError
        If the parameters make no clusters, or more events lie close to each other than can be held.

    Notes
    -----
    Ester, Kriegel, Sander and Xu (1996), A density-based algorithm for discovering clusters, KDD-96, 226-231 (DBSCAN):
    cores within the distance of each other are of one cluster, and so is an event that is no core but within the
    distance of one. An event within reach of two clusters goes to its nearest core (of two equally near, the western
    one), so that the order of the rows does not matter.
    """
    if not 0 < distance_m < np.inf or min_events < 2:
        raise CompareError(
            f"{min_events} events within {distance_m:g} m make no cluster; give 2 events or more and more than 0 m."
        )
    row = np.flatnonzero(is_outside(classified))
    points = lonlat(classified)[row]
    xy = shapely.get_coordinates(geometry.project(points, geometry.WGS84, plane))
    label = density_clusters(xy, distance_m, min_events)
    told = _Told(
        xy,
        classified["distance_m"].to_numpy(dtype=np.float64)[row],
        events["killed"].to_numpy(dtype=np.float64, na_value=np.nan)[row],
        events["injured"].to_numpy(dtype=np.float64, na_value=np.nan)[row],
        _dates(events.iloc[row]),
        _names(points, districts),
    )
    members = [np.flatnonzero(label == number) for number in range(label.max(initial=-1) + 1)]
    made = list(zip(_clusters(told, members, plane), members, strict=True))
    made.sort(key=lambda each: _urgency(each[0]))
    rank = np.zeros(len(classified), dtype=np.int64)
    for index, (_, member) in enumerate(made, start=1):
        rank[row[member]] = index
    ranked = tuple(replace(cluster, rank=index) for index, (cluster, _) in enumerate(made, start=1))
    clustered = int(np.count_nonzero(label >= 0))
    return Clusters(NOTICE, float(distance_m), min_events, len(row), clustered, ranked), rank


def is_outside(classified: GeoDataFrame) -> NDArray[np.bool_]:
    """Which events lie outside every record."""
    outside = classified["event_class"].isin([EventClass.OUTSIDE.value, EventClass.NEAR.value])
    return np.asarray(outside, dtype=bool)


def density_clusters(xy: Places, distance_m: float, min_events: int) -> Numbers:
    """Number of the cluster of each place, -1 where it is in none; see `find_clusters` for the definition.

    Parameters
    ----------
    xy
        One row of two coordinates for each place, on a plane in metres.
    """
    # Places are taken from west to east, and each coordinate once: neither order nor repetition changes a cluster.
    spots = distinct(xy.reshape(-1, 2))
    places, weight = spots.places, spots.times
    one, other = close_pairs(places, distance_m)
    one, other = np.concatenate([one, other]), np.concatenate([other, one])
    reached = weight + np.bincount(one, weights=weight[other], minlength=len(places)).astype(np.int64)
    core = reached >= min_events
    both = core[one] & core[other]
    group = chained(len(places), one[both], other[both])
    label = np.full(len(places), -1)
    label[core] = np.unique(group[core], return_inverse=True)[1].reshape(-1)
    border = ~core[one] & core[other]
    edge, hub = one[border], other[border]
    order = np.lexsort((hub, np.hypot(*(places[edge] - places[hub]).T), edge))
    edge, first = np.unique(edge[order], return_index=True)
    label[edge] = label[hub[order][first]]
    return label[spots.number]


@dataclass(frozen=True)
class _Told:
    """What is known of the events outside: one entry for each."""

    xy: Places
    distance_m: NDArray[np.float64]
    killed: NDArray[np.float64]
    injured: NDArray[np.float64]
    dates: list[PartialDate | None]
    districts: list[str]


def _clusters(told: _Told, members: list[Numbers], plane: CRS) -> Iterator[Cluster]:
    """The clusters, not yet ranked; all hulls are projected at once, which costs as much as one."""
    hulls = np.array([shapely.convex_hull(shapely.multipoints(told.xy[member])) for member in members], dtype=object)
    # A hull no wider than a metre has an area of at most half its perimeter times that.
    narrow = shapely.area(hulls) <= _NARROWEST_M * shapely.length(hulls) / 2
    drawn = shapely.normalize(np.where(narrow, shapely.buffer(hulls, HULL_BUFFER_M), hulls))
    # Sorted first: a sum must not depend on the order of the rows, not even in its last digit.
    centres = [shapely.Point(np.sort(told.xy[member], axis=0).mean(axis=0)) for member in members]
    on_globe = geometry.project(np.array([*drawn, *centres], dtype=object), plane, geometry.WGS84)
    area_m2 = np.where(narrow, 0.0, shapely.area(hulls))
    for index, member in enumerate(members):
        ring, centre = on_globe[index], on_globe[len(members) + index]
        yield _describe(told, member, ring, centre, float(area_m2[index]))


def _describe(told: _Told, member: Numbers, ring: shapely.Polygon, centre: shapely.Point, hull_m2: float) -> Cluster:
    killed, injured = told.killed[member], told.injured[member]
    stated = ~np.isnan(killed) | ~np.isnan(injured)
    dates = [each for each in (told.dates[index] for index in member) if each is not None]
    distance_m = told.distance_m[member]
    has_record = not np.isnan(distance_m).any()
    in_district = Counter(told.districts[index] for index in member)
    del in_district[""]
    return Cluster(
        rank=0,
        events=len(member),
        distinct_positions=len(np.unique(told.xy[member], axis=0)),
        killed=_sum(killed),
        injured=_sum(injured),
        victims=_sum(np.where(stated, np.nan_to_num(killed) + np.nan_to_num(injured), np.nan)),
        victims_stated=int(np.count_nonzero(stated)),
        first_date=min(dates, key=lambda date: (date.first, date.last), default=None),
        last_date=max(dates, key=lambda date: (date.last, date.first), default=None),
        undated=len(member) - len(dates),
        nearest_record_m=float(distance_m.min()) if has_record else None,
        median_record_m=float(np.median(distance_m)) if has_record else None,
        districts=tuple(sorted(in_district, key=lambda name: (-in_district[name], name))),
        longitude=round(centre.x, _DEGREE_DIGITS),
        latitude=round(centre.y, _DEGREE_DIGITS),
        hull_m2=hull_m2,
        hull_drawn_wider=hull_m2 == 0,
        hull=tuple((round(x, _DEGREE_DIGITS), round(y, _DEGREE_DIGITS)) for x, y in ring.exterior.coords),
    )


def _urgency(cluster: Cluster) -> tuple[float, ...]:
    """What comes first: more events, more victims, a later last date; then from west to east, to leave nothing open."""
    last = 0 if cluster.last_date is None else cluster.last_date.last.toordinal()
    return -cluster.events, -(cluster.victims or 0), -last, cluster.longitude, cluster.latitude


def _names(points: Geometries, districts: GeoDataFrame | None) -> list[str]:
    """Name of the district of each point, empty where it is in none."""
    if districts is None or not len(districts):
        return [""] * len(points)
    names = district_names(districts)
    return [names[index] if index >= 0 else "" for index in first_area(points, lonlat(districts))]


def _dates(events: GeoDataFrame) -> list[PartialDate | None]:
    return [
        None if isna(day) else PartialDate(day.date(), DatePrecision.DAY if isna(known) else DatePrecision(known))
        for day, known in zip(events["occurred_on"], events["occurred_on_precision"], strict=True)
    ]


def _sum(stated: NDArray[np.float64]) -> int | None:
    return None if np.isnan(stated).all() else int(np.nansum(stated))
