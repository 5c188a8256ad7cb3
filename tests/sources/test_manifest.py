"""Manifests: what they state is read as stated, and anything else is refused with file, table and key."""

import re
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.intake import ImportOptions
from registry.model import Handover, Kind, PartialDate
from registry.sources.manifest import (
    ENTRIES_MAX,
    MANIFEST_MAX_BYTES,
    OPTIONS,
    PARTICULARS,
    Manifest,
    ManifestEntry,
    is_manifest,
    parse_manifest,
    read_manifest,
)

PAGE = Path(__file__).parents[2] / "docs" / "batches.md"
EXAMPLE = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL).group(1)
LEAST = 'manifest = 1\n[handover]\nid = "a"\n[[sources]]\npath = "a.shp"\nkind = "minefields"\n'


def parsed(text):
    return parse_manifest(text.encode(), "m.toml")


def test_the_least_that_is_needed():
    wanted = Manifest(Handover("a", "a"), (ManifestEntry("a.shp", Kind.MINEFIELDS, {}, None, {}),), ())
    assert parsed(LEAST) == wanted
    assert parsed("\ufeff" + LEAST) == wanted


def test_the_example_of_the_documentation_states_everything():
    manifest = parsed(EXAMPLE.replace("# supersedes", "supersedes").replace("# reason", "reason"))
    assert [each.name for each in fields(Handover) if getattr(manifest.handover, each.name) is None] == []
    assert (manifest.supersedes, manifest.reason) == ("handover-2", "the same maps in the right zone")
    assert manifest.handover.handed_over_on == PartialDate(date(2021, 7, 3))
    first = manifest.sources[0]
    assert first.options == {
        "encoding": "cp1251", "crs": "EPSG:28408", "repair": True, "sigma_m": 40,
        "field_map": {"record_id": "NUMBER", "mines_ap": "AP"}, "field_values": {"laid_by": "Engineer company 12"},
    }  # fmt: skip
    assert str(first.particulars["author_date"]) == "1993-05"
    assert [each.kind for each in manifest.sources] == ["minefields", "minefields", "minefields", "accidents", "scope"]
    assert manifest.sources[1].profile == "fields/list-profile.toml"
    assert manifest.sources[3].options == {"sheet": "2020", "drop_columns": ("NAME",)}
    assert [(each.path, each.kind) for each in manifest.attachments] == [("scans", None), ("letter.pdf", None)]
    stated = {name for each in (*manifest.sources, *manifest.attachments) for name in each.particulars}
    assert stated == {each.name for each in PARTICULARS}


def test_every_option_of_an_import_can_be_stated():
    """What is stated of the whole layer has its place in the handover, and a profile is a file of its own."""
    elsewhere = {"supersedes", "reason", "profile"}
    assert {each.name for each in fields(ImportOptions)} - elsewhere == set(OPTIONS)


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ('layers = "north"', {"layers": ("north",)}),
        ('layers = ["north", "south"]', {"layers": ("north", "south")}),
        ("width_m = 20\nradius_m = 5.5", {"width_m": 20, "radius_m": 5.5}),
        ("keep_bytes = false\nrepair = false", {"keep_bytes": False, "repair": False}),
        ("", {}),
    ],
)
def test_options(line, options):
    (source,) = parsed(LEAST + line).sources
    assert source.options == options
    assert replace(ImportOptions(), **source.options) == ImportOptions(**options)


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024-01-25", "2024-01-25"), ('"2024-01-25"', "2024-01-25"), ('"2024-01"', "2024-01"), ('"2024"', "2024")],
)
def test_dates(text, day):
    manifest = parsed(LEAST.replace('id = "a"', f'id = "a"\nhanded_over_on = {text}'))
    assert str(manifest.handover.handed_over_on) == day


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "manifest is None; this version reads 1"),
        (LEAST.replace("manifest = 1", "manifest = 2"), "manifest is 2; this version reads 1"),
        (LEAST.replace("manifest = 1", "manifest = true"), "manifest is True; it must be a whole number"),
        (LEAST + "colour = 1", r"\[sources 1\]: there is no key 'colour'; the keys are path, kind, crs"),
        ("sauces = 1\n" + LEAST, "m.toml: there is no key 'sauces'; the keys are manifest, handover, sources"),
        (LEAST.replace("[handover]", "[handover]\nname = 'x'"), r"\[handover\]: there is no key 'name'"),
        (LEAST.replace('id = "a"', ""), r"\[handover\]: id is missing"),
        (LEAST.replace('id = "a"', 'id = "  "'), r"\[handover\]: id is missing"),
        (LEAST.replace('kind = "minefields"', ""), r"\[sources 1\]: kind is missing; it is one of minefields,"),
        (LEAST.replace('kind = "minefields"', 'kind = "mines"'), "kind is 'mines'; it is one of"),
        (LEAST.replace('path = "a.shp"', ""), r"\[sources 1\]: path is missing"),
        (LEAST.partition("[[sources]]")[0], "it names no source"),
        (LEAST.replace("[[sources]]", "[sources]"), r"sources is .* must be tables, each headed \[\[sources\]\]"),
        ("sources = [1]\n" + LEAST.partition("[[sources]]")[0], "must be tables"),
        (LEAST + "crs = 4326", "crs is 4326; it must be text"),
        (LEAST + "sigma_m = -1", "sigma_m is -1; it must be above 0"),
        (LEAST + "sigma_m = inf", "sigma_m is inf"),
        (LEAST + "repair = 1", "repair is 1; it must be true or false"),
        (LEAST + "layers = [1]", "layers is .*; it must be a name, or a list of names"),
        (LEAST + "legibility = 6", "legibility is 6; it must be from 1 to 5"),
        (LEAST + "legibility = 0", "legibility is 0"),
        (LEAST + "author_date = 2024-01-25T10:00:00", "must be a date without a time"),
        (LEAST + 'author_date = "25.1.2024"', "author_date: '25.1.2024' is not a date"),
        (LEAST + 'author_date = "2024-02-30"', "is not a day of the calendar"),
        (LEAST + "author_date = 1993", "author_date is 1993; it must be a date"),
        (LEAST + '[sources.fields]\nrecord_id = ""', r"\[sources 1.fields\]: record_id is missing"),
        (LEAST + "[sources.fields]\nrecord_id = 1", "record_id is 1; it must be text"),
        (LEAST.replace('id = "a"', 'id = "a"\nmines_claimed = -1'), "mines_claimed is -1; it must be from 0"),
        (LEAST.replace('id = "a"', f'id = "a"\nmines_claimed = 1{"0" * 30}'), "must be from 0 to 999,999,999"),
        (LEAST.replace('id = "a"', 'id = "a"\ntitle = "\\u0000"'), "title holds a zero byte"),
        (LEAST + '[[attachments]]\npath = "a"\nkind = "minefields"', r"\[attachments 1\]: there is no key 'kind'"),
        (LEAST + '[[attachments]]\npath = "a"\ncrs = "EPSG:4326"', "there is no key 'crs'"),
        ("manifest = ", "not TOML in UTF-8"),
        ("a = " + "[" * 5_000, "not TOML in UTF-8"),
    ],
)
def test_refused(text, words):
    with pytest.raises(SourceError, match=words) as caught:
        parsed(text)
    assert str(caught.value).startswith("m.toml")


