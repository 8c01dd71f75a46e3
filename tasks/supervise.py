"""Stage `supervise`: what each method may learn from, a folder each, so that no other change trains it anew."""

import sys
from pathlib import Path

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish
from bitscape.core.table import read_collection
from bitscape.core.untrained import write_reason
from bitscape.supervision.files import write_supervision
from bitscape.supervision.gathering import gather_supervision


def run(params: Params, root: Path) -> None:
    """Write the supervision of each method of `methods`, or the reason why the collection has none for it."""
    collection = read_collection(root)
    with publish(root / "artifacts/supervise") as out:
        for method in params.methods:
            try:
                write_supervision(out / method, gather_supervision(root, collection, method, params))
            except CannotTrain as reason:
                print(f"supervise: {reason}", file=sys.stderr)
                write_reason(out / method, str(reason))


if __name__ == "__main__":
    stage(run)
