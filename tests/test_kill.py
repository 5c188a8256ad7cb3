"""A process killed during an import leaves the registry as it was, or with the whole new layer or batch."""

import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from batches import bow_tie, square, write_source

from registry.model import Kind
from registry.store import Registry

KILLS = 50
KILLS_OF_BATCHES = 8
START = """
import sys
from pathlib import Path
from registry.batch import import_manifest
from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind
from registry.store import Registry

def say(words, _):
    print(words, flush=True)

with Registry.open(Path(sys.argv[1])) as registry:
    say("ready", None)
    sys.stdin.readline()
    source = Path(sys.argv[2])
    if source.suffix == ".toml":
        import_manifest(registry, source, progress=say)
    else:
        import_batch(
            registry, [source], Kind.MINEFIELDS, Handover("new", "New"), ImportOptions(repair=True), progress=say
        )
    say("done", None)
    sys.stdin.readline()
"""
MANIFEST = """
manifest = 1
[handover]
id = "new"
[[sources]]
path = "fields.gpkg"
kind = "minefields"
repair = true
[[sources]]
path = "fields.gpkg"
kind = "surveyed"
[[sources]]
path = "fields.gpkg"
kind = "scope"
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A thousand fields, some of them crossed: enough that reading, staging and storing all take their time."""
    shapes = [(bow_tie if i % 10 == 0 else square)(i % 60 * 1.5, i // 60 * 1.5) for i in range(1_000)]
    return write_source(tmp_path_factory.mktemp("source") / "fields.gpkg", shapes, number=range(1_000))


class Import:
    """An import in a process of its own, stopped before its first step."""

    def __init__(self, registry: Path, source: Path, scratch: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(registry), str(source)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"TMPDIR": str(scratch), "PATH": ""},
        )
        self.until("ready")

    def go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def until(self, words: str) -> float:
        """Wait for a step; returns the moment at which it was seen."""
        for line in self.process.stdout:
            if line.strip() == words:
                return time.monotonic()
        raise AssertionError(self.process.stderr.read())

    def end(self) -> int:
        self.process.kill()
        self.process.communicate()
        return self.process.returncode


@pytest.fixture(scope="module")
def manifest(source):
    """The same fields as layers of three kinds."""
    path = source.with_name("manifest.toml")
    path.write_text(MANIFEST)
    return path


@pytest.fixture(scope="module")
def durations(source, small_file, tmp_path_factory):
    return measured(source, small_file, tmp_path_factory.mktemp("measured"))


def measured(source, small_file, folder):
    """Seconds to the beginning of storing, and from there to the end."""
    running = Import(Path(shutil.copy(small_file, folder / "r.gpkg")), source, folder)
    start = time.monotonic()
    running.go()
    storing, done = running.until("storing"), running.until("done")
    running.end()
    return storing - start, done - storing


def killed(
    number: int, source: Path, small_file: Path, durations: tuple[float, float], folder: Path, added: int = 1
) -> bool:
    """One import killed at a moment of its own; whether all of its layers had come in, which is else none."""
    chance = random.Random(number)
    path = Path(shutil.copy(small_file, folder / f"{number}.gpkg"))
    running = Import(path, source, folder)
    running.go()
    # Every second one is killed while it stores, which is a small part of the time and the one that matters.
    if number % 2:
        running.until("storing")
        time.sleep(chance.uniform(0, 2 * durations[1]))
    else:
        time.sleep(chance.uniform(0, sum(durations)))
    assert running.end() == -9
    with Registry.open(path) as registry, Registry.open(small_file) as before:
        layers = registry.layers()
        came_in = len(layers) == 3 + added
        assert layers[:3] == before.layers()
        assert registry.history()[:4] == before.history()
        assert len(layers) == 3 + came_in * added
        assert len(registry.history()) == 4 + came_in * added
        for layer in layers[3:]:
            assert len(registry.read(layer)) == layer.counts.received == 1_000
        assert registry.verify().problems == ()
    return came_in


def test_killed_at_random_moments(source, small_file, durations, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        came_in = list(pool.map(lambda n: killed(n, source, small_file, durations, tmp_path), range(KILLS)))
    assert not all(came_in)
    # What a killed one left behind does not stand in the way of the next.
    left = tmp_path / f"{came_in.index(False)}.gpkg"
    running = Import(left, source, tmp_path)
    running.go()
    running.until("done")
    running.end()
    with Registry.open(left) as registry:
        assert registry.layer("new", Kind.MINEFIELDS).counts.plotted == 1_000
        assert registry.verify().problems == ()


def test_a_batch_killed_at_random_moments(manifest, small_file, tmp_path):
    durations = measured(manifest, small_file, tmp_path)
    with ThreadPoolExecutor(2) as pool:
        came_in = pool.map(
            lambda n: killed(n, manifest, small_file, durations, tmp_path, added=3), range(KILLS_OF_BATCHES)
        )
        assert not all(came_in)
