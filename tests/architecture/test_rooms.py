"""The rules of the house: arrows point down, heavy libraries stay apart, names are one."""

import ast
import subprocess
import sys

import pytest
import yaml

from bitscape.core.params import Params, load
from tests.architecture.imports import ROOT, imported_names, module_name, stage_code

FLOORS = ["flows", "tasks", "bitscape"]
ROOMS = [
    "core",
    "hamming",
    "collection",
    "geometry",
    "supervision",
    "networks",
    "methods",
    "training",
    "retrieval",
    "reporting",
    "search",
    "doctor",
]
FILES = sorted(file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def _room(name: str) -> int | None:
    parts = name.split(".")
    return ROOMS.index(parts[1]) if parts[0] == "bitscape" and len(parts) > 1 and parts[1] in ROOMS else None


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_arrows_point_down(file):
    own = module_name(file)
    for name in sorted(imported_names(file)):
        floor = name.split(".")[0]
        if floor in FLOORS:
            assert FLOORS.index(floor) >= FLOORS.index(own.split(".")[0]), f"{own} imports {name}"
        room, other = _room(own), _room(name)
        if room is not None and other is not None:
            assert other <= room, f"{own} imports {name}, a later room"


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_the_library_knows_no_workflow_tool(file):
    floor = module_name(file).split(".")[0]
    forbidden = {"bitscape": {"dvc", "prefect", "mlflow"}, "tasks": {"dvc", "prefect"}, "flows": {"mlflow"}}[floor]
    assert not forbidden & {name.split(".")[0] for name in imported_names(file)}


def test_geometry_knows_no_networks_and_methods_no_geometry():
    for room, other in (("geometry", "networks"), ("geometry", "methods"), ("methods", "geometry")):
        for file in (ROOT / "bitscape" / room).rglob("*.py"):
            assert not any(name.startswith(f"bitscape.{other}") for name in imported_names(file)), file


@pytest.mark.parametrize("stage", STAGES)
def test_heavy_libraries_are_never_reached_by_one_stage(stage):
    files = [ROOT / file for file in stage_code(stage, "dsah")]
    if stage == "reconstruct":  # Open3D cleans in a child process
        files.remove(ROOT / "bitscape/geometry/cleaning.py")
    reached = {name.split(".")[0] for file in files for name in imported_names(file)}
    assert len(reached & {"torch", "pycolmap", "open3d"}) <= 1


@pytest.mark.parametrize("stage", ["prepare", "mine_pairs", "build_similarity", "supervise", "evaluate", "track"])
def test_light_stages_start_without_heavy_libraries(stage):
    heavy = "{'torch', 'pycolmap', 'open3d', 'timm', 'mlflow', 'matplotlib'}"
    code = f"import sys, tasks.{stage}; print(*({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_baselines_start_without_torch():
    code = (
        "import sys, tasks.train, tasks.encode\n"
        "from bitscape.methods.base.registry import create\n"
        "from bitscape.core.params import Params\n"
        "create('lsh', 16, Params()); create('itq', 16, Params()); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_stage_has_one_name_everywhere():
    assert set(STAGES) - {"supervise", "track"} == set(Params.model_fields) - {"seed", "bits", "methods"}
    for name, stage in STAGES.items():
        assert (ROOT / f"tasks/{name}.py").is_file()
        assert stage["cmd"].startswith(f"exec python -m tasks.{name}")
        assert name in " ".join(stage.get("params", [])) or name in ("supervise", "encode", "compare", "track")


def test_params_yaml_says_every_default_and_nothing_else():
    assert load(ROOT / "params.yaml") == Params()
    assert yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")) == Params().model_dump()


def test_every_module_says_what_it_is():
    for file in FILES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{file} says nothing of itself"
