"""Steps taken on a Dask cluster: the only place that knows Dask, and it knows nothing of what the steps do.

A cluster does what `registry.partwise.Engine` asks. What is shared goes to every worker once; a row group is a task,
and what it keeps stays with its worker until it is asked. Where a worker dies, Dask takes its steps again elsewhere.
"""

import asyncio
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from registry.errors import ClusterError
from registry.model import Progress

CONNECT_S = 10.0
"""How long a scheduler may take to answer."""

_ADDED_AT_ONCE = 8


class Cluster:
    """The workers of a scheduler, see `on_cluster`."""

    def __init__(self, client: Any, counted_so_far: Callable[[int, int], tuple[str, float]]) -> None:
        self._client = client
        self._counted_so_far = counted_so_far

    def share(self, value: Any) -> Any:
        """Hand a value to every worker that takes steps with it.

        It is the result of a task, which the scheduler can have taken again. Dask soon drops the copies of what is
        scattered but one, and with the worker that has this one the value would be lost.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._client.submit(_same, value, pure=False)

    def fold(self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any], add: Any) -> Any:
        """Take a step for each of several items, one at least, and add up the results."""
        return self._added(self._submitted(step, shared, items), add)

    def count(
        self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any], add: Any, progress: Progress
    ) -> tuple[Any, Sequence[Any]]:
        """The sum of the first results, and what stands for each second one."""
        from distributed import as_completed

        steps = self._submitted(step, shared, items)
        sums = [self._client.submit(_first, each, pure=False) for each in steps]
        for done, _ in enumerate(as_completed(sums, loop=self._client.loop)):
            progress(*self._counted_so_far(done, len(steps)))
        return self._added(sums, add), steps

    def ask(self, step: Callable[[Any, Any], Any], question: Any, kept: Sequence[Any]) -> list[Any]:
        """The answer of everything that was kept, in the order of the items."""
        shared = self.share(question)
        asked = [self._client.submit(_ask, step, shared, each, pure=False) for each in kept]
        answers: list[Any] = self._client.gather(asked)
        return answers

    def _submitted(self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any]) -> list[Any]:
        return [self._client.submit(step, shared, item, pure=False) for item in items]

    def _added(self, sums: Sequence[Any], add: Any) -> Any:
        """Added up on the workers, a few at a time."""
        while len(sums) > 1:
            some = [sums[start : start + _ADDED_AT_ONCE] for start in range(0, len(sums), _ADDED_AT_ONCE)]
            sums = [self._client.submit(add, each, pure=False) for each in some]
        return self._client.gather(sums[0])


@contextmanager
def on_cluster(address: str, counted_so_far: Callable[[int, int], tuple[str, float]]) -> Iterator[Cluster]:
    """The cluster of a scheduler, for as long as the block lasts.

    Parameters
    ----------
    address
        Of the scheduler, as ``tcp://127.0.0.1:8786``. Nothing is sent anywhere else but to its workers.
    counted_so_far
        Words and share for the progress of a count, of steps done and all.

    Raises
    ------
    ClusterError
        If Dask is not installed, the scheduler cannot be reached or has no worker, a worker lacks this package, or
        too many workers die.
    """
    try:
        from distributed import Client
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise ClusterError(
            "A cluster needs Dask, which is not installed; install it with: pip install 'minefield-registry[cluster]'."
        ) from error
    if not _workers_of(address):
        raise ClusterError(f"{address}: the scheduler has no worker; start some with: dask worker {address}.")
    client = Client(address, timeout=CONNECT_S, set_as_default=False)
    try:
        yield Cluster(client, counted_so_far)
    except KilledWorker as error:
        raise ClusterError(
            f"{address}: several workers died of the same row group; give them more memory, or export the events in "
            "smaller row groups."
        ) from error
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise ClusterError(
            f"{address}: the cluster was lost ({error}); look at its scheduler and begin again."
        ) from error
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"{address}: a worker lacks {error.name}; install minefield-registry[cluster] in the same version there."
        ) from error
    finally:
        client.close()


def _workers_of(address: str) -> int:
    """How many workers a scheduler has; a client that finds none there would try on and on.

    Raises
    ------
    ClusterError
        If no scheduler answers.
    """
    from distributed import rpc

    async def identity() -> Any:
        async with rpc(address, timeout=CONNECT_S) as scheduler:
            return await asyncio.wait_for(scheduler.identity(), CONNECT_S)

    try:
        with ThreadPoolExecutor(1) as pool:  # whoever calls may have an event loop of its own
            answer = pool.submit(asyncio.run, identity()).result()
        if answer["type"] == "Scheduler":
            return len(answer["workers"])
        why = f"a {answer['type']} does"
    except Exception as error:
        why = str(error) or type(error).__name__
    raise ClusterError(
        f"{address}: no scheduler answers there ({why}); start one with: dask scheduler, and give its address."
    )


def _same(value: Any) -> Any:
    return value


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _ask(step: Callable[[Any, Any], Any], question: Any, pair: tuple[Any, Any]) -> Any:
    return step(question, pair[1])
