"""From matched photographs to 3D models: each component of the view graph by itself, each photograph in one model."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np

from bitscape.core.child import end_with_parent
from bitscape.core.errors import BitscapeError
from bitscape.core.params import Reconstruct
from bitscape.core.progress import Advance, progress
from bitscape.geometry.colmap import log_to, pycolmap
from bitscape.geometry.component import Job, numbered, reconstruct
from bitscape.geometry.copies import copy_index, copy_name
from bitscape.geometry.view_graph import read_view_graph

SECONDS = 0.5  # between two looks at how far the workers are


def build_models(
    database: Path, photographs: Path, scratch: Path, settings: Reconstruct, seed: int, executor: Executor | None = None
) -> list[pycolmap.Reconstruction]:
    """Reconstruct every scene that the matches hold together, several at once.

    Args:
        database: features and verified matches.
        photographs: folder of the photographs, for the colours of the points.
        scratch: folder in which finished components are kept; a later run takes them from there.
        settings: mapper, threads (as many components are worked at), and the smallest model.
        seed: of COLMAP's random choices.
        executor: where the components are worked at; processes of this machine where it is not given.

    Returns:
        The models, see `separate`; empty where no photographs overlap.

    Raises:
        BitscapeError: a worker was killed, or crashed in native code.
    """
    with pycolmap.Database.open(database) as opened:
        indices = np.array(sorted(copy_index(image.name) for image in opened.read_all_images()), np.int64)
    components = [indices[part] for part in read_view_graph(database, indices).components()]
    components = [part for part in components if len(part) >= max(2, settings.min_model_size)]
    workers = min(len(components), settings.threads)
    jobs = [
        Job(database, photographs, tuple(map(copy_name, part)), scratch / f"component-{k}", settings, seed, workers)
        for k, part in enumerate(components)
    ]
    if not jobs:
        return []
    with progress("reconstruct", sum(len(job.names) for job in jobs)) as advance:
        folders = (
            _run_in_processes(jobs, scratch, workers, advance) if executor is None else list(executor.map(_work, jobs))
        )
    return separate(
        [pycolmap.Reconstruction(path) for folder in folders for path in numbered(folder)], settings.min_model_size
    )


def _run_in_processes(jobs: Sequence[Job], scratch: Path, workers: int, advance: Advance) -> list[Path]:
    """Run the jobs in processes of their own: COLMAP's random state is the thread's, and a crash is one worker's."""
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    with ProcessPoolExecutor(workers, context, _begin, (news, scratch / "log", os.getpid())) as executor:
        futures = [executor.submit(_work, job) for job in jobs]
        left: set[Future[Path]] = set(futures)
        try:
            while left:
                left = wait(left, SECONDS).not_done
                while not news.empty():
                    advance(news.get())
            return [future.result() for future in futures]
        except BrokenProcessPool:
            raise BitscapeError(
                "a process that reconstructed was killed or crashed, for want of memory perhaps; run it again (what "
                "was done is kept), with fewer `reconstruct.threads`."
            ) from None


_news: Any = None


def _begin(news: Any, log: Path, parent: int) -> None:
    global _news
    end_with_parent(parent)  # it may have been killed while this process imported its modules
    log_to(log)
    _news = news


def _work(job: Job) -> Path:
    return reconstruct(job, _news.put if _news else lambda steps: None)


def separate(models: list[pycolmap.Reconstruction], min_size: int) -> list[pycolmap.Reconstruction]:
    """Keep each photograph in one model only, the larger, and drop models that are too small.

    Args:
        models: as COLMAP found them, with photographs in common where it began anew beside an earlier model. Changed.
        min_size: photographs of the smallest model kept.

    Returns:
        The models left, by number of photographs (largest first), then by the index of the first photograph.
    """
    taken: set[int] = set()
    kept = []
    for model in sorted(models, key=_order):
        for image in [model.images[key] for key in model.reg_image_ids()]:
            if copy_index(image.name) in taken:
                model.deregister_frame(image.frame_id)
        indices = registered(model)
        if len(indices) >= min_size and model.num_points3D():
            model.update_point_3d_errors()
            taken.update(indices)
            kept.append(model)
    return sorted(kept, key=_order)


def registered(model: pycolmap.Reconstruction) -> list[int]:
    """List the indices of the photographs in a model, ascending."""
    return sorted(copy_index(model.images[key].name) for key in model.reg_image_ids())


def _order(model: pycolmap.Reconstruction) -> tuple[int, list[int]]:
    indices = registered(model)
    return -len(indices), indices[:1]
