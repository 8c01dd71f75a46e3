"""The real collections that methods are compared on, each as a project of its own with its splits and groups."""

import csv
import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SHIPPED = "as shipped"
STAGES = ("prepare", "describe", "reconstruct", "mine_pairs", "relevance", "build_similarity", "supervise")


@dataclass(frozen=True)
class Collection:
    """One collection.

    Attributes:
        name: of its folder below the data, where no `folder` is named; the folder `sample` is the project's own.
        methods: those that suit it, beside the baselines.
        relevance: `relevance.source`; where it is `labels` and there is no labels.csv, folders are labels.
        group: names what must not straddle the splits, from an image's path; None where nothing is known.
        split: gives a published split, from an image's path; None where the project splits.
        supervision: of the methods that take one; `SHIPPED` for what `params.yaml` says of each.
        folder: below the data, where it has not the collection's name.
        seed: of the splits.
    """

    name: str
    methods: tuple[str, ...]
    relevance: str
    group: Callable[[str], str] | None = None
    split: Callable[[str], str] | None = None
    supervision: str = "auto"
    folder: str = ""
    seed: int = 0

    @property
    def rendered(self) -> bool:
        """Whether this is the project's own collection."""
        return (self.folder or self.name) == "sample"


def _cifar_split(image: str) -> str:
    """CIFAR-10's training images are learned from; every second test image, by hash, is asked with for choosing."""
    if "/train/" in image:
        return "train"
    return "query_val" if hashlib.sha256(image.encode()).digest()[0] % 2 else "query_test"


ALL = ("bcdh", "ath", "dsah", "rvssdh", "dsrh", "exchnet")
COLLECTIONS = (
    Collection("sample-as-shipped", ALL, "landmark", supervision=SHIPPED, folder="sample"),
    Collection("sample", ALL, "landmark", supervision="geometry"),
    Collection("photos", ALL, "geometry", supervision="geometry-graded"),
    # So few queries that the split matters more than the seed of a training.
    *(
        Collection(f"photos-split-{seed}", ALL, "geometry", supervision="geometry-graded", folder="photos", seed=seed)
        for seed in range(1, 9)
    ),
    Collection("photos-by-scene", ALL, "labels", supervision="geometry", folder="photos"),
    Collection("cifar10-6000", ALL, "labels", split=_cifar_split),
    Collection("birds", ALL, "labels"),
    # The sources of the chest X-rays differ in size and frame, which a network can exploit.
    Collection("chest-xray", ALL, "labels", group=lambda image: Path(image).stem.rpartition("_")[0] or image),
    Collection("street-multilabel", ALL, "labels", group=lambda image: Path(image).name.partition("_")[0]),
    Collection("coco-multilabel", ALL, "labels"),
)


def prepare(collection: Collection, data: Path, folder: Path, command: Callable[..., None]) -> None:
    """Bring about all that training reads, once; what is there is kept.

    Args:
        collection: which.
        data: the folder with one folder for each collection.
        folder: the project to make.
        command: runs a command in a folder.
    """
    if (folder / "READY").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    source = ROOT / "data/images" if collection.rendered else data / (collection.folder or collection.name)
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["relevance"]["source"], params["seed"] = collection.relevance, collection.seed
    if collection.relevance == "labels" and collection.supervision == "auto":  # a token of 3D models, which is quick
        params["reconstruct"] |= {"image_size": 64, "max_features": 64, "exhaustive_below": 1, "neighbours": 1}
    for method in params["train"]["methods"].values():
        if "supervision" in method and collection.supervision != SHIPPED:
            method["supervision"] = collection.supervision
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    labels = folder / "labels.csv"
    _write_labels(collection, source, labels)
    code = (
        "import sys; from pathlib import Path; from bitscape.collection.importing import Source, replace_collection; "
        "source, labels = sys.argv[1:]; given = Path('labels.csv') if labels == 'file' else None; "
        "replace_collection(Source(Path(source), given, folders=labels == 'folders'), Path('data'))"
    )
    given = "file" if labels.is_file() else "folders" if collection.relevance == "labels" else ""
    command([sys.executable, "-c", code, str(source), given], folder)
    for stage in STAGES:
        command([sys.executable, "-m", f"tasks.{stage}"], folder)
    (folder / "READY").touch()


def _write_labels(collection: Collection, source: Path, target: Path) -> None:
    """Add groups and splits to the labels; a collection without labels has none."""
    given = (ROOT / "data" if collection.rendered else source) / "labels.csv"
    if not given.is_file():
        return
    with given.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if collection.group:
            row["group"] = collection.group(row["image"])
        if collection.split:
            row["split"] = collection.split(row["image"])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def run(command: list[str], folder: Path) -> None:
    """Run a command in a project's folder with the code of this checkout."""
    import os

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} in {folder} gave {done.returncode}: {done.stderr[-2000:]}")
