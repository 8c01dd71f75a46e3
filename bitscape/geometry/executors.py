"""Components worked at side by side: in processes of this machine, or by any `concurrent.futures` executor."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from bitscape.core.child import end_with_parent
from bitscape.core.errors import BitscapeError
from bitscape.core.progress import Advance
from bitscape.geometry.colmap import log_to
from bitscape.geometry.component import Job, reconstruct

SECONDS = 0.5  # between two looks at how far the workers are


def in_processes(jobs: Sequence[Job], log: Path, workers: int, advance: Advance) -> list[Path]:
    """Run jobs in processes of their own: COLMAP's random state is the thread's, and a crash is one worker's.

    Args:
        jobs: what to do.
        log: folder for COLMAP's warnings.
        workers: processes.
        advance: told of photographs that were registered, and of the others when all is done.

    Returns:
        The folder of each job.

    Raises:
        BitscapeError: a worker was killed, or crashed in native code.
    """
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    ahead = sum(len(job.names) for job in jobs)
    with ProcessPoolExecutor(workers, context, _begin, (news, log, os.getpid())) as executor:
        futures = [executor.submit(_work, job) for job in jobs]
        left: set[Future[Path]] = set(futures)
        try:
            while left:
                left = wait(left, SECONDS).not_done
                while not news.empty():
                    registered = news.get()
                    ahead -= registered
                    advance(registered)
            folders = [future.result() for future in futures]
        except BrokenProcessPool:
            raise BitscapeError(
                "a process that reconstructed was killed or crashed, for want of memory perhaps; run it again (what "
                "was done is kept), with fewer `reconstruct.threads`."
            ) from None
    advance(max(0, ahead))
    return folders


def by_executor(jobs: Sequence[Job], executor: Executor, advance: Advance) -> list[Path]:
    """Run jobs by an executor, whose workers see the same files at the same paths.

    Args:
        jobs: what to do.
        executor: where; it is not shut down.
        advance: told of the photographs of each job that is done.

    Returns:
        The folder of each job.

    Raises:
        BitscapeError: a worker does not see the files.
    """
    futures = {executor.submit(_work_apart, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            future.result()
            advance(len(futures[future].names))
    finally:
        for future in futures:
            future.cancel()
    return [job.target for job in jobs]


_news: Any = None


def _begin(news: Any, log: Path, parent: int) -> None:
    global _news
    end_with_parent(parent)  # it may have been killed while this process imported its modules
    log_to(log)
    _news = news


def _work(job: Job) -> Path:
    return reconstruct(job, _news.put)


def _work_apart(job: Job) -> Path:
    if not job.database.is_file():
        raise BitscapeError(
            f"a worker on {os.uname().nodename} does not see {job.database}; have the project's folder on a file "
            "system that all workers share, at the same path."
        )
    return reconstruct(job, lambda steps: None)
