"""A project of 30 small pictures of three colours, with codes that resemble the colour, up to the stage `encode`."""

import numpy as np
import pandas as pd
from PIL import Image
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.storage import write_json
from bitscape.core.untrained import write_reason

COLOURS = ("crimson", "gold", "teal")
SPLITS = ["train"] * 15 + ["database"] * 3 + ["query_val"] * 3 + ["query_test"] * 9
PARAMS = Params.model_validate(
    {
        "methods": ["lsh", "itq", "bcdh"],
        "bits": [8, 16],
        "compare": {"queries": 3, "top": 4},
        "evaluate": {"cutoffs": [5]},
    }
)


def make_project(root):
    """Write everything that `evaluate` and `compare` read; BCDH could not be trained at 8 bits."""
    generator = np.random.default_rng(0)
    colours = np.arange(30) % 3
    (root / "data/images/<shelf>").mkdir(parents=True)
    images = [f"<shelf>/{number:02}.png" for number in range(30)]
    for image, colour in zip(images, colours, strict=True):
        Image.new("RGB", (48, 36), COLOURS[colour]).save(root / "data/images" / image)
    table = pd.DataFrame(
        {"image": images, "split": SPLITS, "labels": [[COLOURS[one]] for one in colours], "landmark": None}
    )
    (root / "artifacts/prepare").mkdir(parents=True)
    table.to_parquet(root / "artifacts/prepare/collection.parquet")
    (root / "artifacts/prepare/refused.csv").write_text("image,reason\nbroken.jpg,truncated or damaged\n")

    rows = {"database": np.arange(18), "query_test": np.arange(21, 30)}
    grades = (colours[rows["query_test"], None] == colours[rows["database"]]).astype(np.int32)
    grades[4] = 0
    (root / "artifacts/relevance").mkdir()
    sparse.save_npz(root / "artifacts/relevance/query_test.npz", sparse.csr_array(grades))
    facts = {"source": "labels", "grade": "number of shared labels", "queries_without_relevant": {"query_test": 1}}
    write_json(root / "artifacts/relevance/relevance.json", facts)
    model = {"images": [0, 1, 2], "points": 1234, "reprojection_error": 0.7, "removed_points": 3}
    write_json(root / "artifacts/reconstruct/registrations.json", {"models": [model], "unregistered": [3]})

    (root / "artifacts/reconstruct/pictures").mkdir()
    scene = {"points": np.zeros((9, 3), np.float32), "colours": np.zeros((9, 3), np.uint8)}
    cameras = {"edges": np.ones((3, 8, 2, 3), np.float32), "images": np.arange(3, dtype=np.int32)}
    np.savez_compressed(root / "artifacts/reconstruct/pictures/0.npz", **scene, **cameras)
    Image.new("RGB", (40, 20)).save(root / "artifacts/reconstruct/pictures/0.png")

    for noise, method in ((0.4, "lsh"), (0.2, "itq"), (0.05, "bcdh")):
        for bits in (8, 16):
            folder = root / f"artifacts/encode/{method}-{bits}"
            if (method, bits) == ("bcdh", 8):
                write_reason(folder, "There is no 3D model.")
                continue
            folder.mkdir(parents=True)
            flipped = (generator.random((3, bits)) < 0.5)[colours] ^ (generator.random((30, bits)) < noise)
            for part, chosen in rows.items():
                np.save(folder / f"{part}.npy", np.packbits(flipped[chosen], axis=1))
            trained = root / f"artifacts/train/{method}-{bits}"
            trained.mkdir(parents=True)
            (trained / "history.csv").write_text("epoch,map_expected,loss\n0,0.2,\n1,0.5,0.9\n2,0.4,0.7\n")
            write_json(trained / "selection.json", {"epoch": 1, "map_expected": 0.5})
