"""From matched photographs to 3D models: each component of the view graph by itself, each photograph in one model."""

from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from bitscape.core.progress import progress
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.cluster import dask_cluster
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.component import Job, numbered
from bitscape.geometry.copies import copy_index, copy_name
from bitscape.geometry.executors import by_executor, in_processes
from bitscape.geometry.view_graph import read_view_graph


def build_models(
    database: Path, photographs: Path, scratch: Path, settings: Reconstruct, seed: int, executor: Executor | None = None
) -> list[pycolmap.Reconstruction]:
    """Reconstruct every scene that the matches hold together, several at once.

    Args:
        database: features and verified matches.
        photographs: folder of the photographs, for the colours of the points.
        scratch: folder in which finished components are kept; a later run takes them from there.
        settings: mapper, threads, the smallest model, and where the components are worked at: as many processes of this
            machine as threads, which they share, or a Dask cluster, where each has as many threads.
        seed: of COLMAP's random choices.
        executor: where the components are worked at instead.

    Returns:
        The models, see `separate`; empty where no photographs overlap.

    Raises:
        BitscapeError: a worker was killed, or crashed in native code; the cluster is not there.
    """
    jobs = plan(database, photographs, scratch, settings, seed, executor)
    here = executor is None and settings.executor == "processes"
    if not jobs:
        return []
    with progress("reconstruct", sum(len(job.names) for job in jobs)) as advance:
        if here:
            folders = in_processes(jobs, scratch / "log", jobs[0].workers, advance)
        else:
            with nullcontext(executor) if executor else dask_cluster(settings.executor) as elsewhere:
                folders = by_executor(jobs, elsewhere, advance)
    return separate(
        [pycolmap.Reconstruction(path) for folder in folders for path in numbered(folder)], settings.min_model_size
    )


def plan(
    database: Path, photographs: Path, scratch: Path, settings: Reconstruct, seed: int, executor: Executor | None = None
) -> list[Job]:
    """List the components to reconstruct, the largest first; the arguments are those of `build_models`."""
    with pycolmap.Database.open(database) as opened:
        indices = np.array(sorted(copy_index(image.name) for image in opened.read_all_images()), np.int64)
    components = [indices[part] for part in read_view_graph(database, indices).components()]
    components = [part for part in components if len(part) >= max(2, settings.min_model_size)]
    here = executor is None and settings.executor == "processes"
    workers = min(len(components), settings.threads) if here else 1
    return [
        Job(database, photographs, tuple(map(copy_name, part)), scratch / f"component-{k}", settings, seed, workers)
        for k, part in enumerate(components)
    ]


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
