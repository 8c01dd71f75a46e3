"""VLAD layers: random ones that stay as drawn, NetVLAD, and what lies between."""

import math
from typing import Literal

import faiss
import torch
from torch import Tensor, nn

from bitscape.core.errors import CannotTrain

AnchorInit = Literal["gaussian", "unit_sphere", "sample_descriptors", "kmeans"]
RUNNER_UP = 0.01  # share of the second best anchor where the gap is the mean gap (NetVLAD's code)
ITERATIONS = 100  # of k-means (NetVLAD's code)
SMALLEST = 1e-12  # inside the root of norms (NetVLAD's code), so that empty blocks stay zero


def unit(vectors: Tensor, dim: int) -> Tensor:
    """Bring vectors along a dimension to unit length, |v|^2 + 1e-12 under the root; zero stays zero, and is smooth."""
    return vectors * (vectors.square().sum(dim=dim, keepdim=True) + SMALLEST).rsqrt()


class VLAD(nn.Module):
    """V_k = sum_i a_k(x_i) (x_i - c_k) over the descriptors x_i of each map, a(x) = softmax(w x + b) over anchors.

    With nothing trainable it is the random VLAD layer as the specification of RV-SSDH proposes it (R1; inferred, the
    paper's layer was not seen): w, b and c are buffers, drawn once, saved with the weights, and gradients pass to x
    through assignment and residual. With both trainable it is NetVLAD if it starts from k-means, and R2 if it starts at
    random; with one of them trainable it is R3.

    Args:
        dimensions: D, channels of the maps.
        clusters: K, at least 2.
        anchors_trainable: train c.
        assign_trainable: train w and b, apart from c.
        form: how w and b start (NetVLAD's code): `v1`, w_k = alpha c_k / |c_k| and no b; `v2`, w_k = 2 alpha c_k and
            b_k = -alpha |c_k|^2.
        assignment: `soft`, or `hard`: 1 for the best anchor alone, the classical VLAD.
        subtract_mean: subtract a fixed mean descriptor, without which random anchors cannot tell apart what comes out
            of a ReLU (inferred).
        normalise_descriptors: bring each x_i to unit length.
        intra_norm: bring each V_k to unit length.
        normalise: bring the whole vector to unit length.
    """

    anchors: Tensor
    weights: Tensor
    offset: Tensor | None
    mean: Tensor

    def __init__(
        self,
        dimensions: int,
        clusters: int,
        *,
        anchors_trainable: bool = False,
        assign_trainable: bool = False,
        form: Literal["v1", "v2"] = "v1",
        assignment: Literal["soft", "hard"] = "soft",
        subtract_mean: bool = True,
        normalise_descriptors: bool = True,
        intra_norm: bool = True,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        self.dimensions, self.clusters, self.assignment = dimensions, clusters, assignment
        self.subtract_mean, self.normalise_descriptors = subtract_mean, normalise_descriptors
        self.intra_norm, self.normalise = intra_norm, normalise
        self._hold("anchors", torch.zeros(clusters, dimensions), anchors_trainable)
        self._hold("weights", torch.zeros(clusters, dimensions), assign_trainable)
        self._hold("offset", torch.zeros(clusters) if form == "v2" else None, assign_trainable)
        self.register_buffer("mean", torch.zeros(dimensions))

    def _hold(self, name: str, tensor: Tensor | None, trainable: bool) -> None:
        if trainable and tensor is not None:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)

    @property
    def scale(self) -> float:
        """What the output is to be multiplied by for entries of unit mean square; 1 where nothing normalises it."""
        if self.normalise:
            return math.sqrt(self.clusters * self.dimensions)
        return math.sqrt(self.dimensions) if self.intra_norm else 1.0

    @torch.no_grad()
    def initialise(
        self, descriptors: Tensor, init: AnchorInit = "unit_sphere", alpha: float | Literal["gap"] = "gap"
    ) -> None:
        """Draw anchors with torch's global random numbers and set the assignment.

        Args:
            descriptors: (m, D) local descriptors of training photographs.
            init: see `draw_anchors`.
            alpha: sharpness of the assignment. `gap` is NetVLAD's rule -ln(0.01) / mean(best - second best score),
                with which a typical runner-up has a hundredth of the best anchor's share.

        Raises:
            CannotTrain: if k-means has fewer descriptors than anchors.
        """
        if self.subtract_mean:
            self.mean.copy_(descriptors.mean(dim=0))
        vectors = self._prepare(descriptors.T)
        anchors = draw_anchors(init, vectors.T, self.clusters)
        start = unit(anchors, 1) if self.offset is None else 2 * anchors
        offset = torch.zeros_like(anchors[:, 0]) if self.offset is None else -anchors.square().sum(dim=1)
        if alpha == "gap":
            best = (start @ vectors + offset[:, None]).topk(2, dim=0).values
            # Descriptors that are all equal have no gap.
            alpha = -math.log(RUNNER_UP) / max(float((best[0] - best[1]).mean()), 1e-6)
        self.anchors.copy_(anchors)
        self.weights.copy_(alpha * start)
        if self.offset is not None:
            self.offset.copy_(alpha * offset)

    def _prepare(self, vectors: Tensor) -> Tensor:
        """Centre and normalise (..., D, P) descriptors, in no less than single precision."""
        wide = vectors.float() if vectors.dtype in (torch.float16, torch.bfloat16) else vectors
        centred = wide - self.mean[:, None]
        return unit(centred, -2) if self.normalise_descriptors else centred

    def assign(self, vectors: Tensor) -> Tensor:
        """Give a of (N, D, P) prepared descriptors: (N, K, P), the K shares of each add up to 1."""
        # `@` would take another way where weights are trained, and round differently.
        scores = torch.bmm(self.weights.expand(vectors.shape[0], -1, -1), vectors)
        if self.offset is not None:
            scores = scores + self.offset[:, None]
        if self.assignment == "soft":
            return scores.softmax(dim=1)
        return torch.zeros_like(scores).scatter_(1, scores.argmax(dim=1, keepdim=True), 1.0)

    def forward(self, maps: Tensor) -> Tensor:
        """Aggregate (N, D, h, w) maps to (N, K D), anchor by anchor: two matrix products, 4 K D h w operations."""
        with torch.autocast(maps.device.type, enabled=False):
            vectors = self._prepare(maps.flatten(2))
            shares = self.assign(vectors)
            blocks = shares @ vectors.transpose(1, 2) - shares.sum(dim=2, keepdim=True) * self.anchors
            if self.intra_norm:
                blocks = unit(blocks, 2)
            flat = blocks.flatten(1)
            return unit(flat, 1) if self.normalise else flat


