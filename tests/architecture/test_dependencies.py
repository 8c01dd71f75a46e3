"""DVC must know all the code that a stage runs, or it would take stale results for fresh ones."""

from pathlib import PurePosixPath

import pytest
import yaml

from bitscape.core.params import Params
from bitscape.methods.base.registry import REGISTRY
from tests.architecture.imports import ROOT, stage_code

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def _code_deps(stage: str, method: str) -> set[PurePosixPath]:
    deps = (dep.replace("${item.method}", method) for dep in STAGES[stage]["deps"])
    return {PurePosixPath(dep) for dep in deps if dep.startswith(("bitscape/", "tasks/"))}


def _covered(file: PurePosixPath, deps: set[PurePosixPath]) -> bool:
    return file in deps or any(parent in deps for parent in file.parents)


@pytest.mark.parametrize("method", REGISTRY)
@pytest.mark.parametrize("stage", STAGES)
def test_all_imported_code_is_a_dependency(stage, method):
    deps = _code_deps(stage, method)
    missing = [file for file in stage_code(stage, method) if not _covered(PurePosixPath(file), deps)]
    assert missing == []


@pytest.mark.parametrize("stage", STAGES)
def test_no_code_is_a_dependency_without_being_imported(stage):
    files = {PurePosixPath(file) for method in REGISTRY for file in stage_code(stage, method)}
    deps = {dep for method in REGISTRY for dep in _code_deps(stage, method)}
    idle = [str(dep) for dep in deps if dep not in files and not any(dep in file.parents for file in files)]
    assert idle == []


def test_only_the_methods_own_parameters_reach_its_stage():
    params = STAGES["train"]["params"]
    assert params == ["seed", "train.common", "train.methods.${item.method}"]


def test_where_labels_come_from_is_all_that_supervise_reads_of_the_methods():
    settings = Params().train.methods.model_dump()
    expected = [f"train.methods.{name}.supervision" for name in settings if "supervision" in settings[name]]
    assert STAGES["supervise"]["params"] == ["methods", *expected]


def test_query_test_is_read_by_no_stage_that_learns():
    learning = set(STAGES) - {"relevance", "evaluate", "compare", "track"}
    for stage in learning:
        assert not any("query_test" in dep or dep == "artifacts/relevance" for dep in STAGES[stage]["deps"]), stage
