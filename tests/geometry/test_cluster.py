"""A real Dask cluster of two processes, and clusters that are not what they should be."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import cluster
from bitscape.geometry.cluster import dask_cluster
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.component import Job, reconstruct
from bitscape.geometry.executors import by_executor, in_processes
from bitscape.geometry.reconstruction import build_models, registered

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]
WHY = "Dask is not installed (`pip install distributed`)"


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[[int], str]]:
    """Give what starts a cluster of so many workers and names its address."""
    distributed = pytest.importorskip("distributed", reason=WHY)
    clusters: list[Any] = []

    def begin(workers: int) -> str:
        options = {"threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
        clusters.append(distributed.LocalCluster(n_workers=workers, processes=True, **options))
        return str(clusters[-1].scheduler_address)

    yield begin
    for one in clusters:
        one.close()


@pytest.fixture
def two_scenes(synthesize: Synthesize, tmp_path: Path) -> Path:
    """Put a scene of seven photographs and one of five into a database."""
    small, _ = synthesize(frames=5, first=1)
    large, _ = synthesize(frames=7, first=0)
    both = tmp_path / "both.db"
    with (
        pycolmap.Database.open(small) as one,
        pycolmap.Database.open(large) as other,
        pycolmap.Database.open(both) as merged,
    ):
        pycolmap.Database.merge(one, other, merged)
    return both


def test_a_cluster_gives_the_models_that_processes_give(
    start: Callable[[int], str], two_scenes: Path, tmp_path: Path
) -> None:
    address, found = start(2), {}
    for executor in (address, "processes"):
        settings = Reconstruct(executor=executor, deterministic=True)
        models = build_models(two_scenes, tmp_path, tmp_path / executor.partition(":")[0], settings, seed=0)
        assert [registered(model) for model in models] == [[0, 3, 6, 9, 12, 15, 18], [1, 4, 7, 10, 13]]
        found[executor] = [{key: point.xyz.tolist() for key, point in model.points3D.items()} for model in models]
    assert found[address] == found["processes"]


def test_a_scheduler_without_workers_is_told(
    start: Callable[[int], str], two_scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(BitscapeError, match=r"the Dask scheduler at tcp://.* has no worker; start at least one"):
        build_models(two_scenes, tmp_path, tmp_path, Reconstruct(executor=start(0)), seed=0)


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason=WHY)
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with (
        pytest.raises(BitscapeError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 within 1 s; start one"),
        dask_cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_cluster_that_loses_its_workers_is_told(start: Callable[[int], str], tmp_path: Path) -> None:
    address = start(1)
    with pytest.raises(BitscapeError, match="lost a worker again and again"), dask_cluster(address) as executor:
        executor.submit(os._exit, 1).result(timeout=60)


def test_without_dask_the_mend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BitscapeError, match="Dask is not installed; type `pip install"), dask_cluster("tcp://a:1"):
        pass


def job(folder: Path, names: int, database: str = "features.db") -> Job:
    return Job(folder / database, folder, ("00000000.jpg",) * names, folder / f"done-{names}", Reconstruct(), 0, 1)


def test_a_worker_that_sees_other_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(BitscapeError, match=r"a worker on .* does not see .*gone\.db; .* all workers share"):
        by_executor([job(tmp_path, 2, "gone.db")], ThreadPoolExecutor(1), lambda steps=1, note="": None)


def test_a_component_that_a_worker_of_a_killed_run_is_still_at_is_waited_for(tmp_path: Path) -> None:
    one, told = job(tmp_path, 4), list[int]()
    with ThreadPoolExecutor(1) as pool, FileLock(one.beside("lock")):
        second = pool.submit(reconstruct, one, told.append)  # would fail: there is no such database
        with pytest.raises(TimeoutError):
            second.result(timeout=1)
        one.target.mkdir()
    assert second.result() == one.target
    assert told == [4]


@pytest.mark.parametrize("how", ["processes", "executor"])
def test_all_photographs_are_counted_in_the_end(tmp_path: Path, how: str) -> None:
    jobs = [job(tmp_path, names) for names in (3, 5)]
    for one in jobs:
        one.target.mkdir()  # done in a run before
    (tmp_path / "features.db").touch()
    told: list[int] = []

    def advance(steps: int = 1, note: str = "") -> None:
        told.append(steps)

    if how == "processes":
        folders = in_processes(jobs, tmp_path / "log", 1, advance)
    else:
        folders = by_executor(jobs, ThreadPoolExecutor(1), advance)
    assert folders == [one.target for one in jobs]
    assert sum(told) == 8


@pytest.mark.parametrize("executor", ["threads", "tcp://", "host:8786", "http://host:1"])
def test_other_executors_are_refused(executor: str) -> None:
    with pytest.raises(ValueError, match="executor"):
        Reconstruct(executor=executor)
