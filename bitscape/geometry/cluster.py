"""A Dask cluster, by the address of its scheduler, as a `concurrent.futures` executor."""

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager

from bitscape.core.errors import BitscapeError

PATIENCE = 10  # seconds in which a scheduler must answer, and have a worker


@contextmanager
def dask_cluster(address: str) -> Iterator[Executor]:
    """Give the executor of a Dask cluster.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.

    Yields:
        The executor, as long as the context lasts.

    Raises:
        BitscapeError: Dask is not installed, the scheduler does not answer or has no worker, or they are lost.
    """
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise BitscapeError(
            f"reconstruct.executor is {address}, and Dask is not installed; type `pip install distributed`, or set it "
            "to processes."
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except OSError:
        raise BitscapeError(
            f"no Dask scheduler answers at {address} within {PATIENCE} s; start one, or set reconstruct.executor to "
            "processes."
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise BitscapeError(f"the Dask scheduler at {address} has no worker; start at least one.") from None
        try:
            yield client.get_executor(pure=False)
        except (KilledWorker, CancelledError):
            raise BitscapeError(
                f"the Dask cluster at {address} lost a worker again and again, for want of memory perhaps, or its "
                "scheduler; run it again (what was done is kept)."
            ) from None
