"""One connected component of the view graph to 3D models, in whatever process, kept on disk once it is done."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from bitscape.core.disk import need
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.core.storage import publish, remove
from bitscape.geometry import options
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.focal_lengths import forget_focal_lengths
from bitscape.geometry.refinement import refine

ENOUGH = 0.5  # of the component's photographs; with fewer, the focal lengths of EXIF are doubted
GLOBAL_STEPS = 4  # focal lengths, then positions, bundle adjustment and points, after which COLMAP calls back
WRITTEN = 64  # bytes of a model for each feature at most: its place, its point, and its part of a track
Advance = Callable[[int], None]


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

    def beside(self, suffix: str) -> Path:
        """Name a path beside `target` that does not outlive the job."""
        return self.target.with_name(f"{self.target.name}-{suffix}")


def reconstruct(job: Job, advance: Advance) -> Path:
    """Reconstruct a component, unless a run before has done it.

    A run that was interrupted goes on from its last snapshot. With `deterministic` it begins the component again, since
    another way to a model is another model. Where few photographs register, a second attempt takes the focal lengths of
    EXIF for wrong, and the better attempt is kept.

    Args:
        job: what and how.
        advance: told of photographs that were registered.

    Returns:
        `job.target`.
    """
    with FileLock(job.beside("lock")):  # a worker of a Dask cluster may still be at it for a run that was killed
        return _reconstruct(job, advance)


def _reconstruct(job: Job, advance: Advance) -> Path:
    if job.target.is_dir():
        _forget_snapshots(job)
        advance(len(job.names))
        return job.target
    with publish(job.target) as partial:
        partial.mkdir()
        need(partial, 2 * model_size(len(job.names), job.settings))  # and a snapshot
        _attempt(job, job.database, partial, advance)
        doubted = job.beside("doubted.db")
        if _registered(partial) < ENOUGH * len(job.names) and forget_focal_lengths(job.database, job.names, doubted):
            second = partial / "second"
            second.mkdir()
            _attempt(job, doubted, second, advance)
            if _registered(second) > _registered(partial):
                for folder in numbered(partial):
                    remove(folder)
                for folder in numbered(second):
                    folder.rename(partial / folder.name)
            remove(second)
            remove(doubted)
        for folder in numbered(partial):
            refine(pycolmap.Reconstruction(folder), job.settings).write(folder)
    _forget_snapshots(job)  # not before the models are in place, lest an interrupted refinement lose the mapping
    return job.target


def model_size(photographs: int, settings: Reconstruct) -> int:
    """Estimate how large the files of a model of so many photographs are at most, in bytes."""
    return photographs * settings.max_features * WRITTEN


def numbered(folder: Path) -> list[Path]:
    """List the models in the folder of a component, in the order in which COLMAP found them."""
    return sorted((path for path in folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))


def _registered(folder: Path) -> int:
    """Count the photographs in the largest of the models in a folder."""
    return max((pycolmap.Reconstruction(path).num_reg_images() for path in numbered(folder)), default=0)


def _attempt(job: Job, database: Path, folder: Path, advance: Advance) -> None:
    pycolmap.set_random_seed(job.seed)
    chosen = options.mapping(job.settings, job.seed, len(job.names), job.workers)
    chosen.image_names = list(job.names)
    if job.settings.mapper == "global":
        _global(job, database, chosen, folder, advance)
    else:
        _incremental(job, database, chosen, folder, advance)


def _incremental(
    job: Job, database: Path, chosen: pycolmap.IncrementalPipelineOptions, folder: Path, advance: Advance
) -> None:
    snapshots, start = _snapshots(job, database), None
    if not job.settings.deterministic:
        snapshots.mkdir(parents=True, exist_ok=True)
        start = _last_snapshot(snapshots)
        chosen.snapshot_path = snapshots
    if start:
        advance(pycolmap.Reconstruction(start).num_reg_images())
    written = job.beside("written")  # by COLMAP, whose layout depends on whether it went on from a snapshot
    written.mkdir(exist_ok=True)
    models = pycolmap.incremental_mapping(
        database,
        job.photographs,
        written,
        chosen,
        input_path=start or "",
        initial_image_pair_callback=lambda: advance(2),
        next_image_callback=lambda: advance(1),
    )
    _write(models, folder)
    remove(written)


def _snapshots(job: Job, database: Path) -> Path:
    """Name the folder of an attempt's snapshots, which is known by its database."""
    return job.beside(f"{database.stem}-snapshots")


def _forget_snapshots(job: Job) -> None:
    for database in job.database, job.beside("doubted.db"):
        remove(_snapshots(job, database))


def _global(job: Job, database: Path, chosen: pycolmap.GlobalPipelineOptions, folder: Path, advance: Advance) -> None:
    """Map all photographs at once; its rotations need focal lengths, which the pairs tell where EXIF does not.

    There is no photograph after the other to tell of. Of `GLOBAL_STEPS` each is told as its share of the photographs.
    """
    calibrated, left = job.beside("calibrated.db"), len(job.names)
    shutil.copyfile(database, calibrated)

    def step() -> None:
        nonlocal left
        done = min(len(job.names) // GLOBAL_STEPS, left)
        left -= done
        advance(done)

    pycolmap.calibrate_view_graph(calibrated, options.calibration(job.seed))
    step()
    chosen.image_path = job.photographs
    found = pycolmap.ReconstructionManager()
    with pycolmap.Database.open(calibrated) as opened:
        pipeline = pycolmap.GlobalPipeline(chosen, opened, found)
        pipeline.add_callback(pycolmap.GlobalPipelineCallback.MODEL_UPDATE_CALLBACK.value, step)
        pipeline.run()
    models = {number: found.get(number) for number in range(found.size())}
    _write(models, folder)
    advance(max(0, sum(model.num_reg_images() for model in models.values()) - (len(job.names) - left)))
    remove(calibrated)


def _write(models: dict[int, pycolmap.Reconstruction], folder: Path) -> None:
    for number, key in enumerate(sorted(models)):
        (folder / str(number)).mkdir()
        models[key].write(folder / str(number))


def _last_snapshot(folder: Path) -> Path | None:
    """Find the last snapshot that is whole: a run may have been killed in the middle of one."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name, reverse=True):
        try:
            if pycolmap.Reconstruction(path).num_reg_images() >= 2:
                return path
        except (ValueError, RuntimeError, IndexError, OSError):
            continue
    return None
