"""A new user's first command: a clone in a new folder, an empty home, `make run`.

    pytest -m slow tests/pipeline/test_fresh_clone.py -s

takes about a quarter of an hour on two cores, most of it the installation and the reconstruction.
"""

import os
import subprocess

import pytest

from tests.pipeline.projects import SOURCE
from tests.pipeline.readme import block

pytestmark = pytest.mark.slow


@pytest.mark.timeout(3600)
def test_make_run_ends_with_the_table_and_where_to_look(tmp_path):
    command, *_ = block("make run").splitlines()
    subprocess.run(["git", "clone", "--quiet", str(SOURCE), str(tmp_path / "clone")], check=True)
    (tmp_path / "home").mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment["HOME"] = str(tmp_path / "home")
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path / "clone", env=environment, capture_output=True, text=True, check=False
    )
    print(done.stderr, done.stdout)
    assert done.returncode == 0
    assert "mlflow ui --backend-store-uri sqlite:///mlflow.db" in done.stdout
    assert (tmp_path / "clone/reports/index.html").is_file()
