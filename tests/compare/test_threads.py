import threading

from registry.compare.threads import on_threads


def test_results_are_in_the_order_of_the_parts():
    first_may_end = threading.Event()

    def work(part):
        if part == 0:
            assert first_may_end.wait(10)
        else:
            first_may_end.set()
        return part * 10

    assert on_threads(work, range(4)) == [0, 10, 20, 30]


def test_one_part_is_done_here():
    assert on_threads(lambda _: threading.current_thread(), [1]) == [threading.current_thread()]
    assert on_threads(str, []) == []
