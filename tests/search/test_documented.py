"""The commands and the code of README.md and docs/search.md, run as they are written."""

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bitscape.cli import app
from tests.pipeline.projects import SOURCE
from tests.pipeline.readme import block
from tests.search.conftest import draw, make_photographs

PAGE = (SOURCE / "docs/search.md").read_text(encoding="utf-8")
COMMANDS = [line for text in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL) for line in text.splitlines()]
CODE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
NEEDS_ONNX = ("pip install", "bitscape export")


@pytest.fixture
def here(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a copy of the project, with a photograph and a folder of them."""
    copied = Path(shutil.copytree(project, tmp_path / "project", ignore=shutil.ignore_patterns("bundles")))
    draw(1, 45, side=160).save(copied / "PHOTO", "PNG")
    draw(1, 45).save(copied / "photo.jpg")
    draw(2, 45).save(copied / "another.jpg")
    make_photographs(copied / "FOLDER", range(2))
    monkeypatch.chdir(copied)
    return copied


def run(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "bitscape"
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, f"{line}\n{result.output}"


def test_the_commands_of_the_readme(here):
    for line in block("bitscape index").splitlines():
        run(line)
    assert "<!doctype html>" in (here / "sheet.html").read_text()


def test_the_commands_and_the_code_of_the_page(here):
    run("bitscape index --method dsah")
    for line in COMMANDS:
        if not line.startswith(NEEDS_ONNX):
            run(line)
    for text in CODE:
        exec(compile(text, "docs/search.md", "exec"), {})
    assert sorted(os.listdir(here / "bundles/changed")) == sorted(os.listdir(here / "bundles/dsah-16"))


def test_files_told_of_are_those_of_a_bundle():
    from typing import get_args

    from bitscape.search.manifest import NAME, FileName

    told = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", PAGE, flags=re.MULTILINE)
    assert sorted(told) == sorted([NAME, *get_args(FileName)])
