"""Registries of an older format, and claims and runs to put into one."""

from contextlib import closing
from pathlib import Path

from registry import audit, gpkg, tables
from registry.compare.claims import Claim, Metric, Reference, Unit, ValueKind
from registry.database import connect, insert, protect, writing
from registry.model import Kind, Run, RunInput

CREATED = "2024-01-01T00:00:00.000Z"


def format_1(path: Path) -> Path:
    """An empty registry as format 1 made it: the tables of that time, and a history that begins with its creation."""
    path.touch()
    with closing(connect(path)) as connection, writing(connection, path):
        gpkg.create_core(connection)
        for table in tables.ATTRIBUTE_TABLES[:6]:
            connection.execute(table.ddl())
            gpkg.register_attributes(connection, table.name, table.meaning)
            protect(connection, table.name, ("UPDATE", "DELETE"))
        row = {"format_version": 1, "identity": "old", "created_at": CREATED, "software": "minefield-registry 0.0"}
        insert(connection, "registry_info", row)
        audit.append_entry(connection, "create", row)
    return path


def a_claim(claim_id: str = "said", **stated: object) -> Claim:
    """55 % of explosions outside the maps, without numerator and denominator."""
    values: dict[str, object] = {
        "words": "55 % of explosions happened outside the maps.",
        "source": "a newspaper",
        "value_text": "55 %",
        "value_kind": ValueKind.SHARE,
        "low": 0.55,
        "high": 0.55,
        "unit": Unit.EVENT,
        "reference": Reference.MAPS,
        "window_text": "since the war",
        "candidates": (Metric.OUTSIDE,),
    }
    return Claim(claim_id, **{**values, **stated})


def a_run(run_id: str = "abc", result: str = '{"schema": "x"}') -> Run:
    inputs = (RunInput("first", Kind.MINEFIELDS, "0" * 64),)
    return Run(
        run_id, CREATED, 4, inputs, {"near_m": 100.0}, 7, {"minefield-registry": "test"}, result,
        tables.sha256_of_bytes(result.encode()),
    )  # fmt: skip
