"""The Dask cluster: two worker processes on loopback."""

import os
import signal
import socket
import sys
from functools import partial

import partworld
import pytest

from registry import cluster, partwise
from registry.cluster import on_cluster
from registry.codes import By
from registry.errors import ClusterError, CompareError, SourceError
from registry.eventexport import export_events
from registry.eventparts import open_parts
from registry.inputs import StatsOptions
from registry.jsonform import json_text
from registry.partwise import IN_PARTS, compute_stats_in_parts, counted_so_far
from registry.stats import compute_stats
from registry.store import Registry

distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")

OPTIONS = StatsOptions(sections=IN_PARTS, by=(By.BATCH, By.SHEET))


@pytest.fixture(scope="module")
def address():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as local:
        yield local.scheduler_address


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = partworld.build(tmp_path_factory.mktemp("cluster") / "world.gpkg")
    with Registry.open(path) as registry:
        export_events(registry, path.parent / "parts", group_rows=8)
        yield registry


@pytest.fixture(scope="module")
def parts(world):
    return open_parts(world.path.parent / "parts")


@pytest.fixture(scope="module")
def answer(world):
    return json_text(compute_stats(world, OPTIONS).to_json())


def computed(world, parts, address, progress=lambda _words, _share: None):
    with on_cluster(address, counted_so_far) as engine:
        return json_text(compute_stats_in_parts(world, OPTIONS, parts, engine, progress=progress).to_json())


def pids(address):
    with distributed.Client(address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_the_answer_is_that_of_one_machine(world, parts, address, answer):
    said = []
    assert computed(world, parts, address, lambda words, share: said.append((words, share))) == answer
    assert [words for words, _ in said if words.startswith("row group")] == [
        f"row group {number} of 12" for number in range(1, 13)
    ]


def test_a_worker_killed_in_the_middle_changes_nothing(world, parts, address, answer):
    victims = pids(address)[:1]
    assert len(pids(address)) == 2

    def kill(words, _share):
        if words.startswith("row group 4 ") and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    assert computed(world, parts, address, kill) == answer
    assert not victims


def test_an_error_of_a_step_comes_back_as_it_is(world, address, tmp_path):
    export_events(world, tmp_path / "parts", group_rows=30)
    parts = open_parts(tmp_path / "parts")
    (tmp_path / "parts" / "part-0001.parquet").unlink()
    with pytest.raises(SourceError, match="no such file on this machine"):
        computed(world, parts, address)


def test_workers_with_other_software_are_refused(world, parts, address, monkeypatch):
    monkeypatch.setattr(partwise, "software", lambda: {"shapely": "0.1"})
    with pytest.raises(CompareError, match=r"A worker has shapely \S+ for 0\.1"):
        computed(world, parts, address)


def test_what_a_worker_cannot_import_is_named(address):
    with (
        pytest.raises(ClusterError, match=r"a worker lacks no_such_module; install"),
        on_cluster(address, counted_so_far) as engine,
    ):
        engine.fold(partial(_importing, "no_such_module"), engine.share(0), [1, 2], sum)


def test_a_scheduler_without_a_worker():
    with distributed.LocalCluster(
        n_workers=0, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as local:
        refused(local.scheduler_address, "the scheduler has no worker; start some with: dask worker")


@pytest.mark.parametrize("address", ["nonsense", "tcp://no-such-host.invalid:8786", "foo://127.0.0.1:1", ""])
def test_no_address_of_a_scheduler(address, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    refused(address, "no scheduler answers there")


def test_nobody_listens(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        refused(f"tcp://127.0.0.1:{free.getsockname()[1]}", "no scheduler answers there")


def test_somebody_else_listens(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused(f"tcp://127.0.0.1:{silent.getsockname()[1]}", "no scheduler answers there")


def test_a_worker_is_no_scheduler(address):
    with distributed.Client(address, set_as_default=False) as client:
        worker = next(iter(client.scheduler_info(n_workers=-1)["workers"]))
    refused(worker, "a Worker does")


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused("tcp://127.0.0.1:8786", r"pip install 'minefield-registry\[cluster\]'")


def refused(address, why):
    with pytest.raises(ClusterError, match=why), on_cluster(address, counted_so_far):
        pytest.fail("there is a cluster")


def _importing(name, _shared, _item):
    return __import__(name)
