"""One connected component of the view graph to 3D models, in whatever process, kept on disk once it is done."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bitscape.core.params import Reconstruct
from bitscape.core.storage import publish, remove
from bitscape.geometry import options
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.refinement import refine

SNAPSHOT = 50  # photographs registered between two snapshots of a model that grows


@dataclass(frozen=True)
class Job:
    """What a worker is told.

    Attributes:
        database: features and verified matches; only read.
        photographs: folder of the copies, for the colours of the points.
        names: of the photographs of the component.
        target: folder for the models `0`, `1`, ...; it appears when all are done.
        settings: of the stage.
        seed: of COLMAP's random choices.
        workers: mappers that run at once and share the threads.
    """

    database: Path
    photographs: Path
    names: tuple[str, ...]
    target: Path
    settings: Reconstruct
    seed: int
    workers: int


def reconstruct(job: Job, advance: Callable[[int], None]) -> Path:
    """Reconstruct a component, unless a run before has done it.

    A run that was interrupted goes on from its last snapshot. With `deterministic` it begins the component again, since
    another way to a model is another model.

    Args:
        job: what and how.
        advance: told of photographs that were registered.

    Returns:
        `job.target`.
    """
    if job.target.is_dir():
        advance(len(job.names))
        return job.target
    pycolmap.set_random_seed(job.seed)
    chosen = options.mapping(job.settings, job.seed, len(job.names), job.workers)
    chosen.image_names = list(job.names)
    with publish(job.target) as partial:
        partial.mkdir()
        if job.settings.mapper == "global":
            _global(job, chosen, partial, advance)
        else:
            _incremental(job, chosen, partial, advance)
        for folder in numbered(partial):
            refine(pycolmap.Reconstruction(folder), job.settings).write(folder)
    return job.target


def _incremental(
    job: Job, chosen: pycolmap.IncrementalPipelineOptions, folder: Path, advance: Callable[[int], None]
) -> None:
    snapshots = job.target.with_name(f"{job.target.name}-snapshots")
    start: Path | None = None
    if not job.settings.deterministic:
        snapshots.mkdir(parents=True, exist_ok=True)
        start = _last_snapshot(snapshots)
        chosen.snapshot_path, chosen.snapshot_frames_freq = snapshots, SNAPSHOT
    if start:
        advance(pycolmap.Reconstruction(start).num_reg_images())
    pycolmap.incremental_mapping(
        job.database,
        job.photographs,
        folder,
        chosen,
        input_path=start or "",
        initial_image_pair_callback=lambda: advance(2),
        next_image_callback=lambda: advance(1),
    )
    remove(snapshots)


def _global(job: Job, chosen: pycolmap.GlobalPipelineOptions, folder: Path, advance: Callable[[int], None]) -> None:
    """Map all photographs at once; its rotations need focal lengths, which the pairs tell where EXIF does not."""
    calibrated = job.target.with_name(f"{job.target.name}-calibrated.db")
    shutil.copyfile(job.database, calibrated)
    pycolmap.calibrate_view_graph(calibrated)
    models = pycolmap.global_mapping(calibrated, job.photographs, folder, chosen)
    advance(sum(model.num_reg_images() for model in models.values()))
    remove(calibrated)


def numbered(folder: Path) -> list[Path]:
    """List the models in the folder of a component, in the order in which COLMAP found them."""
    return sorted((path for path in folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))


def _last_snapshot(folder: Path) -> Path | None:
    """Find the last snapshot that is whole: a run may have been killed in the middle of one."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name, reverse=True):
        try:
            if pycolmap.Reconstruction(path).num_reg_images() >= 2:
                return path
        except (ValueError, RuntimeError, IndexError, OSError):
            continue
    return None
