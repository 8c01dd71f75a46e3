"""ITQ: iterative quantisation, by FAISS."""

import faiss
import numpy as np

from bitscape.core.one_thread import one_thread
from bitscape.methods.base.closed_form import ClosedForm, Floats


class ITQ(ClosedForm):
    """Iterative quantisation (Gong and Lazebnik 2011): PCA, then the rotation nearest to the corners of a cube.

    FAISS's `ITQTransform`: descriptors are centred and brought to unit length before the PCA.
    """

    def fit(self, descriptors: Floats) -> dict[str, Floats]:
        """Fit on (n, D) training descriptors.

        Raises:
            CannotTrain: if there are more bits than dimensions, or fewer photographs than bits.
        """
        dimensions = self.require_directions("itq", descriptors)
        transform = faiss.ITQTransform(dimensions, self.bits, True)
        transform.itq.max_iter = self.settings.iterations
        transform.itq.seed = self.seed
        with one_thread():
            transform.train(np.ascontiguousarray(descriptors))
        linear = transform.pca_then_itq
        bias = faiss.vector_to_array(linear.b) if linear.have_bias else np.zeros(self.bits, dtype=np.float32)
        return {
            "mean": faiss.vector_to_array(transform.mean),
            "projection": faiss.vector_to_array(linear.A).reshape(self.bits, dimensions),
            "bias": bias,
        }
