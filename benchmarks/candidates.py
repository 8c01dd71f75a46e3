"""Which positives are found when not all pairs are matched: `python -m benchmarks.candidates --data DATA` (minutes).

All photographs of DATA/photos are matched exhaustively once; that is kept in `.scratch/benchmarks/candidates`. Then
each choice of pairs is mapped from these same matches, so that nothing differs but the choice. A positive is an ordered
pair of photographs of which the second sees at least 20 % of the points that the first sees. A place (a folder) is
whole where one model has at least 95 % of its photographs and no other has any. Writes
`benchmarks/results/candidates.csv`.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from benchmarks.places import places
from benchmarks.sets import ROOT, run
from bitscape.core.settings.reconstruct import Reconstruct

FOLDER = ROOT / ".scratch/benchmarks/candidates"
RESULTS = ROOT / "benchmarks/results/candidates.csv"
OVERLAP = 0.2
SEED = 0
CHOICES = {
    "exhaustive": {"strategies": ["exhaustive"]},
    "20 neighbours": {"neighbours": 20, "matches": 1},
    "8 neighbours": {"neighbours": 8, "matches": 1},
    "8 neighbours, then 18 in all": {"neighbours": 8, "matches": 18},
    "8 neighbours, then 14 in all": {"neighbours": 8, "matches": 14},
}


def settings(changes: dict[str, object]) -> Reconstruct:
    """Give the defaults with changes; deterministic, so that two choices differ in nothing else."""
    return Reconstruct.model_validate({"exhaustive_below": 1, "threads": 2, "deterministic": True} | changes)


def collection(data: Path) -> tuple[list[str], np.ndarray]:
    """Give names and descriptors of all photographs; the stages prepare and describe are run once."""
    described = FOLDER / "artifacts/describe/descriptors.npy"
    if not described.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "params.yaml").write_text(yaml.safe_dump({"seed": SEED}))
        code = (
            "import sys; from pathlib import Path; "
            "from bitscape.collection.importing import Source, replace_collection; "
            "replace_collection(Source(Path(sys.argv[1]), None), Path('data'))"
        )
        run([sys.executable, "-c", code, str((data / "photos").resolve())], FOLDER)
        for stage in ("prepare", "describe"):
            run([sys.executable, "-m", f"tasks.{stage}"], FOLDER)
    table = pd.read_parquet(FOLDER / "artifacts/prepare/collection.parquet")
    return table["image"].tolist(), np.load(described)


def match_exhaustively(names: list[str]) -> Path:
    """Extract and match all pairs; what an earlier run has done is kept."""
    from bitscape.geometry.cameras import add_photographs, read_shot, shared_cameras
    from bitscape.geometry.candidates import candidate_pairs
    from bitscape.geometry.copies import write_copies
    from bitscape.geometry.features import extract, match

    copies, database, chosen = FOLDER / "photographs", FOLDER / "exhaustive.db", settings(CHOICES["exhaustive"])
    files = ((at, FOLDER / "data/images" / name) for at, name in enumerate(names))
    copied = write_copies(files, copies, chosen.image_size, len(names))
    shots = [read_shot(copies / copy, name) for copy, name in zip(copied, names, strict=True)]
    add_photographs(database, copies, copied, shared_cameras(shots, chosen.cameras), FOLDER)
    extract(database, copies, copied, chosen)
    match(database, candidate_pairs(names, np.empty((len(names), 1), np.float32), chosen), FOLDER, chosen, SEED)
    return database


def measure(name: str) -> None:
    """Map one choice of pairs in this process and write what it found beside the database."""
    import shutil

    from bitscape.geometry.colmap import log_to, pycolmap
    from bitscape.geometry.matching import match_collection
    from bitscape.geometry.observations import observe
    from bitscape.geometry.reconstruction import build_models
    from bitscape.geometry.view_graph import read_view_graph

    log_to(FOLDER / "log")
    table, chosen = pd.read_parquet(FOLDER / "artifacts/prepare/collection.parquet"), settings(CHOICES[name])
    descriptors = np.load(FOLDER / "artifacts/describe/descriptors.npy")
    photographs = np.arange(len(table))
    database, work = match_exhaustively(table["image"].tolist()), FOLDER / "choices" / name.replace(" ", "-")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tried = match_collection(database, photographs, table["image"].tolist(), descriptors, work, chosen, SEED)
    kept = work / "features.db"
    shutil.copyfile(database, kept)
    pairs = {tuple(pair) for pair in tried.tolist()}
    with pycolmap.Database.open(kept) as opened, pycolmap.DatabaseTransaction(opened):
        index = {image.image_id: int(Path(image.name).stem) for image in opened.read_all_images()}
        for key in opened.read_two_view_geometry_num_inliers()[0]:
            ends = pycolmap.pair_id_to_image_pair(key)
            if tuple(sorted(index[end] for end in ends)) not in pairs:
                opened.delete_two_view_geometry(*ends)
                opened.delete_matches(*ends)
    models = build_models(kept, FOLDER / "photographs", work, chosen, SEED)
    observe(models).to_parquet(work / "observations.parquet")
    np.savez(work / "pairs.npz", tried=tried, verified=read_view_graph(kept, photographs).pairs)
    kept.unlink()


def report(names: list[str]) -> list[dict[str, object]]:
    """Compare what each choice found with what exhaustive matching finds."""
    from bitscape.geometry.covisibility import covisibility, incidence

    found = {}
    for choice in CHOICES:
        work = FOLDER / "choices" / choice.replace(" ", "-")
        observations = pd.read_parquet(work / "observations.parquet")
        shared = covisibility(incidence(observations, len(names))).tocoo()
        first, second = shared.coords
        seen = shared.diagonal()
        enough = (first != second) & (shared.data >= OVERLAP * seen[first])
        positives = set(zip(first[enough].tolist(), second[enough].tolist(), strict=True))
        pairs = np.load(work / "pairs.npz")
        found[choice] = (
            positives,
            {tuple(pair) for pair in pairs["verified"].tolist()},
            len(pairs["tried"]),
            {
                "registered": int((seen > 0).sum()),
                "models": observations["model"].nunique(),
                "places_whole": int(places(names, observations)["whole"].sum()),
            },
        )
    positives, verified, every, _ = found["exhaustive"]
    return [
        {
            "choice": choice,
            "pairs": tried,
            "pairs_share": round(tried / every, 4),
            "positives_found": round(len(own & positives) / len(positives), 4),
            "positives_more": round(len(own - positives) / len(positives), 4),
            "verified_found": round(len(pairs & verified) / len(verified), 4),
        }
        | mapped
        for choice, (own, pairs, tried, mapped) in found.items()
    ]


def main() -> None:
    """Measure every choice, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder that holds photos/")
    parser.add_argument("--measure", choices=CHOICES, help="one choice alone, without the table")
    parser.add_argument("--match", action="store_true", help="the exhaustive matching alone")
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    names, _ = collection(arguments.data)
    if arguments.match:
        from bitscape.geometry.colmap import log_to

        log_to(FOLDER / "log")
        match_exhaustively(names)
        return
    for choice in CHOICES:
        if (FOLDER / "choices" / choice.replace(" ", "-") / "pairs.npz").is_file():
            continue  # of an earlier run, which was interrupted; remove the folder to measure anew
        subprocess.run([sys.executable, "-m", "benchmarks.candidates", "--measure", choice], cwd=ROOT, check=True)
    rows = report(names)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
