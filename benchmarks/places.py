"""Whether places, one folder each, were reconstructed whole: as one model with nearly all of their photographs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

WHOLE = 0.95  # of a place's photographs


def places(names: Sequence[str], models: pd.DataFrame) -> pd.DataFrame:
    """Tell of each place how it was reconstructed.

    Args:
        names: (n,) paths; the place is the first folder.
        models: columns `model` and `image` (position in `names`), any number of rows of one photograph.

    Returns:
        One row for each place, by name: `photographs`, `models` that have any of them, `largest` (photographs of the
        place in the model with most of them), `others` (photographs of other places in the place's models) and `whole`
        (one model, of no other place, with at least 95 % of its photographs).
    """
    place = np.array([name.split("/")[0] for name in names])
    pairs = models[["model", "image"]].drop_duplicates()
    pairs = pairs.assign(place=place[pairs["image"]])
    counts = pairs.groupby(["model", "place"]).size().unstack(fill_value=0)
    rows = []
    for name in sorted(set(place)):
        own = counts[counts.get(name, pd.Series(0, counts.index)) > 0]
        largest = int(own[name].max()) if len(own) else 0
        photographs = int((place == name).sum())
        others = int(own.to_numpy().sum() - own[name].sum()) if len(own) else 0
        whole = len(own) == 1 and not others and largest >= WHOLE * photographs
        rows.append((name, photographs, len(own), largest, others, whole))
    return pd.DataFrame(rows, columns=["place", "photographs", "models", "largest", "others", "whole"])
