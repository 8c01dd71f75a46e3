"""The sample collection: photographs of rendered landmarks, their labels, true cameras and true overlap."""

import csv
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bitscape.collection.sample.landmarks import LANDMARKS
from bitscape.core.errors import BitscapeError
from bitscape.core.progress import progress

if TYPE_CHECKING:
    from bitscape.collection.sample.photograph import Shoot


def generate(
    folder: Path,
    seed: int = 0,
    photographs: int = 16,
    landmarks: Sequence[str] | None = None,
    width: int = 480,
    height: int = 360,
    workers: int = 2,
) -> None:
    """Render the sample collection; equal arguments give equal bytes.

    Args:
        folder: gets `images/<landmark>/<landmark>_<nn>.jpg`, `labels.csv` and `truth/cameras.npz`, `truth/overlap.npz`.
        seed: chooses stones, cameras, light and passers-by.
        photographs: of each landmark.
        landmarks: names out of `LANDMARKS`; all by default.
        width: of a photograph, pixels.
        height: of a photograph, pixels.
        workers: processes, one landmark each at a time; the result does not depend on it.

    Raises:
        BitscapeError: for an unknown landmark or none, or where `folder` holds pictures already.
    """
    names = sorted(set(LANDMARKS if landmarks is None else landmarks))
    if not names:
        raise BitscapeError(f"No landmark is named for the sample; choose from {', '.join(LANDMARKS)}.")
    for name in names:
        if name not in LANDMARKS:
            raise BitscapeError(f"There is no landmark {name!r} in the sample; choose from {', '.join(LANDMARKS)}.")
    if (folder / "images").exists():
        raise BitscapeError(f"{folder / 'images'} is there already; name another folder for the sample, or remove it.")
    context = multiprocessing.get_context("spawn")
    shoots: dict[str, Shoot] = {}
    with (
        progress("render landmarks", len(names)) as advance,
        ProcessPoolExecutor(min(workers, len(names)), mp_context=context) as pool,
    ):
        jobs = {pool.submit(_work, folder, name, seed, photographs, width, height): name for name in names}
        for job in as_completed(jobs):
            shoots[jobs[job]] = job.result()
            advance(1, jobs[job])
    write_truth(folder, [shoots[name] for name in names], names)


def _work(folder: Path, name: str, seed: int, count: int, width: int, height: int) -> "Shoot":
    """Photograph one landmark in a process of its own, because Open3D must not meet torch or pycolmap."""
    from bitscape.collection.sample.photograph import photograph

    return photograph(folder, name, seed, count, width, height)


def write_truth(folder: Path, shoots: list["Shoot"], landmarks: list[str]) -> None:
    """Write `labels.csv` and the ground truth of all photographs, sorted by name."""
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", "labels", "landmark"])
        for shoot, landmark in zip(shoots, landmarks, strict=True):
            table.writerows([name, labels, landmark] for name, labels in zip(shoot.names, shoot.labels, strict=True))
    names = [name for shoot in shoots for name in shoot.names]
    views = [view for shoot in shoots for view in shoot.cameras]
    shares, start = np.zeros((len(names), len(names)), dtype=np.float32), 0
    for shoot in shoots:
        end = start + len(shoot.names)
        shares[start:end, start:end] = shoot.overlap
        start = end
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "truth" / "overlap.npz", image=np.array(names), overlap=shares)
    np.savez_compressed(
        folder / "truth" / "cameras.npz",
        image=np.array(names),
        R=np.stack([view.R for view in views]),
        t=np.stack([view.t for view in views]),
        K=np.stack([view.K for view in views]),
        landmark=np.array([name.split("/")[0] for name in names]),
    )
