import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)


def loaded_by(code: str) -> set[str]:
    done = run(code + "\nimport sys\nprint(*sys.modules)")
    assert done.returncode == 0, done.stderr
    return {"torch", "open3d", "pycolmap"} & set(done.stdout.split())


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_compression_works_after_pycolmap() -> None:
    code = """
import bitscape.geometry.colmap
import gzip, io
import numpy as np
from PIL import Image
picture, arrays = io.BytesIO(), io.BytesIO()
Image.fromarray(np.arange(256 * 256 * 3, dtype=np.uint32).astype(np.uint8).reshape(256, 256, 3)).save(picture, "PNG")
np.savez_compressed(arrays, a=np.arange(10000))
print(len(picture.getvalue()) > 100)
print(np.load(io.BytesIO(arrays.getvalue()))["a"].sum())
print(len(gzip.decompress(gzip.compress(b"x" * 9999))))
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "49995000", "9999"]


def test_one_module_alone_imports_pycolmap() -> None:
    sources = [path for folder in ("bitscape", "tasks", "flows") for path in (PROJECT / folder).rglob("*.py")]
    importing = {path.relative_to(PROJECT).as_posix() for path in sources if "pycolmap" in imported(path)}
    assert importing == {"bitscape/geometry/colmap.py"}


def test_geometry_never_names_torch() -> None:
    modules = list((PROJECT / "bitscape/geometry").glob("*.py"))
    assert len(modules) > 5
    assert [path.name for path in modules if {"torch", "torchvision", "timm"} & imported(path)] == []


def test_reconstruct_loads_pycolmap_alone() -> None:
    assert loaded_by("import tasks.reconstruct, bitscape.geometry.localisation") == {"pycolmap"}


def test_cleaning_loads_open3d_alone() -> None:
    assert loaded_by("import bitscape.geometry.cleaning, open3d") == {"open3d"}


@pytest.mark.parametrize("stage", ["mine_pairs", "relevance"])
def test_light_stages_load_no_native_library(stage: str) -> None:
    assert loaded_by(f"import tasks.{stage}") == set()
