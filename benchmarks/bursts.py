"""Which bursts `prepare` cannot see: `python -m benchmarks.bursts` (seconds, after `python -m benchmarks.candidates`).

Bursts are sought among all photographs of nine places by descriptors and verified matches, as `reconstruct` seeks them
among the training photographs. What `prepare` has joined by their looks is in one split; how much of the rest straddles
a query? Prints each burst with the units and splits of its photographs.
"""

import numpy as np
import pandas as pd

from benchmarks.candidates import FOLDER
from bitscape.collection.splits import SIDE
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.bursts import burst_groups, count_features
from bitscape.geometry.view_graph import read_view_graph


def main() -> None:
    """Print the bursts, and how many are torn."""
    table = pd.read_parquet(FOLDER / "artifacts/prepare/collection.parquet")
    everything, database = np.arange(len(table)), FOLDER / "exhaustive.db"
    descriptors = np.load(FOLDER / "artifacts/describe/descriptors.npy")
    graph, features = read_view_graph(database, everything), count_features(database, everything)
    bursts = [table.iloc[burst] for burst in burst_groups(graph, features, descriptors, Reconstruct())]
    for burst in bursts:
        print(burst[["image", "unit", "split"]].to_string(index=False, header=False), end="\n\n")
    torn = sum(burst["split"].map(SIDE).nunique() > 1 for burst in bursts)
    whole = sum(burst["unit"].nunique() == 1 for burst in bursts)
    print(
        f"{len(bursts)} bursts of {sum(map(len, bursts))} of {len(table)} photographs; of one unit: {whole}; on both "
        f"sides of a query: {torn}."
    )


if __name__ == "__main__":
    main()
