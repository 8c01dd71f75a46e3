"""What a network reads: precomputed features, or photographs."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.core.disk import reserve
from bitscape.core.progress import follow
from bitscape.networks.encoder import Encoder
from bitscape.networks.features import Photographs

SAMPLE = 512  # training photographs whose feature maps `fit` sees
BLOCK = 256


@dataclass(frozen=True)
class Inputs:
    """All photographs of a collection, as feature maps and as files.

    Attributes:
        maps: (N, C, h, w) float16 feature maps of the shared backbone, usually a memory map.
        paths: (N,) the files, for networks that read pixels; may be empty where none does.
        scratch: folder for decoded photographs.
    """

    maps: NDArray[np.float16]
    paths: Sequence[Path] = ()
    scratch: Path | None = None

    def fit(self, network: Encoder, training: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Have the network take what its fixed part needs from a sample of the training photographs' maps."""
        if network.side and network.backbone is None:
            return
        chosen = np.sort(rng.permutation(training)[:SAMPLE])
        network.fit(torch.from_numpy(self.maps[chosen].astype(np.float32)))

    def features(self, network: Encoder, device: torch.device) -> NDArray[Any]:
        """Compute what training starts from, once for all photographs.

        Returns:
            (N, ...) float32 results of the network's fixed part, or (N, 3, side, side) uint8 pixels.
        """
        if network.side:
            return self._pixels(network.side)
        features = np.empty(0, dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(self.maps), BLOCK):
                block = torch.from_numpy(self.maps[start : start + BLOCK].astype(np.float32))
                found = network.fixed(block.to(device)).cpu().numpy()
                if not start:  # all blocks and their concatenation would be twice the memory
                    features = np.empty((len(self.maps), *found.shape[1:]), dtype=found.dtype)
                features[start : start + len(found)] = found
        return features

    def _pixels(self, side: int) -> NDArray[np.uint8]:
        """Decode all photographs into a memory map that ends with the process."""
        if self.scratch:
            self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.scratch) as file:
            pixels = np.memmap(file, dtype=np.uint8, mode="w+", shape=(len(self.paths), 3, side, side))
            reserve(file)
        photographs = Photographs(self.paths, side)
        with ThreadPoolExecutor() as pool:
            decoded = pool.map(photographs.__getitem__, range(len(photographs)))
            for row, photograph in enumerate(follow(decoded, "decode photographs", len(photographs))):
                pixels[row] = photograph.numpy()
        return pixels
