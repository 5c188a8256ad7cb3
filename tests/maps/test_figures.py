from dataclasses import replace

from maps.figures import headline_figures, share_text
from registry.compare.uncertainty import Share, wilson_share
from registry.inputs import StatsOptions
from registry.stats import FOR_A_MAP, compute_stats


def test_share_says_its_interval_or_why_there_is_none():
    share = Share(188, 342, 0.5497076, 0.4967, 0.6016)
    assert share_text(share) == "55.0\u00a0% (95\u00a0% interval 49.7 to 60.2\u00a0%)"
    assert share_text(Share(1, 4, reason="fewer than 10 events")) == "No share: fewer than 10 events"


def test_figures_of_the_small_registry(sea_registry):
    figures = headline_figures(compute_stats(sea_registry))
    assert figures.windows[0].name == "All dates"
    assert figures.windows[0].outside == "3 of 4"
    assert figures.windows[0].inside == "1 of 4"
    assert figures.windows[0].share_outside.startswith("No share: ")
    counts = {label: value for label, value, _ in figures.counts}
    assert counts["Records received"] == "4"
    assert counts["plotted"] == "2"
    assert counts["invalid, left out of the figures"] == "1"
    assert counts["unplottable, not on the map"] == "1"
    # Two squares of 0.01 degree at the equator: 1113.2 m by 1105.7 m each.
    assert counts["Recorded area, overlaps once"] == "2.46 km²"
    assert any(line.startswith("batch-1, Minefield records (SHA-256 ") for line in figures.compared)


def test_share_never_stands_without_its_counts(sea_registry):
    for window in headline_figures(compute_stats(sea_registry)).windows:
        assert " of " in window.outside
        assert window.share_outside


def test_never_mapped_is_not_mapped_wrongly(sea_registry):
    comparison = compute_stats(sea_registry)
    assert not any("Never mapped" in note for note in headline_figures(comparison).notes)
    unmapped = replace(comparison.accuracy.unmapped_sheets, events=wilson_share(17, 1442))
    accuracy = replace(comparison.accuracy, unmapped_sheets=unmapped)
    notes = headline_figures(replace(comparison, accuracy=accuracy)).notes
    assert any(
        note.startswith("Events on map sheets where no record is plotted: 17 of 1,442. Never mapped") for note in notes
    )


def test_the_panel_says_what_it_did_not_look_at(sea_registry):
    whole = headline_figures(compute_stats(sea_registry))
    bare = headline_figures(compute_stats(sea_registry, StatsOptions(sections=FOR_A_MAP)))
    assert [*whole.notes, *bare.notes[-1:]] == list(bare.notes)
    assert "nothing can be concluded of it here: the predictive accuracy index (M7);" in bare.notes[-1]
    assert "clusters" not in bare.notes[-1]
