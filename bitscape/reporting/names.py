"""What methods are called in print."""

TITLES = {"pcasign": "PCA-sign", "rvssdh": "RV-SSDH", "exchnet": "ExchNet"}
"""Those that are not written in capitals throughout."""


def title(method: str) -> str:
    """Name a method as its paper does, such as `RV-SSDH` for `rvssdh`."""
    return TITLES.get(method, method.upper())
