"""Stage `describe`: one pass of the backbone over all photographs."""

from pathlib import Path

import numpy as np

from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish, write_json
from bitscape.core.table import read_collection
from bitscape.networks.backbones import Backbone, choose_device
from bitscape.networks.features import compute_features


def run(params: Params, root: Path) -> None:
    """Write the global descriptors and the feature maps of the collection."""
    settings = params.describe
    collection = read_collection(root)
    device = choose_device(settings.device)
    backbone = Backbone(settings.backbone, settings.weights)
    with publish(root / "artifacts/describe") as folder:
        folder.mkdir()
        descriptors = compute_features(
            [root / "data/images" / image for image in collection["image"]],
            backbone,
            folder / "feature_maps.npy",
            size=settings.image_size,
            batch_size=settings.batch_size,
            device=device,
        )
        np.save(folder / "descriptors.npy", descriptors)
        facts = settings.model_dump(include={"backbone", "weights", "image_size"})
        write_json(folder / "backbone.json", {**facts, "mean": backbone.mean, "std": backbone.std})


if __name__ == "__main__":
    stage(run)