def draw_anchors(init: AnchorInit, descriptors: Tensor, clusters: int) -> Tensor:
    """Draw anchors; which law the paper has is unknown.

    Args:
        init: `gaussian`, N(0, I / D); `unit_sphere`, the same at unit length (the specification's proposal);
            `sample_descriptors`, descriptors drawn at random; `kmeans`, their centres by FAISS (NetVLAD's).
        descriptors: (m, D), prepared as the layer does.
        clusters: K.

    Returns:
        (K, D).

    Raises:
        CannotTrain: if k-means has fewer descriptors than anchors.
    """
    count, dimensions = descriptors.shape
    if init == "sample_descriptors":
        rounds = [torch.randperm(count) for _ in range(-(-clusters // count))]  # again where they are too few
        return descriptors[torch.cat(rounds)[:clusters].to(descriptors.device)]
    if init == "kmeans":
        if count < clusters:
            raise CannotTrain(
                f"k-means of {clusters} VLAD anchors needs as many local descriptors and there are {count}; lower "
                "`clusters` or set `anchor_init` to sample_descriptors."
            )
        seed = int(torch.randint(2**31 - 1, ()))
        means = faiss.Kmeans(
            dimensions, clusters, niter=ITERATIONS, seed=seed, min_points_per_centroid=1, max_points_per_centroid=count
        )
        means.train(descriptors.cpu().float().numpy())
        return torch.from_numpy(means.centroids).to(descriptors)
    drawn = torch.randn(clusters, dimensions).to(descriptors)
    return unit(drawn, 1) if init == "unit_sphere" else drawn / math.sqrt(dimensions)
