"""PCA-sign: the signs of the principal components."""

import faiss
import numpy as np

from bitscape.core.one_thread import one_thread
from bitscape.methods.base.closed_form import ClosedForm, Floats


class PCASign(ClosedForm):
    """Signs of the first principal components, the start from which ITQ turns (FAISS's `PCAMatrix`).

    Descriptors are centred and brought to unit length before the PCA, as for ITQ, so that the two differ in nothing but
    the rotation.
    """

    def fit(self, descriptors: Floats) -> dict[str, Floats]:
        """Fit on (n, D) training descriptors.

        Raises:
            CannotTrain: if there are more bits than dimensions, or fewer photographs than bits.
        """
        dimensions = self.require_directions("pcasign", descriptors)
        mean = descriptors.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = descriptors - mean
        centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
        transform = faiss.PCAMatrix(dimensions, self.bits)
        with one_thread():
            transform.train(np.ascontiguousarray(centred))
        return {
            "mean": mean,
            "projection": faiss.vector_to_array(transform.A).reshape(-1, dimensions)[: self.bits].copy(),
            "bias": faiss.vector_to_array(transform.b)[: self.bits].copy(),
        }
