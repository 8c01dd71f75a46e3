"""The graph of stages, as DVC reads it out of `dvc.yaml` and the `.dvc` files."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitscape.core.errors import BitscapeError


@dataclass(frozen=True)
class Stage:
    """One node of the graph.

    Attributes:
        name: what `dvc repro` takes as a target, from the project's root: `train@bcdh-64`, `data.dvc`.
        needs: the names of the stages whose outputs it reads.
        data: what a `.dvc` file tracks, relative to the root; empty for a stage of `dvc.yaml`.
    """

    name: str
    needs: frozenset[str]
    data: tuple[str, ...] = ()


def read_graph(root: Path, targets: Collection[str] | None = None) -> dict[str, Stage]:
    """Read the graph; nothing is locked, run or written.

    Args:
        root: the project's root, the folder with `.dvc/` and `dvc.yaml`.
        targets: only these stages and what they need. `train` stands for `train@lsh-16`, `train@lsh-32`
            and so on. Everything when None or empty.

    Returns:
        The stages by name, sorted.

    Raises:
        BitscapeError: when DVC cannot read the project, or a target is not a stage of it.
    """
    # Importing DVC takes half a second, which a failing import of this module need not wait for.
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            graph = repo.index.graph
            names = {node: _name(node) for node in graph}
            stages = {
                name: Stage(name, frozenset(names[needed] for needed in graph.successors(node)), _data(node))
                for node, name in names.items()
            }
    except DvcException as error:
        raise BitscapeError(f"DVC cannot read the stages of {root}: {' '.join(str(error).split())}") from error
    return dict(sorted(_closure(stages, targets).items()))


def downstream(stages: Mapping[str, Stage], name: str) -> set[str]:
    """Name every stage that reads an output of stage `name`, directly or through others."""
    found: set[str] = set()
    front = {name}
    while front:
        front = {stage.name for stage in stages.values() if stage.needs & front} - found
        found |= front
    return found


def _closure(stages: Mapping[str, Stage], targets: Iterable[str] | None) -> dict[str, Stage]:
    """Keep the targets and all that they need."""
    wanted: list[str] = []
    for target in targets or stages:
        matching = [name for name in stages if target in (name, name.partition("@")[0])]
        if not matching:
            raise BitscapeError(f"There is no stage `{target}` in dvc.yaml; there are {', '.join(sorted(stages))}.")
        wanted += matching
    kept: dict[str, Stage] = {}
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept[name] = stages[name]
            wanted += stages[name].needs
    return kept


def _name(node: Any) -> str:
    """Name a DVC stage as seen from the root; DVC's own `addressing` is relative to the current folder."""
    from dvc.stage import PipelineStage

    file = str(node.path_in_repo)
    if not isinstance(node, PipelineStage):
        return file
    return str(node.name) if file == "dvc.yaml" else f"{file}:{node.name}"


def _data(node: Any) -> tuple[str, ...]:
    """Tell what a `.dvc` file tracks, relative to the root."""
    from dvc.stage import PipelineStage

    if isinstance(node, PipelineStage):
        return ()
    return tuple(str(Path(out.fs_path).relative_to(node.repo.root_dir)) for out in node.outs)
