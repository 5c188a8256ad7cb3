"""What is fuzzed: each parser as a function of bytes. Our own errors are an answer; anything else is a bug.

``python tests/fuzz/run.py`` runs them under a coverage-guided fuzzer; `tests/test_fuzz_seeds.py` runs them over the
inputs that once found something.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import shapely

from registry.errors import RegistryError
from registry.model import Kind
from registry.sources import coordinates
from registry.sources.coordinate_columns import parse_column
from registry.sources.delimited import read_delimited
from registry.sources.geojson import mend_rings, read_geojson
from registry.sources.legforms import locator, read_cell, read_toml
from registry.sources.legrecord import AngleUnit, Convention
from registry.sources.legs import lay_out
from registry.sources.manifest import parse_manifest
from registry.sources.north import North
from registry.sources.profile import parse_profile, write_profile
from registry.sources.propose import implied_profile, propose
from registry.sources.tables import TableOptions, read_table
from registry.sources.vector import read_source
from registry.sources.written import Notation, Order, Stated

Target = Callable[[bytes], None]

_STATEMENTS = (
    Stated(),
    Stated(crs="EPSG:4326"),
    Stated(crs="EPSG:4284", order=Order.NORTH_FIRST),
    Stated(crs="EPSG:4284", zone="8", notation=Notation.GAUSS_KRUEGER),
    Stated(order=Order.EAST_FIRST),
)
_CONVENTIONS = tuple(Convention(angle_unit=unit, north=North.TRUE) for unit in AngleUnit)
_LOCATE = locator(Stated(crs="EPSG:4326"))


def written_coordinates(content: bytes) -> None:
    """One cell; what it is read as lies somewhere, and the usual notations read as a column give the same."""
    statement, text = _STATEMENTS[content[0] % len(_STATEMENTS)] if content else _STATEMENTS[0], _text(content[1:])
    try:
        alone = coordinates.parse(text, statement)
    except RegistryError:
        return
    assert np.isfinite(shapely.get_coordinates(alone.geometry)).all()
    (together,) = parse_column([text], statement).geometries
    assert together is None or shapely.equals_exact(together, alone.geometry, 1e-9)


def leg_cell(content: bytes) -> None:
    """A record of bearings and distances in one cell, laid out."""
    unit, text = _CONVENTIONS[content[0] % len(_CONVENTIONS)] if content else _CONVENTIONS[0], _text(content[1:])
    with suppress(RegistryError):
        lay_out(read_cell(text, unit, _LOCATE))


def leg_form(content: bytes) -> None:
    """A paper record in TOML, laid out."""
    with suppress(RegistryError):
        lay_out(read_toml(content, _LOCATE))


def mapping_profile(content: bytes) -> None:
    """A profile; what is read is written as the same profile."""
    with suppress(RegistryError):
        profile = parse_profile(content, "fuzz.toml")
        assert parse_profile(write_profile(profile).encode(), "fuzz.toml") == profile


def handover_manifest(content: bytes) -> None:
    """A batch described in TOML."""
    with suppress(RegistryError):
        parse_manifest(content, "fuzz.toml")


def broken_geojson(content: bytes) -> None:
    """GeoJSON that GDAL and GEOS may refuse, with every ring that can be mended."""
    with suppress(RegistryError):
        for text in read_geojson(content, "fuzz.geojson").as_delivered.values():
            mend_rings(text)


def geojson_file(content: bytes) -> None:
    """The same as a file, with GDAL before it."""
    with tempfile.TemporaryDirectory() as folder, suppress(RegistryError):
        path = Path(folder) / "fuzz.geojson"
        path.write_bytes(content)
        for layer in read_source(path):
            assert len(layer.attributes) == len(layer.geometries)


def text_table(content: bytes) -> None:
    """A text table, and the profile proposed for it."""
    with suppress(RegistryError):
        read_delimited(content, "fuzz.csv")
    with tempfile.TemporaryDirectory() as folder, suppress(RegistryError):
        path = Path(folder) / "fuzz.csv"
        path.write_bytes(content)
        table = read_table(path, TableOptions())
        for kind in (Kind.MINEFIELDS, Kind.ACCIDENTS):
            implied_profile(table, kind)
            proposal = propose(table, kind, name="fuzz")
            parse_profile(proposal.to_toml().encode(), "fuzz.toml")


MANIFEST = """manifest = 1
[handover]
id = "SYN-1"
title = "SYNTHETIC"
handed_over_on = "2024-01"
documents_claimed = 8
[[sources]]
path = "a.csv"
kind = "minefields"
crs = "EPSG:4284"
profile = "p.toml"
sigma_m = 20
fields = { record_id = "no" }
legibility = 3
[[attachments]]
path = "a.pdf"
author_date = 1993-05-01
"""
LEGS_TABLE = """[legs]
group = "no"
to = "to"
angle = "angle"
distance = "m"
position = "where"
crs = "EPSG:4326"
angle_unit = "divisions-6000"
north = "true"
"""

TARGETS: Mapping[str, Target] = {
    target.__name__: target
    for target in (
        written_coordinates,
        leg_cell,
        leg_form,
        mapping_profile,
        handover_manifest,
        broken_geojson,
        geojson_file,
        text_table,
    )
}


def beginnings(data: Path) -> Mapping[str, list[bytes]]:
    """What each target starts from, taken from the tests' own files."""
    import csv

    with (data / "coordinates.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["text"] for row in csv.DictReader(file)]
    head = 'format = 1\nkind = "minefields"\nchecked = true\n'
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    feature = {"type": "Feature", "geometry": square, "properties": {"a": 1, "b": None}}
    return {
        "written_coordinates": [
            bytes([number % len(_STATEMENTS)]) + text.encode() for number, text in enumerate(cells)
        ],
        "leg_cell": [
            b"\x02RP 39.99N 46.93E; S 15-00/120; T1 15-00/400; T2 30-00/80; T3 45-00/400; C 60-00/80",
            b"\x00RP ?; 0/100; 90/200; 180/100",
        ],
        "leg_form": [(data / "paper_record.toml").read_bytes()],
        "mapping_profile": [
            (head + '[geometry]\ncolumn = "where"\ncrs = "EPSG:4326"\n').encode(),
            (head + '[geometry]\nnorth = ["d", "m"]\neast = "E"\ngroup = "no"\njoined = "polygon"\n').encode(),
            (head + '[fields.depth_m]\ncolumn = "d"\nunit = "cm"\n[fields.pattern]\nvalue = "UNKNOWN"\n').encode(),
            (head + LEGS_TABLE).encode(),
            (head + '[fields.pattern]\ncolumn = "p"\ncodes = { "a b" = "ROW_STANDARD", c = "" }\n').encode(),
        ],
        "handover_manifest": [MANIFEST.encode()],
        "broken_geojson": [(data / "rings.geojson").read_bytes(), json.dumps(feature).encode()],
        "geojson_file": [(data / "rings.geojson").read_bytes(), json.dumps(feature).encode()],
        "text_table": [
            "no;Широта;Долгота\n1;58°00'01\" СШ;3°00'02\" ВД\n".encode("cp1251"),
            b"lat,lon,killed\n58.1,3.1,2\n",
            b"record_id\tshape\nF-1\tPOLYGON ((3 58, 3.1 58, 3 58.1, 3 58))\n",
        ],
    }


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
