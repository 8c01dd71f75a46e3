from bitscape.methods.base.registry import REGISTRY
from bitscape.reporting.names import title


def test_methods_are_called_as_their_papers_do():
    titles = [title(method) for method in REGISTRY]
    assert titles == ["LSH", "PCA-sign", "ITQ", "BCDH", "ATH", "DSAH", "RV-SSDH", "ExchNet", "DSRH"]
