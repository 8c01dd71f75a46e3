"""Supervision written down by hand."""

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.supervision.supervision import Supervision


def make(labels, source="labels", overlap=None, pairs=()):
    """Make supervision of a dense (n, C) matrix of labels."""
    n = len(labels)
    return Supervision(
        np.arange(n),
        sparse.csr_array(np.asarray(labels, dtype=np.int32)),
        sparse.csr_array(np.zeros((n, n)) if overlap is None else overlap),
        pd.DataFrame(list(pairs), columns=["query", "positive"], dtype=np.int64),
        source=source,
    )
