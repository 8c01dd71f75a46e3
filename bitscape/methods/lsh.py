"""LSH: random hyperplanes."""

import faiss
import numpy as np

from bitscape.methods.base.closed_form import ClosedForm, Floats


class LSH(ClosedForm):
    """Locality-sensitive hashing by random hyperplanes (Charikar 2002), the reference that learning must beat.

    The hyperplanes are the rows of a random rotation (FAISS, as in its `IndexLSH` with `rotate_data`) and pass
    through the mean of the training descriptors: through the origin, non-negative features would nearly all fall
    on one side.
    """

    def fit(self, descriptors: Floats) -> dict[str, Floats]:
        """Draw the hyperplanes; only the mean is taken from the (n, D) descriptors."""
        dimensions = descriptors.shape[1]
        rotation = faiss.RandomRotationMatrix(dimensions, self.bits)
        rotation.init(self.seed)
        return {
            "mean": descriptors.mean(axis=0, dtype=np.float64).astype(np.float32),
            "projection": faiss.vector_to_array(rotation.A).reshape(self.bits, dimensions),
            "bias": np.zeros(self.bits, dtype=np.float32),
        }
