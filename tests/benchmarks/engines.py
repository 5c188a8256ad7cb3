"""One engine answers the question of the comparison: all covering pairs, and how far the nearest record of each other
event is. Run as `engines.py ENGINE FOLDER SECONDS`, by a Python that has the engine; `peers.py` does.

FOLDER has `events.parquet` (x, y) and `records.parquet` (wkb). What it takes to load them into the form that the engine
works on is not counted; what it builds to answer, indexes among it, is. The question is asked again until so many
seconds have passed, five times at most. The answers go to FOLDER/ENGINE.npz, and what was measured to standard output.
"""

import importlib.util
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import shapely

MOST_RUNS = 5

Answer = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # event, record of pairs; event, distance of the others
Ask = Callable[[], Answer]


def places(folder: Path) -> np.ndarray:
    """The events, a row of two coordinates each."""
    file = pq.ParquetFile(folder / "events.parquet")
    xy, start = np.empty((file.metadata.num_rows, 2)), 0
    for batch in file.iter_batches():
        end = start + len(batch)
        xy[start:end, 0], xy[start:end, 1] = batch["x"], batch["y"]
        start = end
    return xy


def polygons(folder: Path) -> np.ndarray:
    """The records."""
    batches = pq.ParquetFile(folder / "records.parquet").iter_batches()
    return np.concatenate([shapely.from_wkb(batch["wkb"].to_numpy(zero_copy_only=False)) for batch in batches])


@contextmanager
def ours(folder: Path) -> Iterator[tuple[Ask, str]]:
    """Machine code and shapely, whichever the number of events asks for."""
    from registry import __version__
    from registry.compare import kernel

    xy, records = places(folder), polygons(folder)

    def ask() -> Answer:
        search = kernel.search_for(xy, records)
        event, record = search.covering(xy, 0.0)
        outside = np.ones(len(xy), dtype=bool)
        outside[event] = False
        _, distance = search.nearest(xy[outside])
        return event, record, np.flatnonzero(outside), distance

    yield ask, f"{__version__}, numba {version('numba')}, shapely {version('shapely')}"


@contextmanager
def plain(folder: Path) -> Iterator[tuple[Ask, str]]:
    """The same as where Numba is not installed."""
    from registry.compare import kernel

    kernel.FAST_FROM = kernel.FAST_FROM_ONCE_LOADED = sys.maxsize
    with ours(folder) as (ask, _):
        yield ask, f"shapely {version('shapely')}"


@contextmanager
def geopandas(folder: Path) -> Iterator[tuple[Ask, str]]:
    """Two joins. The records are new each time, so that their tree is built each time."""
    import geopandas as gpd

    xy, shapes = places(folder), polygons(folder)
    events = gpd.GeoDataFrame({"event": np.arange(len(xy))}, geometry=shapely.points(xy))
    del xy

    def ask() -> Answer:
        records = gpd.GeoDataFrame({"record": np.arange(len(shapes))}, geometry=shapes.copy())
        pairs = events.sjoin(records, predicate="intersects")
        outside = events[~events["event"].isin(pairs["event"])]
        nearest = outside.sjoin_nearest(records, distance_col="distance").drop_duplicates("event")
        return tuple(
            column.to_numpy() for column in (pairs["event"], pairs["record"], nearest["event"], nearest["distance"])
        )

    yield ask, version("geopandas")


@contextmanager
def duckdb(folder: Path) -> Iterator[tuple[Ask, str]]:
    """A spatial join; and, as there is no join with the nearest, joins within a distance that grows by half."""
    import duckdb as engine

    package = Path(importlib.util.find_spec("duckdb_extension_spatial").origin).parent
    connection = engine.connect()
    connection.execute(f"LOAD '{next(package.glob('extensions/*/spatial.duckdb_extension'))}'")
    run = connection.execute
    run(
        "CREATE TABLE events AS SELECT row_number() OVER () - 1 AS event, ST_Point(x, y) AS geom "
        f"FROM '{folder}/events.parquet'"
    )
    run(
        "CREATE TABLE records AS SELECT row_number() OVER () - 1 AS record, ST_GeomFromWKB(wkb) AS geom "
        f"FROM '{folder}/records.parquet'"
    )

    def ask() -> Answer:
        run(
            "CREATE OR REPLACE TABLE pairs AS SELECT event, record FROM events "
            "JOIN records ON ST_Intersects(records.geom, events.geom)"
        )
        run("CREATE OR REPLACE TABLE open AS SELECT event, geom FROM events ANTI JOIN pairs USING (event)")
        run("CREATE OR REPLACE TABLE nearest (event BIGINT, distance DOUBLE)")
        within = 100.0
        while run("SELECT count(*) FROM open").fetchone()[0]:
            run(
                "INSERT INTO nearest SELECT event, min(ST_Distance(open.geom, records.geom)) FROM open "
                f"JOIN records ON ST_DWithin(open.geom, records.geom, {within}) GROUP BY event"
            )
            run("CREATE OR REPLACE TABLE open AS SELECT event, geom FROM open ANTI JOIN nearest USING (event)")
            within *= 1.5
        pairs, nearest = run("SELECT * FROM pairs").fetchnumpy(), run("SELECT * FROM nearest").fetchnumpy()
        return pairs["event"], pairs["record"], nearest["event"], nearest["distance"]

    yield ask, engine.__version__
    connection.close()


