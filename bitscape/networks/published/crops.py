"""Random crops of photographs for training, as ImageNet networks are trained."""

import math

import torch
from torch import Tensor, nn

AREA = (0.08, 1.0)  # share of the photograph
RATIO = (3 / 4, 4 / 3)  # width to height
ATTEMPTS = 10


def draw_window(height: int, width: int) -> tuple[int, int, int, int]:
    """Draw top, left, height and width of a window of random area and shape; all of a square where none fits."""
    for _ in range(ATTEMPTS):
        area, ratio, down, right = torch.rand(4).tolist()
        pixels = height * width * (AREA[0] + area * (AREA[1] - AREA[0]))
        shape = math.exp(math.log(RATIO[0]) + ratio * (math.log(RATIO[1]) - math.log(RATIO[0])))
        w, h = round(math.sqrt(pixels * shape)), round(math.sqrt(pixels / shape))
        if 0 < w <= width and 0 < h <= height:
            return int(down * (height - h + 1)), int(right * (width - w + 1)), h, w
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def random_resized_crops(photographs: Tensor, side: int) -> Tensor:
    """Crop each photograph at random, resize it to a square, and mirror one in two.

    Args:
        photographs: (N, 3, h, w) uint8.
        side: pixels of the squares.

    Returns:
        (N, 3, side, side) uint8, by bilinear interpolation with antialiasing.
    """
    crops = []
    for photograph in photographs:
        top, left, height, width = draw_window(*photograph.shape[1:])
        window = photograph[None, :, top : top + height, left : left + width].float()
        resized = nn.functional.interpolate(window, (side, side), mode="bilinear", antialias=True)
        mirrored = bool(torch.rand(()) < 0.5)
        crops.append(resized.flip(3) if mirrored else resized)
    return torch.cat(crops).round().clamp(0, 255).to(torch.uint8)


def random_crops(photographs: Tensor, side: int) -> Tensor:
    """Crop `side` pixels at random of each of (N, 3, h, w) photographs, and mirror one in two."""
    rooms = [length - side + 1 for length in photographs.shape[-2:]]
    corners = torch.stack([torch.randint(room, (len(photographs),)) for room in rooms], dim=1).tolist()
    mirrored = (torch.rand(len(photographs)) < 0.5).tolist()
    crops = [image[:, y : y + side, x : x + side] for image, (y, x) in zip(photographs, corners, strict=True)]
    return torch.stack([crop.flip(2) if mirror else crop for crop, mirror in zip(crops, mirrored, strict=True)])


def centre_crop(photographs: Tensor, side: int) -> Tensor:
    """Crop the centre of (..., h, w) to `side` pixels."""
    top, left = ((length - side) // 2 for length in photographs.shape[-2:])
    return photographs[..., top : top + side, left : left + side]
