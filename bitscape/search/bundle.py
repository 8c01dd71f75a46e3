"""A searchable collection in one folder: codes, names, index, model."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import Codes, pack
from bitscape.search.hit import Hit
from bitscape.search.index import IndexSettings, build, nearest
from bitscape.search.manifest import Model, Transform, sha256
from bitscape.search.naming import File, new_names, several
from bitscape.search.sizing import fitted, outgrown

if TYPE_CHECKING:
    from bitscape.search.encoder import PhotographEncoder
    from bitscape.search.encoding import Photograph

Weights = dict[str, NDArray[Any]]


@dataclass
class Bundle:
    """A collection of n photographs that can be asked.

    Attributes:
        model: the method and what its network was built with.
        transform: the shared backbone, None where the network reads pixels itself.
        weights: of the method's network.
        backbone_weights: of the shared backbone, where neither a package nor the hub has them.
        photographs: the folder that the names start from.
        images: (n,) names: paths from that folder, with `/`.
        sums: (n,) sha256 of the files.
        codes: (n, bits / 8) uint8.
        outputs: (n, bits) float32 real-valued codes.
        settings: of the index.
        probe: (1, bits) float32 outputs of `bitscape.search.probe.picture`, None until the bundle is first saved.
    """

    model: Model
    transform: Transform | None
    weights: Weights
    backbone_weights: Weights
    photographs: Path
    images: list[str]
    sums: list[str]
    codes: Codes
    outputs: NDArray[np.float32]
    settings: IndexSettings
    probe: NDArray[np.float32] | None = None
    _index: Any = field(default=None, repr=False)
    _encoder: Any = field(default=None, repr=False)

    @property
    def index(self) -> Any:
        """The FAISS index, built when it is first asked for."""
        if self._index is None:
            self._index = build(self.codes, self.settings)
        return self._index

    @property
    def encoder(self) -> "PhotographEncoder":
        """The network from photographs to outputs, built when it is first asked for (some seconds).

        Raises:
            BitscapeError: if it cannot be built, or does not give the outputs that it gave when the bundle was made.
        """
        if self._encoder is None:
            from bitscape.search import probe
            from bitscape.search.backbone import backbone_of
            from bitscape.search.encoder import build_encoder

            size = self.transform.image_size if self.transform else 0
            encoder = build_encoder(
                self.model, self.weights, lambda: backbone_of(self.transform, self.backbone_weights), size
            )
            if self.probe is not None:
                probe.check(encoder, self.probe, self.model)
            self._encoder = encoder
        return self._encoder

    def encode(self, photographs: "Sequence[Photograph]") -> NDArray[np.float32]:
        """Compute the (q, bits) outputs of photographs, whose signs are the codes.

        Raises:
            BitscapeError: naming the first that is no photograph.
        """
        from bitscape.networks.backbones import choose_device
        from bitscape.search.encoding import encode

        device = choose_device("auto")
        outputs = encode(self.encoder.to(device), photographs, device)
        return outputs.reshape(len(outputs), self.model.bits)

    def search(
        self,
        images: "Photograph | Sequence[Photograph]",
        top: int = 10,
        *,
        rerank: str | None = None,
        depth: int | None = None,
    ) -> list[list[Hit]]:
        """Find the photographs that are most like each query.

        Args:
            images: one photograph or several: files, (H, W, 3) uint8 RGB arrays or Pillow images.
            top: results of each query; fewer where the bundle holds fewer.
            rerank: None, by Hamming distance and then in the order of the bundle; `outputs`, the first `depth` by the
                cosine of the real-valued codes; `geometry`, by the number of verified SIFT matches.
            depth: results that are re-ranked; by default ten times `top` by outputs, twice `top` by geometry.

        Returns:
            For each query its results, best first.

        Raises:
            BitscapeError: naming the first that is no photograph, or an argument that is none of these.
        """
        from bitscape.search.encoding import listed
        from bitscape.search.rerank import check, ranked

        check(top, rerank, depth)
        queries = listed(images)
        outputs = self.encode(queries)
        if rerank is None:
            return self.nearest(pack(outputs), top) if len(queries) else []
        return ranked(self, queries, outputs, top, rerank, depth)

    def nearest(self, codes: Codes, top: int) -> list[list[Hit]]:
        """Find the photographs whose codes are nearest to (q, bits / 8) codes; ties in the order of the bundle."""
        found = nearest(self.index, codes, top)
        return [
            [self.hit(int(row), int(distance)) for row, distance in zip(rows, distances, strict=True) if row >= 0]
            for rows, distances in zip(found.rows, found.distances, strict=True)
        ]

    def hit(self, row: int, distance: int) -> Hit:
        """Tell a row as a result."""
        return Hit(self.images[row], self.photographs / self.images[row], distance)

    def add(self, files: File | Iterable[File]) -> list[str]:
        """Encode more photographs and put them behind those that are there.

        Args:
            files: one path or several.

        Returns:
            Their names in the bundle: paths from the folder of its photographs.

        Raises:
            BitscapeError: if one is there already, or is no photograph; then nothing is added.
        """
        paths = several(files)
        names = new_names(paths, self.photographs.resolve(), self.images)
        if paths:
            self.extend(names, self.encode(paths), [sha256(path) for path in paths])
        return names

    def extend(self, names: Sequence[str], outputs: NDArray[np.float32], sums: Sequence[str]) -> None:
        """Put photographs that are encoded already behind those that are there."""
        codes = pack(outputs)
        if not self.images or outgrown(self._index, self.settings, len(self.images) + len(names)):
            self._index = None  # what was built for none of the codes, or for few, has learned too little of them
        if self._index is not None:
            self._index.add(codes)
        self.images, self.sums = [*self.images, *names], [*self.sums, *sums]
        self.codes, self.outputs = np.concatenate([self.codes, codes]), np.concatenate([self.outputs, outputs])

    def remove(self, names: str | Iterable[str]) -> None:
        """Take one photograph or several out; the others keep their order, and the index is built anew.

        An index with inverted lists has no more of them than photographs.

        Raises:
            BitscapeError: if one is not there; then nothing is removed.
        """
        gone = {names} if isinstance(names, str) else set(names)
        missing = sorted(gone - set(self.images))
        if missing:
            raise BitscapeError(f"{missing[0]} is not in the bundle; its names are paths from {self.photographs}.")
        kept = [row for row, image in enumerate(self.images) if image not in gone]
        self.images, self.sums = [self.images[row] for row in kept], [self.sums[row] for row in kept]
        self.codes, self.outputs, self._index = self.codes[kept], self.outputs[kept], None
        self.settings = fitted(self.settings, len(kept))

    def with_index(self, settings: IndexSettings) -> Self:
        """Give the same photographs with another index."""
        return replace(self, settings=settings, _index=None)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the bundle, whole or not at all; the same bundle gives the same bytes.

        Args:
            folder: where; what was there is replaced if it is a bundle.

        Raises:
            BitscapeError: if something else is in the way, or codes and outputs disagree.
        """
        from bitscape.search.saving import save

        save(self, Path(folder))
