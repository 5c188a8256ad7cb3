"""Every figure as a row: the same values as the JSON, and nothing that a spreadsheet would run."""

import csv
import json
from collections import Counter
from datetime import date

import pytest
from batches import add, point, square

from registry.codes import By, Section
from registry.demo import STATED, run_demo
from registry.errors import StoreError
from registry.inputs import StatsOptions
from registry.model import Kind
from registry.stats import compute_stats
from registry.store import Registry
from registry.tidy import figure_rows, write_figures

COLUMNS = [
    "metric", "figure", "group", "window", "numerator", "denominator", "value", "low", "high", "unit", "method", "note",
]  # fmt: skip
NAMES = {"rank", "sigma_m"}  # numbers that tell members of a list apart
INTERVALS = {"predictive": "value", "estimate": "value", "chance": "expected", "by_chance": "expected"}


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The demonstration with all groups, as of a day."""
    demo = run_demo(tmp_path_factory.mktemp("demo"))
    options = StatsOptions(by=tuple(By), as_of=date(2023, 12, 31), ground=STATED)
    with Registry.open(demo.registry_path) as registry:
        return compute_stats(registry, options)


def written(comparison, path):
    write_figures(comparison, path)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures_of(value, path=(), *, named=()):
    """Shares, intervals and numbers of the JSON, each with its path without the numbers of lists."""
    if isinstance(value, dict) and {"denominator", "denominator_m2"} & set(value):
        ends = [value.get(name, value.get(f"{name}_m2")) for name in ("numerator", "denominator")]
        yield ".".join(path), *ends, value["value"], value.get("low"), value.get("high")
    elif isinstance(value, dict):
        middle = INTERVALS.get(path[-1]) if "low" in value else None
        if middle:
            yield ".".join(path), None, None, value[middle], value["low"], value["high"]
        for name, part in value.items():
            if name not in {"hull", "options", *named} and not (middle and name in {middle, "low", "high"}):
                yield from figures_of(part, path if name == "value" else (*path, name))
    elif isinstance(value, list):
        for part in value:
            yield from figures_of(part, path, named=NAMES)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield ".".join(path), None, None, value, None, None


def number(text):
    return None if text == "" else json.loads(text)


def test_the_same_values_as_the_json(everything, tmp_path):
    stats = json.loads(json.dumps(everything.to_json()))
    mixture = stats["location"]["estimate"]["mixture"]
    # The components say what the weights are of.
    mixture["area_m2"] = [component["area_m2"] for component in mixture.pop("components")]
    sections = set(stats) - {"schema", "layers", "parameters", "not_computed"}
    wanted = Counter(each for name in sections for each in figures_of(stats[name], (name,)))
    rows = [row for row in written(everything, tmp_path / "t.csv") if row["metric"] not in {"layer", "parameter"}]
    found = Counter(
        (row["figure"], *(number(row[name]) for name in ("numerator", "denominator", "value", "low", "high")))
        for row in rows
    )
    assert sum(wanted.values()) > 2_000
    assert Counter({each: count for each, count in found.items() if set(each[1:]) != {None}}) == wanted
    said = Counter(row["note"] for row in rows if row["note"])
    assert Counter(notes_of({name: stats[name] for name in sections})) - said == Counter()


def notes_of(value):
    """What stands beside each share, estimate and count: why it has no value, or how far it goes."""
    if isinstance(value, dict):
        beside = [value[name] for name in ("reason", "note") if isinstance(value.get(name), str)]
        if beside:
            yield " ".join(beside)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from notes_of(part)


def test_each_row_has_a_key_a_metric_and_a_unit(everything):
    rows = list(figure_rows(everything))
    keys = Counter((row.figure, row.group) for row in rows)
    assert max(keys.values()) == 1
    metrics = {row.metric for row in rows}
    assert {"C1", "M1", "M1c", "M1b", "M1d", "ceiling", "chance", "M2", "M2b", "M4", "M5", "M6", "M7", "M8", "M10",
            "M11", "M12", "M13", "M14", "M15", "M16", "M17", "rule", "layer", "parameter"} <= metrics  # fmt: skip
    assert metrics <= {"as_of", "location"} | {row.metric for row in rows if row.metric[0] in "CM"} | {
        "ceiling", "chance", "rule", "layer", "parameter",
    }  # fmt: skip
    shares = [row for row in rows if row.denominator is not None]
    assert all(row.unit.startswith("share of ") for row in shares)
    no_unit = {row.figure for row in rows if not row.unit and row.metric not in {"layer", "parameter"}}
    assert no_unit == {
        "clusters.by_chance.seed", "location.chance.seed", "location.estimate.mixture.log_likelihood",
        "ground.surveyed",
    }  # fmt: skip


def test_windows_and_groups_are_columns(everything):
    rows = {(row.figure, row.group): row for row in figure_rows(everything)}
    accuracy = everything.accuracy
    headline = rows["accuracy.before_handover.share_outside", ""]
    assert (headline.window, headline.metric, headline.method) == ("before_handover", "M1", "cluster")
    assert (headline.numerator, headline.denominator) == (
        accuracy.before_handover.outside,
        accuracy.before_handover.total,
    )
    year = rows["groups.rows.after_handover.total", "year=2022"]
    assert (year.window, year.unit) == ("after_handover", "events")
    (of_year,) = (each for each in everything.groups if each.by is By.YEAR)
    assert year.value == next(row.after_handover.total for row in of_year.rows if row.group == "2022")
    assert rows["accuracy.unmapped_sheets.elsewhere.total", ""].window == "mapped_sheets"
    assert rows["accuracy.all.within_m.250", ""].unit == "events"


def test_what_was_not_computed_says_so(small, tmp_path):
    rows = written(compute_stats(small, StatsOptions(sections=())), tmp_path / "t.csv")
    said = {row["figure"] for row in rows if row["note"] == "not computed"}
    assert said == {section.value for section in Section}
    whole = written(compute_stats(small), tmp_path / "whole.csv")
    assert "not computed" not in {row["note"] for row in whole}


def test_a_window_that_is_not_known_says_why(empty, tmp_path):
    add(empty, "maps", geometries=[square(0, 0)])
    add(empty, "events", Kind.ACCIDENTS, [point(0.5, 0.5)])
    rows = {row["figure"]: row for row in written(compute_stats(empty), tmp_path / "t.csv")}
    before = rows["accuracy.before_handover"]
    assert (before["value"], before["note"]) == ("", "No handover date is known for maps.")
    assert rows["accuracy.all.share_inside"]["note"] == "The denominator is 1; below 10 no share is given."
    assert rows["accuracy.all.p90_distance_outside_m"]["note"] == ""


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "a;b", 'say "no"', "line\nbreak", "ə"])
def test_hostile_names_stay_text(empty, tmp_path, name):
    """Of a sheet in a cell of its own; a number that is below nought stays one."""
    add(empty, "maps", geometries=[square(0, 0)], map_sheet=[name])
    add(empty, "events", Kind.ACCIDENTS, [point(0.5, 0.5)], map_sheet=[name])
    rows = written(compute_stats(empty, StatsOptions(by=(By.SHEET,))), tmp_path / "t.csv")
    for row in rows:
        assert list(row) == COLUMNS
        for column in ("metric", "figure", "group", "window", "unit", "method", "note"):
            assert not row[column].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        for column in ("numerator", "denominator", "value", "low", "high"):
            number(row[column])
    assert {f"sheet={name.strip()}", "no sheet"} <= {row["group"] for row in rows}
    (plane,) = (row["note"] for row in rows if row["figure"] == "plane")
    assert plane.startswith("'+proj=laea")


def test_the_same_bytes(small, tmp_path):
    first, again = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (first, again):
        write_figures(compute_stats(small), path)
    assert first.read_bytes() == again.read_bytes()
    assert b"\r" not in first.read_bytes()


@pytest.mark.parametrize("name", ["t.txt", "missing/t.csv"])
def test_a_file_that_cannot_be(small, tmp_path, name):
    with pytest.raises(StoreError, match="t\\."):
        write_figures(compute_stats(small, StatsOptions(sections=())), tmp_path / name)


def test_nothing_is_overwritten(small, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("mine")
    with pytest.raises(StoreError, match="not overwritten"):
        write_figures(compute_stats(small, StatsOptions(sections=())), path)
    assert path.read_text() == "mine"
