"""How a stage is entered: parameters in, one sentence out when the user must mend something."""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bitscape.core.child import end_with_parent
from bitscape.core.disk import is_full
from bitscape.core.errors import BitscapeError
from bitscape.core.params import load


def stage(run: Callable[..., None], *, matrix: bool = False) -> None:
    """Run a stage from the project's root with the parameters of `params.yaml`.

    Prints the seconds and the peak memory of the stage to standard error when it is done.

    Args:
        run: called as `run(params, root)`, or `run(params, root, method, bits)` for a matrix stage.
        matrix: the stage is run once per method and code length, given as `--method` and `--bits`.
    """
    parser = argparse.ArgumentParser(description=sys.modules[run.__module__].__doc__)
    if matrix:
        parser.add_argument("--method", required=True)
        parser.add_argument("--bits", required=True, type=int)
    arguments = vars(parser.parse_args())
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    start = time.monotonic()
    end_with_parent()
    try:
        params = load(Path("params.yaml"))
        for option, known in (("method", params.methods), ("bits", params.bits)):
            if matrix and arguments[option] not in known:
                raise BitscapeError(
                    f"--{option} {arguments[option]} is none of those in params.yaml: {', '.join(map(str, known))}."
                )
        run(params, Path.cwd(), **arguments)
    except BitscapeError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if not is_full(error):
            raise
        told = "the disk is full; make room and run it again: earlier results are untouched, and what was done is kept."
        print(f"{name}: {told}", file=sys.stderr)
        sys.exit(1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {time.monotonic() - start:.1f} s, {peak:.0f} MiB at most", file=sys.stderr)
