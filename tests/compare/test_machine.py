import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pytest
import shapely

pytest.importorskip("numba", reason="Numba, the extra fast, is not installed.")

import numba

from registry.compare import curve, fast, kernel, layout, machine, plain, seek

CODE = Path(machine.__file__).parent
ASK = """
import numpy as np
from registry.compare import curve, machine
reach = curve.reach_of(np.array([[3.0, 5.0], [1.0, 8.0]]))
hits = sum(curve.reach_of.stats.cache_hits.values())
print(*map(int, reach), hits, bool(curve.reach_of.stats.cache_path))
"""
on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows looks for the place in its own registry.")


@pytest.fixture
def installed(tmp_path):
    """A copy of two modules in a directory that code cannot be kept in, as where it is read-only."""
    package = tmp_path / "site" / "registry" / "compare"
    package.mkdir(parents=True)
    for name in ("curve.py", "machine.py"):
        shutil.copy(CODE / name, package / name)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
        (folder / "__pycache__").touch()  # a file, so that nothing can be put there, not by an administrator either
    return package.parent.parent


def started(code, home, asked=ASK, **more):
    """A process of its own, by default one that asks for the reach of two places."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    environment |= {"PYTHONPATH": str(code), "HOME": str(home), **more}
    command = [sys.executable, "-B", "-c", asked]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, env=environment, cwd=code, **pipes)


def said(process):
    return process.communicate(timeout=120)[0].split()


@on_posix
def test_where_the_installed_directory_is_read_only_code_is_kept_for_the_user(installed, tmp_path):
    assert said(started(installed, tmp_path)) == ["1", "5", "3", "8", "0", "True"]
    assert said(started(installed, tmp_path)) == ["1", "5", "3", "8", "1", "True"]


@on_posix
def test_where_nothing_can_be_kept_it_is_compiled_each_time(installed):
    nowhere = installed / "registry" / "__init__.py"  # a file cannot have folders in it
    assert said(started(installed, nowhere)) == ["1", "5", "3", "8", "0", "False"]


def test_processes_that_compile_at_once_give_and_keep_the_same(tmp_path):
    place = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    together = [started(CODE.parents[1], tmp_path, **place) for _ in range(3)]
    assert [said(each)[:4] for each in together] == [["1", "5", "3", "8"]] * 3
    assert said(started(CODE.parents[1], tmp_path, **place)) == ["1", "5", "3", "8", "1", "True"]


GROWN = "from registry.compare.machine import compiled\n\n@compiled\ndef grown(number):\n    return number + 1\n"
GROW = "from registry.compare.grown import grown; print(grown(1), sum(grown.stats.cache_hits.values()))"


def test_another_version_never_runs_what_one_before_it_kept(installed, tmp_path):
    """The file has the same size and time, which is all that Numba looks at."""
    source, place = installed / "registry" / "compare" / "grown.py", {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    answers = []
    for text in (GROWN, GROWN, GROWN.replace("+ 1", "+ 2")):
        source.write_text(text, encoding="utf-8")
        os.utime(source, (10**9, 10**9))
        answers.append(said(started(installed, tmp_path, GROW, **place)))
    assert answers == [["2", "0"], ["2", "1"], ["3", "0"]]


@pytest.mark.parametrize("left", [b"", b"\0" * 64], ids=["empty", "zeros"])
def test_kept_code_that_was_cut_short_is_an_error_that_is_known(installed, tmp_path, left):
    (installed / "registry" / "compare" / "grown.py").write_text(GROWN, encoding="utf-8")
    place = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    assert said(started(installed, tmp_path, GROW, **place)) == ["2", "0"]
    (kept,) = (tmp_path / "kept").rglob("*.nbc")
    kept.write_bytes(left)
    known = f"import pickle\ntry:\n    {GROW}\nexcept (EOFError, pickle.UnpicklingError):\n    print('known')"
    assert said(started(installed, tmp_path, known, **place)) == ["known"]


@pytest.mark.parametrize("error", [EOFError(), UnpicklingError("pickle data was truncated"), OSError("No space left.")])
def test_where_code_cannot_be_loaded_or_kept_shapely_does_it(error, monkeypatch):
    def cut_short(*_):
        raise error

    polygons, xy = shapely.box([0, 4], [0, 0], [3, 9], [3, 3]), np.zeros((1, 2))
    monkeypatch.setattr(kernel, "FAST_FROM", 0)
    monkeypatch.setattr(kernel, "FAST_FROM_ONCE_LOADED", 0)
    monkeypatch.setattr(fast, "is_ready", cache(fast.is_ready.__wrapped__))
    with monkeypatch.context() as broken:
        broken.setattr(seek, "nearest", cut_short)
        broken.setattr(fast, "is_at_hand", lambda: True)
        assert isinstance(kernel.search_for(xy, polygons), plain.Search)
    monkeypatch.setattr(fast, "is_ready", cache(fast.is_ready.__wrapped__))
    assert isinstance(kernel.search_for(xy, polygons), fast.Search)


def test_code_that_is_compiled_or_kept_is_at_hand():
    unkept = numba.njit(lambda number: 2 * number)
    assert not machine.at_hand(unkept)
    assert unkept(3) == 6
    assert machine.at_hand(unkept)
    assert machine.at_hand(curve.reach_of)


def test_each_loop_is_compiled_once_whatever_form_the_arrays_have():
    """One signature, so that processes that compile at once write the same file, and no form costs seconds."""
    polygons = shapely.box([0, 0, 5, 9], [0, 0, 5, 0], [3, 3, 8, 12], [3, 3, 8, 3])
    xy = np.random.default_rng(0).uniform(-1, 13, (300, 2))
    turned, unwritable = np.asfortranarray(xy), xy.copy()
    unwritable.flags.writeable = False
    found = []
    for places in (xy, turned, unwritable):
        search = fast.search_for(polygons)
        held = np.full(300, 3, dtype=np.int32)
        found.append((*search.covering(places, 1), *search.nearest(places), *search.nearest(places, held)))
    for other in found[1:]:
        for mine, theirs in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    loops = [each for module in (curve, layout, seek) for each in vars(module).values() if hasattr(each, "signatures")]
    assert {len(each.signatures) for each in loops} == {0, 1}  # none for what is part of another
