"""Which changes of a picture `prepare` sees through: `python -m benchmarks.near_duplicates --data DATA` (minutes).

Each photograph is saved anew, made smaller, cropped, made brighter, or taken again by a hand that moved, and compared
with itself as `prepare` would; then the photographs of a collection are compared with each other. Writes
`benchmarks/results/near-duplicates.csv`.
"""

import argparse
import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.sets import ROOT
from bitscape.collection.inspection import inspect
from bitscape.collection.listing import find
from bitscape.collection.look import Look, look
from bitscape.collection.near_duplicates import near_duplicates
from bitscape.core.photograph import open_photograph
from bitscape.core.progress import follow
from bitscape.core.settings.prepare import Prepare

RESULTS = ROOT / "benchmarks/results/near-duplicates.csv"
COLLECTIONS = (
    "photos",
    "birds",
    "chest-xray",
    "coco-multilabel",
    "street-multilabel",
    "blood-multilabel",
    "cifar10-6000",
)


def saved_anew(image: Image.Image) -> Image.Image:
    """Save as JPEG at quality 50, and open that."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=50)
    return Image.open(stream).convert("RGB")


def cropped(image: Image.Image) -> Image.Image:
    """Cut off one hundredth of the width left and right, and of the height above and below."""
    width, height = image.size
    return image.crop((round(0.01 * width), round(0.01 * height), round(0.99 * width), round(0.99 * height)))


def one_sided(image: Image.Image) -> Image.Image:
    """Cut off two hundredths of the width, left."""
    return image.crop((round(0.02 * image.width), 0, image.width, image.height))


PASSED_ON: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG at quality 50": saved_anew,
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "10 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "2 % cropped": cropped,
    "2 % cropped on one side": one_sided,
}


MOVED = {"moved by 1 %": 0.01, "moved by 2 %": 0.02, "moved by 3 %": 0.03}


def taken_again(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """Take a photograph of a photograph, from its middle: the next shot of a burst.

    Args:
        image: its margin of one twenty-fifth is what comes into view where the hand moves.
        share: of width and height by which the hand has moved at most; it has turned by half a degree at most, gone
            nearer or away by half the share, and the exposure has changed by a twentieth. 0: the first shot.
        rng: of all that, and of the sensor's noise (four grey levels).
    """
    across, down, near, exposure, turn = rng.uniform(-1, 1, 5) * (share, share, share / 2, 0.05, 0.5) * (share > 0)
    width, height = image.size
    half = np.array([width, height]) * (0.46 * (1 + near))
    middle = np.array([width * (0.5 + across), height * (0.5 + down)])
    turned = image.rotate(turn, Image.Resampling.BICUBIC)
    shot = turned.resize((width, height), Image.Resampling.BICUBIC, (*(middle - half), *(middle + half)))
    grey = np.asarray(shot, np.float32) * (1 + exposure) + rng.normal(0, 4, (height, width, 1))
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def joined(one: Look | None, other: Look | None, radius: int | None) -> bool:
    """Tell whether two photographs become one unit."""
    return bool(near_duplicates([one, other], radius)[1] == 0)


def measure(folder: Path, settings: Prepare) -> dict[str, float]:
    """Measure one collection: a row of the table."""
    images = find(folder).images
    facts, _ = inspect(folder, images, settings.min_side, settings.max_pixels)
    found = dict.fromkeys([*PASSED_ON, *MOVED], 0)
    rng = np.random.default_rng(0)
    for image in follow(facts, f"change {folder.parent.name}", len(facts)):
        picture = Image.fromarray(open_photograph(folder / image))
        for name, change in PASSED_ON.items():
            changed = look(np.asarray(change(picture)))
            found[name] += joined(facts[image].look, changed, settings.near_duplicates)
        first, *others = (look(np.asarray(taken_again(picture, share, rng))) for share in (0, *MOVED.values()))
        for name, other in zip(MOVED, others, strict=True):
            found[name] += joined(first, other, settings.near_duplicates)
    groups = near_duplicates([fact.look for fact in facts.values()], settings.near_duplicates)
    sizes = np.unique_counts(groups).counts
    return (
        {"photographs": len(facts), "without look": sum(fact.look is None for fact in facts.values())}
        | {name: round(count / len(facts), 3) for name, count in found.items()}
        | {"joined": int(sizes[sizes > 1].sum()), "groups": int((sizes > 1).sum()), "largest": int(sizes.max())}
    )


def main() -> None:
    """Measure all collections and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder for each collection")
    data = parser.parse_args().data
    folders = {name: data / name for name in COLLECTIONS} | {"sample": ROOT / "data/images"}
    rows = [
        {"collection": name} | measure(folder / "images" if (folder / "images").is_dir() else folder, Prepare())
        for name, folder in folders.items()
        if folder.is_dir()
    ]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
