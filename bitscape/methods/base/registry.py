"""Finding a method by its name."""

from importlib import import_module
from typing import Any

from bitscape.core.params import Params

REGISTRY = {
    "lsh": "LSH",
    "pcasign": "PCASign",
    "itq": "ITQ",
    "bcdh": "BCDH",
    "ath": "ATH",
    "dsah": "DSAH",
    "rvssdh": "RVSSDH",
    "exchnet": "ExchNet",
    "dsrh": "DSRH",
}


def create(name: str, bits: int, params: Params) -> Any:
    """Build the method of a name; only its own module is imported, so that baselines start without torch.

    Args:
        name: a key of `REGISTRY`, which is also the name of the method's module.
        bits: code length.
        params: all parameters; the method's own are `params.train.methods.NAME`.

    Returns:
        A `ClosedForm` or a `Learned` method.
    """
    method = getattr(import_module(f"bitscape.methods.{name}"), REGISTRY[name])
    return method(getattr(params.train.methods, name), bits, params.seed)
