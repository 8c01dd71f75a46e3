"""COLMAP's options from `params.yaml`, and all of them as they took effect."""

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.colmap import pycolmap

SNAPSHOT = 50  # photographs registered between two snapshots of a model that grows
MOST_MODELS = 50  # COLMAP's default ends after so many scenes
OF_EACH = ("num_threads", "max_num_models")  # depend on how large a component is, and on how many there are
PLACES = ("image_path", "snapshot_path", "image_names", "trust_region_problem_dump_directory")  # where, not how


def threads(settings: Reconstruct) -> int:
    """Tell how many threads COLMAP may use; sums over several threads differ from run to run."""
    return 1 if settings.deterministic else settings.threads


def device(settings: Reconstruct) -> pycolmap.Device:
    """Tell where features are extracted and matched; `auto` is the CPU where equal models are asked for.

    Raises:
        BitscapeError: CUDA is asked for, and this pycolmap has none.
    """
    if settings.device == "cuda" and not pycolmap.has_cuda:
        raise BitscapeError(
            "params.yaml: `reconstruct.device` is cuda, and this pycolmap is built without; install pycolmap-cuda12 in "
            "its place, or set cpu."
        )
    repeatable = settings.deterministic  # what COLMAP finds on a GPU differs from run to run
    cuda = settings.device == "cuda" or (settings.device == "auto" and pycolmap.has_cuda and not repeatable)
    return pycolmap.Device.cuda if cuda else pycolmap.Device.cpu


def extraction(settings: Reconstruct) -> pycolmap.FeatureExtractionOptions:
    """Give the options of feature extraction."""
    options = pycolmap.FeatureExtractionOptions()
    options.max_image_size = settings.image_size
    options.num_threads = threads(settings)
    options.sift.max_num_features = settings.max_features
    return options


def matching(settings: Reconstruct) -> pycolmap.FeatureMatchingOptions:
    """Give the options of matching."""
    options = pycolmap.FeatureMatchingOptions()
    options.num_threads = threads(settings)
    return options


def verification(settings: Reconstruct, seed: int) -> pycolmap.TwoViewGeometryOptions:
    """Give the options of geometric verification; `seed` is RANSAC's, anew for each pair."""
    options = pycolmap.TwoViewGeometryOptions()
    options.min_num_inliers = settings.min_inliers
    options.ransac.random_seed = seed
    return options


def mapping(settings: Reconstruct, seed: int, photographs: int, workers: int = 1) -> Any:
    """Give the options of the mapper that is asked for.

    Args:
        settings: mapper, threads, smallest model.
        seed: of COLMAP's random choices.
        photographs: how many there are to map.
        workers: mappers that run at once and share the threads.

    Returns:
        IncrementalPipelineOptions or GlobalPipelineOptions, which have no common type.
    """
    options: Any
    if settings.mapper == "global":
        options = pycolmap.GlobalPipelineOptions()
        options.mapper.global_positioning.use_gpu = options.mapper.bundle_adjustment.ceres.use_gpu = False
    else:
        options = pycolmap.IncrementalPipelineOptions()
        options.max_num_models = max(MOST_MODELS, photographs // settings.min_model_size)
        if not settings.deterministic:  # another way to a model is another model
            options.snapshot_frames_freq = SNAPSHOT
    options.min_num_matches = settings.min_inliers
    options.min_model_size = settings.min_model_size
    options.num_threads = max(1, threads(settings) // workers)
    options.random_seed = seed
    return options


def calibration(seed: int) -> pycolmap.ViewGraphCalibrationOptions:
    """Give the options of finding focal lengths from the pairs, for the global mapper."""
    options = pycolmap.ViewGraphCalibrationOptions()
    options.random_seed = seed
    return options


def refinement(settings: Reconstruct) -> pycolmap.BundleAdjustmentOptions:
    """Give the options of the last bundle adjustment, see `bitscape.geometry.refinement`."""
    options = pycolmap.BundleAdjustmentOptions()
    options.refine_principal_point = True
    options.print_summary = False
    options.ceres.solver_options.num_threads = threads(settings)
    return options


def effective(settings: Reconstruct, seed: int, sizes: Sequence[int], workers: int) -> dict[str, Any]:
    """Give all options of COLMAP as they take effect, its own defaults among them, to be stored beside the models.

    Args:
        settings: of the stage.
        seed: of COLMAP's random choices.
        sizes: photographs of each component that is mapped.
        workers: mappers that run at once and share the threads.

    Returns:
        What JSON knows: `mapping` has the options that all mappers have in common, `components` for each of `sizes` its
        `photographs` and the options that are its own (`OF_EACH`).
    """
    used: dict[str, Any] = {
        "extraction": extraction(settings),
        "matching": matching(settings),
        "verification": verification(settings, seed),
        "refinement": refinement(settings),
    }
    mapped = [_plain(mapping(settings, seed, size, workers).todict()) for size in sizes]
    common = _plain(mapping(settings, seed, 0, workers).todict())
    if settings.mapper == "global":
        used["calibration"] = calibration(seed)
    return {
        "pycolmap": pycolmap.__version__,
        "colmap": pycolmap.COLMAP_version,
        "device": device(settings).name,
        "mapper": settings.mapper,
        **{step: _plain(options.todict()) for step, options in used.items()},
        "mapping": {name: value for name, value in common.items() if name not in OF_EACH},
        "components": [
            {"photographs": size} | {name: each[name] for name in OF_EACH if name in each}
            for size, each in zip(sizes, mapped, strict=True)
        ],
    }


def _plain(value: Any) -> Any:
    """Turn options to what JSON knows."""
    if isinstance(value, dict):
        return {key: _plain(some) for key, some in value.items() if key not in PLACES}
    if isinstance(value, enum.Enum) or hasattr(value, "__members__"):
        return value.name
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value) if isinstance(value, Path) else value
