"""ITQ: iterative quantisation, by FAISS."""

import faiss
import numpy as np

from bitscape.core.errors import CannotTrain
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
        n, dimensions = descriptors.shape
        if self.bits > min(n, dimensions):
            raise CannotTrain(
                f"itq finds at most {min(n, dimensions)} directions in {n} training descriptors of {dimensions} "
                f"dimensions, not {self.bits}; shorten `bits` in params.yaml or add photographs."
            )
        transform = faiss.ITQTransform(dimensions, self.bits, True)
        transform.itq.max_iter = self.settings.iterations
        transform.itq.seed = self.seed
        transform.train(np.ascontiguousarray(descriptors))
        linear = transform.pca_then_itq
        bias = faiss.vector_to_array(linear.b) if linear.have_bias else np.zeros(self.bits, dtype=np.float32)
        return {
            "mean": faiss.vector_to_array(transform.mean),
            "projection": faiss.vector_to_array(linear.A).reshape(self.bits, dimensions),
            "bias": bias,
        }