@pytest.mark.parametrize(
    "path",
    [
        "../a.shp",
        "a/../../b.shp",
        "/etc/passwd",
        "C:/a.shp",
        "C:a.shp",
        "a\\\\..\\\\b.shp",
        ".",
        "./",
        "//server/a",
        "a\\u0000b",
    ],
)
@pytest.mark.parametrize("key", ["path", "profile"])
def test_paths_that_lead_elsewhere(path, key):
    text = LEAST.replace("a.shp", path) if key == "path" else LEAST + f'profile = "{path}"'
    with pytest.raises(SourceError, match=rf"\[sources 1\]: {key} "):
        parsed(text)


def test_too_much(tmp_path):
    with pytest.raises(SourceError, match="more than 2,000 sources and attachments; name their folder"):
        parsed(LEAST + '[[attachments]]\npath = "a"\n' * ENTRIES_MAX)
    path = tmp_path / "m.toml"
    path.write_bytes(LEAST.encode() + b"#" * MANIFEST_MAX_BYTES)
    with pytest.raises(SourceError, match="1,000,000 at most"):
        read_manifest(path)


def test_nothing_there(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_manifest(tmp_path / "m.toml")
    assert not is_manifest(tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("m.toml", LEAST, True),
        ("m.TOML", "manifest = 2", True),
        ("m.toml", "  manifest = 1\n[broken", True),
        ("m.toml", 'record_id = "a"\n[fields]\nmanifest = 1', False),
        ("m.toml", "[broken", False),
        ("m.txt", LEAST, False),
    ],
)
def test_it_is_told_from_a_paper_record(tmp_path, name, content, found):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert is_manifest(tmp_path / name) is found


# --- any bytes give a manifest or our own error

KEYS = ["manifest", "handover", "sources", "attachments", "path", "kind", "crs", "fields", "author_date", "legibility"]
VALUES = st.recursive(
    st.sampled_from(
        ['"a"', '""', '"minefields"', "1", "-1", "9" * 40, "nan", "true", "1979-05-27", "07:32:00", '"1993"']
    )
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='"\\'), max_size=5).map(
        lambda text: f'"{text}"'
    ),
    lambda inner: st.lists(inner, max_size=2).map(lambda values: f"[{', '.join(values)}]"),
    max_leaves=4,
)
LINES = st.tuples(st.sampled_from(KEYS), VALUES).map(" = ".join) | st.sampled_from(
    ["[handover]", "[[sources]]", "[[attachments]]", "[sources.fields]", "[sources]", "manifest = 1", 'id = "a"']
)


def only_our_errors(content):
    try:
        parse_manifest(content, "m.toml")
    except SourceError as error:
        assert str(error).startswith("m.toml")  # noqa: PT017 (it may also be read)


@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"a = 1979-05-27T00:32:00.999999999999-07:00")
def test_any_bytes(content):
    only_our_errors(content)


@given(st.lists(LINES, max_size=12))
def test_any_lines_of_the_words_that_are_known(lines):
    only_our_errors("\n".join(lines).encode())


@given(st.integers(0, len(EXAMPLE.encode()) - 1), st.integers(0, 40), st.binary(max_size=6))
def test_the_example_with_a_hole(start, length, instead):
    content = EXAMPLE.encode()
    only_our_errors(content[:start] + instead + content[start + length :])
