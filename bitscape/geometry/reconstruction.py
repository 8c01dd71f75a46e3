"""From matched photographs to 3D models: incremental structure from motion, several models, each photograph in one."""

from pathlib import Path

from bitscape.core.params import Reconstruct
from bitscape.core.progress import progress
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.features import threads


def build_models(
    database: Path, photographs: Path, scratch: Path, settings: Reconstruct, seed: int
) -> list[pycolmap.Reconstruction]:
    """Reconstruct every scene that the matches hold together.

    Args:
        database: features and verified matches.
        photographs: folder of the photographs, for the colours of the points.
        scratch: folder that COLMAP may write to.
        settings: threads, and the smallest model.
        seed: of COLMAP's random choices.

    Returns:
        The models, see `separate`; empty where no photographs overlap.
    """
    with pycolmap.Database.open(database) as opened:
        count = opened.num_images()
    if count < 2:
        return []
    options = pycolmap.IncrementalPipelineOptions()
    options.num_threads = threads(settings)
    options.random_seed = seed
    options.min_model_size = settings.min_model_size
    options.max_num_models = max(50, count // settings.min_model_size)  # COLMAP's default ends after 50 scenes
    found = scratch / "found"
    found.mkdir(parents=True, exist_ok=True)
    with progress("reconstruct", count) as advance:
        models = pycolmap.incremental_mapping(
            database,
            photographs,
            found,
            options,
            initial_image_pair_callback=lambda: advance(2),
            next_image_callback=advance,
        )
    return separate([models[key] for key in sorted(models)], settings.min_model_size)


def separate(models: list[pycolmap.Reconstruction], min_size: int) -> list[pycolmap.Reconstruction]:
    """Keep each photograph in one model only, the larger, and drop models that are too small.

    Args:
        models: as COLMAP found them, with photographs in common where it began anew beside an earlier model. Changed.
        min_size: photographs of the smallest model kept.

    Returns:
        The models left, by number of photographs (largest first), then by the index of the first photograph.
    """
    taken: set[int] = set()
    kept = []
    for model in sorted(models, key=_order):
        for image in [model.images[key] for key in model.reg_image_ids()]:
            if copy_index(image.name) in taken:
                model.deregister_frame(image.frame_id)
        indices = registered(model)
        if len(indices) >= min_size and model.num_points3D():
            model.update_point_3d_errors()
            taken.update(indices)
            kept.append(model)
    return sorted(kept, key=_order)


def registered(model: pycolmap.Reconstruction) -> list[int]:
    """List the indices of the photographs in a model, ascending."""
    return sorted(copy_index(model.images[key].name) for key in model.reg_image_ids())


def _order(model: pycolmap.Reconstruction) -> tuple[int, list[int]]:
    indices = registered(model)
    return -len(indices), indices[:1]
