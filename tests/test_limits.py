"""What in the data keeps a share from being an accuracy, said only where the data show it."""

from batches import add, point, square

from registry.limits import why_no_accuracy
from registry.model import Kind
from registry.stats import compute_stats


def test_nothing_is_said_without_events(empty):
    assert why_no_accuracy(compute_stats(empty)) == ()


def test_each_reason_with_its_number(empty):
    add(empty, "maps", geometries=[square(0, 0)], map_sheet=["A"])
    add(empty, "areas", Kind.DISTRICTS, [square(-1, -1, 3), square(4, 4, 2)], name=["Mapped", "Not mapped"])
    add(empty, "cleared", Kind.RELEASED, [square(1.2, 0, 0.5)], release_type=["CLEARED"])
    # Inside; in cleared land; two on one spot of the district without a record; nowhere.
    places = [point(0.5, 0.5), point(1.4, 0.2), point(5, 5), point(5, 5), None]
    add(empty, "events", Kind.ACCIDENTS, places, map_sheet=["A", "A", "B", "B", None])
    why = why_no_accuracy(compute_stats(empty))
    assert [sentence.split(" events")[0] for sentence in why] == ["1", "2", "2", "4 of 4", "1", "4 of 4", "1", "1"]
    assert "released land" in why[0]
    assert "in 1 districts without any record" in why[1]
    assert "in 1 map sheets without any record" in why[2]


def test_what_the_data_do_not_show_is_not_said(empty):
    add(empty, "maps", geometries=[square(0, 0)])
    add(empty, "events", Kind.ACCIDENTS, [point(0.5, 0.6)], occurred_on=["2020-01-01"], sigma_m=[5.0])
    (only,) = why_no_accuracy(compute_stats(empty))
    # The batch has no date of handover, so the event is on neither side.
    assert "before or after a handover" in only
