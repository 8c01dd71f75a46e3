"""Three bars on a terminal: what COLMAP is at and how far it has come."""

import io
import re
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.component import Job, reconstruct
from bitscape.geometry.features import extract, match
from bitscape.geometry.reconstruction import build_models, registered

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


class Terminal(io.StringIO):
    """Says that it is one, and keeps what is written."""

    def isatty(self) -> bool:
        return True

    def bars(self) -> dict[str, list[tuple[int, int]]]:
        """Tell each bar's numbers, one after the other: so many of so many."""
        found: dict[str, list[tuple[int, int]]] = {}
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())
        for name, done, total in re.findall(r"(extract features|match pairs|reconstruct)\D*(\d+)/(\d+)", plain):
            found.setdefault(name, []).append((int(done), int(total)))
        return found


@pytest.mark.parametrize("mapper", ["incremental", "global"])
def test_extraction_matching_and_mapping_have_a_bar_each(
    synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapper: str
) -> None:
    _, truth = synthesize(frames=6, points=120, step=1)
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    pycolmap.synthesize_images(pycolmap.SyntheticImageOptions(), truth, photographs)
    names = sorted(image.name for image in truth.images.values())
    settings, database = Reconstruct(max_features=1024, mapper=mapper), tmp_path / "features.db"
    monkeypatch.setattr("bitscape.geometry.features.PHOTOGRAPHS_AT_ONCE", 2)
    monkeypatch.setattr("bitscape.geometry.features.PAIRS_AT_ONCE", 5)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "120"}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    extract(database, photographs, names, settings)
    match(database, np.array(list(combinations(range(6), 2))), tmp_path, settings, 0)
    assert [len(registered(model)) for model in build_models(database, photographs, tmp_path, settings, 0)] == [6]
    bars = terminal.bars()
    assert list(bars) == ["extract features", "match pairs", "reconstruct"]
    for name, total in (("extract features", 6), ("match pairs", 15), ("reconstruct", 6)):
        assert bars[name][0] == (0, total)
        assert bars[name][-1] == (total, total)
        assert bars[name] == sorted(bars[name])


def test_photographs_are_told_one_by_one_and_those_of_an_earlier_run_at_once(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    database, truth = synthesize(frames=4)
    names = tuple(sorted(image.name for image in truth.images.values()))
    job = Job(database, tmp_path, names, tmp_path / "component-0", Reconstruct(), 0, 1)
    first: list[int] = []
    again: list[int] = []
    reconstruct(job, first.append)
    reconstruct(job, again.append)
    assert first == [2, 1, 1]
    assert again == [4]


def test_the_global_mapper_tells_its_steps_before_the_end(synthesize: Synthesize, tmp_path: Path) -> None:
    database, truth = synthesize(frames=12)
    names = tuple(sorted(image.name for image in truth.images.values()))
    told: list[int] = []
    reconstruct(
        Job(database, tmp_path, names, tmp_path / "component-0", Reconstruct(mapper="global"), 0, 1), told.append
    )
    assert sum(told) == 12
    assert len([steps for steps in told if steps]) >= 3
    assert max(told) <= 6
