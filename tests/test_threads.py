import threading

import numpy as np
import pytest

from registry.threads import beside, in_parts, on_threads


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


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 10])
def test_rows_are_worked_on_in_parts_and_keep_their_order(rows):
    sizes = []

    def work(left, right):
        sizes.append(len(left))
        return left * right

    one, other = np.arange(rows), np.arange(rows) + 1
    assert in_parts(work, one, other, most=3).tolist() == (one * other).tolist()
    assert sum(sizes) == rows
    assert max(sizes) <= 3


def test_two_works_are_done_at_once():
    began = threading.Event()

    def there():
        began.set()
        return threading.current_thread()

    def here():
        assert began.wait(10)
        return threading.current_thread()

    mine, other = beside(here, there)
    assert mine is threading.current_thread()
    assert other is not mine


def test_an_error_of_either_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0, lambda: 1)
