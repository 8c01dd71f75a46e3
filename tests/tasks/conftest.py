import pytest

from tasks import compare, evaluate
from tests.reporting.small_project import PARAMS, make_project


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory):
    """The small project, evaluated and compared."""
    root = tmp_path_factory.mktemp("project")
    make_project(root)
    for method in PARAMS.methods:
        for bits in PARAMS.bits:
            evaluate.run(PARAMS, root, method, bits)
    compare.run(PARAMS, root)
    return root
