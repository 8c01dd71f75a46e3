from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bitscape.core.errors import BitscapeError
from bitscape.networks.features import compute_features


class Thinned(torch.nn.Module):
    """Take every eighth pixel for the feature maps."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures.float()[:, :, ::8, ::8]


@pytest.mark.parametrize("batch_size", [1, 9])  # with workers, and without
def test_a_photograph_that_is_gone_is_told_in_one_sentence(tmp_path: Path, batch_size: int) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(9)]
    for path in paths:
        Image.new("RGB", (40, 30)).save(path)
    paths[6].unlink()
    with pytest.raises(BitscapeError) as caught:
        compute_features(
            paths, Thinned(), tmp_path / "maps.npy", size=32, batch_size=batch_size, device=torch.device("cpu")
        )
    assert str(caught.value).startswith(f"{paths[6]} is not a photograph that can be opened: cannot be read")
    assert "\n" not in str(caught.value)


def test_maps_and_descriptors_are_in_the_order_of_the_photographs(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        Image.new("RGB", (32, 32), (number * 50, 10, 10)).save(path)
    options = {"size": 32, "batch_size": 2, "device": torch.device("cpu")}
    descriptors = compute_features(paths, Thinned(), tmp_path / "maps.npy", **options)
    maps = np.load(tmp_path / "maps.npy")
    assert maps.shape == (5, 3, 4, 4)
    assert maps[:, 0, 0, 0].tolist() == [0, 50, 100, 150, 200]
    np.testing.assert_allclose(np.linalg.norm(descriptors, axis=1), 1, rtol=1e-6)
