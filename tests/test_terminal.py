"""Results on a terminal: whole, in eighty columns, and as text whatever a file wrote into them."""

import io
import unicodedata

import hostile
import pytest
from batches import bow_tie, new_layer, point, square, write_source
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from registry import terminal
from registry.audit import Verification
from registry.compare.uncertainty import wilson_share
from registry.demo import run_demo
from registry.importer import ImportOptions, import_batch
from registry.model import Finding, Handover, Kind, Severity
from registry.store import Registry

HOSTILE = "[red]x[/red] [link=http://a]b[/link] \x1b[31mred\x1b[0m \x07\x9b2J \u202egnp.\r:smile:"


def printed(what, width=80, *, colour=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=colour, legacy_windows=False)
    console.print(what)
    return console.file.getvalue()


class TestShown:
    @given(st.text() | st.sampled_from([*hostile.HOSTILE.values()]))
    def test_nothing_that_steers_a_terminal(self, text):
        """Controls, halves of pairs; of what formats text, what reaches beyond it. Joiners and blanks are of names."""
        for char in terminal.shown(text):
            assert char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"}, char
            assert unicodedata.bidirectional(char) not in {"LRE", "RLE", "LRO", "RLO", "PDF"}

    @given(st.text(st.characters(categories=["L", "N", "P"])))
    def test_readable_text_is_left_alone(self, text):
        assert terminal.shown(text) == text

    def test_null_is_blank(self):
        assert terminal.shown(None) == ""
        assert terminal.shown(0) == "0"


class TestTable:
    def test_markup_is_text(self):
        assert "[red]x[/red]" in printed(terminal.table("[b]T[/b]", ("[i]a", "b"), [(HOSTILE, "[/]")]))

    @pytest.mark.parametrize("width", [80, 200])
    def test_no_cell_is_cut_off(self, width):
        words = printed(terminal.table("T", ("a", "b", "c"), [("n" * 50, "m" * 90, "1,000")], numbers=1), width)
        assert (words.count("n"), words.count("m")) == (50, 90)
        assert "…" not in words
        assert "1,000" in words

    def test_numbers_stand_to_the_right(self):
        lines = printed(terminal.table("T", ("name", "n"), [("a", "1"), ("b", "1,000")], numbers=1)).splitlines()
        assert len({line.rstrip().__len__() for line in lines if line.strip().startswith(("a", "b"))}) == 1


class TestHostileBatch:
    @pytest.fixture
    def report(self, empty, tmp_path):
        name = HOSTILE.replace("/", "|").replace("\x1b", "\x1b")
        source = write_source(tmp_path / "a.geojson", [bow_tie(0, 0), square(2, 0)], number=[HOSTILE, "y" * 500])
        source = source.rename(tmp_path / f"{name}.geojson")
        handover = Handover("first", HOSTILE + "z" * 300, HOSTILE, HOSTILE, notes=HOSTILE)
        options = ImportOptions(field_map={"record_id": "number"})
        return import_batch(empty, [source], Kind.MINEFIELDS, handover, options)

    def outputs(self, report, registry):
        (layer,) = registry.layers()
        handover = registry.handover("first")
        yield terminal.import_report(report)
        yield terminal.layer_list([layer], [handover])
        yield terminal.layer_details(layer, handover, registry.documents(layer), registry.findings(layer))
        yield terminal.verification(Verification(1, 1, 1, "", (HOSTILE,)))

    def test_is_shown_as_text(self, report, empty):
        for output in self.outputs(report, empty):
            words = printed(output)
            assert "[red]x[/red]" in words
            assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(words)
            assert ":smile:" in words

    def test_brings_no_colour_of_its_own(self, report, empty):
        """On a terminal with colours only our own styles appear."""
        for output in self.outputs(report, empty):
            words = printed(output, colour=True)
            assert "\x1b[31mred" not in words
            assert "\x1b]8" not in words

    def test_fits(self, report, empty):
        for output in self.outputs(report, empty):
            assert max(map(len, printed(output).splitlines())) <= 80


class TestFindings:
    def test_nothing(self):
        assert printed(terminal.findings(())) == "The checks found nothing.\n"

    def test_grouped_gravest_first(self):
        found = [
            Finding("z-dropped", Severity.INFO, "Heights."),
            *(Finding("area-small", Severity.WARNING, f"Its area is {n} m2.", "d", n, f"R-{n}") for n in (7, 8)),
            Finding("geometry-missing", Severity.ERROR, "None."),
        ]
        words = printed(terminal.findings(found))
        places = [words.index(code) for code in ("geometry-missing", "area-small", "z-dropped")]
        assert places == sorted(places)
        assert "First: R-7: Its area is 7 m2." in words
        assert "R-8" not in words


class TestShares:
    def test_with_numerator_and_denominator(self):
        assert terminal.share(wilson_share(132, 240)) == "132 of 240 = 55.0% (48.7%-61.2%)"

    def test_too_few(self):
        few = wilson_share(1, 9)
        assert few.value is None
        assert "%" not in terminal.share(few)
        assert terminal.share(few).startswith("1 of 9")
        assert "%" not in terminal.interval(few)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo"))


class TestDemonstration:
    def test_figures_fit_and_are_whole(self, demo):
        words = printed(terminal.figures(demo.figures))
        assert "…" not in words
        assert max(map(len, words.splitlines())) <= 80

    def test_list_fits_and_is_whole(self, demo):
        with Registry.open(demo.registry_path) as registry:
            layers = registry.layers()
            words = printed(terminal.layer_list(layers, [registry.handover(layer.batch_id) for layer in layers]))
        assert max(map(len, words.splitlines())) <= 80
        assert "…" not in words
        for layer in layers:
            assert f" {layer.batch_id} " in words
        assert " SYN-ACCIDENTS  accidents " in words


def test_states(empty):
    empty.add(new_layer("a"))
    empty.add(new_layer("b", supersedes="a", reason="wrong zone"))
    empty.withdraw("b", reason="wrong file")
    layers = empty.layers(all_states=True)
    words = printed(terminal.layer_list(layers, [empty.handover(layer.batch_id) for layer in layers]), 200)
    assert "superseded by b: wrong zone" in words
    assert "withdrawn: wrong file" in words


def test_verification():
    good = printed(terminal.verification(Verification(1, 2, 3, "ab" * 32, ())))
    assert "all as they were written" in " ".join(good.split())
    assert "ab" * 32 in good
    bad = printed(terminal.verification(Verification(1, 2, 3, "", ("first minefields: its rows changed.",))))
    assert "not as they were written" in " ".join(bad.split())
    assert "its rows changed" in bad


def test_columns_that_filled_fields(empty, tmp_path):
    source = write_source(tmp_path / "a.geojson", [point(0, 0)], who=["x"])
    options = ImportOptions(field_map={"source": "who"})
    words = printed(terminal.import_report(import_batch(empty, [source], Kind.ACCIDENTS, Handover("a", "A"), options)))
    assert [line.split() for line in words.splitlines() if "who" in line] == [["source", "who"]]
    assert "all others are kept in source_fields" in " ".join(words.split())