@contextmanager
def sedona(folder: Path) -> Iterator[tuple[Ask, str]]:
    """A spatial join and a join with the nearest."""
    import geopandas as gpd
    import pandas as pd
    import sedonadb

    context = sedonadb.connect()
    for name, key, shapes in (
        ("events", "event", shapely.points(places(folder))),
        ("records", "record", polygons(folder)),
    ):
        frame = gpd.GeoDataFrame({key: np.arange(len(shapes))}, geometry=shapes)
        context.create_data_frame(frame).to_memtable().to_view(name)
        count = len(shapes)
        del frame, shapes
        if name == "events":
            every = np.arange(count)

    def ask() -> Answer:
        pairs = context.sql(
            "SELECT event, record FROM events JOIN records ON ST_Intersects(records.geometry, events.geometry)"
        ).to_pandas()
        outside = pd.DataFrame({"event": np.setdiff1d(every, pairs["event"])})
        context.create_data_frame(outside).to_view("outside", overwrite=True)
        nearest = context.sql(
            "SELECT o.event, ST_Distance(o.geometry, records.geometry) AS distance "
            "FROM (SELECT events.event, geometry FROM events JOIN outside ON events.event = outside.event) o "
            "JOIN records ON ST_KNN(o.geometry, records.geometry, 1, false)"
        ).to_pandas()
        nearest = nearest.drop_duplicates("event")
        return tuple(
            column.to_numpy() for column in (pairs["event"], pairs["record"], nearest["event"], nearest["distance"])
        )

    yield ask, version("sedonadb")


@contextmanager
def postgis(folder: Path) -> Iterator[tuple[Ask, str]]:
    """A server of its own on a socket in a folder of its own; the index on the records is built each time."""
    import psycopg

    tools = Path(
        subprocess.run(["pg_config", "--bindir"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    )
    home = Path(tempfile.mkdtemp(prefix="postgis-"))
    home.chmod(0o777)
    as_server = ["runuser", "-u", "postgres", "--"] if shutil.which("runuser") and not _can_serve() else []
    control = [*as_server, str(tools / "pg_ctl"), "-D", str(home / "data"), "-w", "-s"]
    subprocess.run([*control, "init", "-o", "-U postgres --no-sync"], check=True, stdout=subprocess.DEVNULL)
    settings = f"-k {home} -c listen_addresses= -c fsync=off -c shared_buffers=2GB -c work_mem=256MB"
    subprocess.run([*control, "start", "-o", settings, "-l", str(home / "log")], check=True, stdout=subprocess.DEVNULL)
    try:
        with psycopg.connect(host=str(home), user="postgres", dbname="postgres", autocommit=True) as connection:
            run = connection.execute
            run("CREATE EXTENSION postgis")
            run(
                "CREATE TABLE events (event BIGINT, geom GEOMETRY); CREATE TABLE records (record BIGINT, geom GEOMETRY)"
            )
            _copy(connection, "events", shapely.points(places(folder)))
            _copy(connection, "records", polygons(folder))
            run("VACUUM ANALYZE")

            def ask() -> Answer:
                run("DROP INDEX IF EXISTS by_place; DROP TABLE IF EXISTS pairs, outside, nearest")
                run("CREATE INDEX by_place ON records USING gist (geom)")
                run(
                    "CREATE UNLOGGED TABLE pairs AS SELECT event, record FROM events "
                    "JOIN records ON ST_Intersects(records.geom, events.geom)"
                )
                run(
                    "CREATE UNLOGGED TABLE outside AS SELECT event, geom FROM events "
                    "WHERE event NOT IN (SELECT event FROM pairs)"
                )
                run(
                    "CREATE UNLOGGED TABLE nearest AS SELECT event, distance FROM outside CROSS JOIN LATERAL ("
                    "SELECT records.geom <-> outside.geom AS distance FROM records ORDER BY 1 LIMIT 1) AS found"
                )
                pairs = np.array(run("SELECT event, record FROM pairs").fetchall()).reshape(-1, 2)
                nearest = np.array(run("SELECT event, distance FROM nearest").fetchall()).reshape(-1, 2)
                return pairs[:, 0], pairs[:, 1], nearest[:, 0].astype(np.int64), nearest[:, 1]

            yield ask, run("SELECT postgis_lib_version()").fetchone()[0]
    finally:
        subprocess.run([*control, "stop", "-m", "immediate"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def _can_serve() -> bool:
    """PostgreSQL does not run as root."""
    return not hasattr(os, "geteuid") or os.geteuid() != 0


def _copy(connection: object, table: str, shapes: np.ndarray) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for number, shape in enumerate(shapely.to_wkb(shapes, hex=True)):
            copy.write_row((number, shape))


def peak_of_this_process_mb() -> float:
    """Largest resident memory; what the system says of a child counts the parent that it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


ENGINES = {engine.__name__: engine for engine in (ours, plain, geopandas, duckdb, sedona, postgis)}


def main() -> None:
    """Ask one engine."""
    name, folder, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    with ENGINES[name](folder) as (ask, its_version):
        taken: list[float] = []
        while not taken or (sum(taken) < seconds and len(taken) < MOST_RUNS):
            answer = None
            started = time.perf_counter()
            answer = ask()
            taken.append(time.perf_counter() - started)
    peak_mb = peak_of_this_process_mb()
    event, record, outside, distance = answer
    by_pair, by_event = np.lexsort((record, event)), np.argsort(outside)
    np.savez(
        folder / f"{name}.npz",
        event=event[by_pair],
        record=record[by_pair],
        outside=outside[by_event],
        distance=distance[by_event],
    )
    print(json.dumps({"seconds": taken, "peak_mb": None if name == "postgis" else peak_mb, "version": its_version}))


if __name__ == "__main__":
    main()
