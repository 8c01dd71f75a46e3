"""How many SIFT matches of a query with each of some photographs one geometry explains.

COLMAP extracts, matches and verifies in a process of its own: torch, which the caller has loaded, and pycolmap must
never be in one process.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from bitscape.search.encoding import Photograph

PROJECT = Path(__file__).resolve().parents[2]
TIMEOUT = 600  # seconds for one query; some ten pairs take a few
SEED = 0  # of RANSAC


def count_inliers(query: "Photograph", photographs: Sequence[Path]) -> list[int]:
    """Verify the SIFT matches of a query with each photograph geometrically.

    A fundamental or essential matrix, or a homography, must explain the matches (COLMAP's two-view geometry, its own
    thresholds); fewer than 15 inliers count as none there.

    Args:
        query: the photograph that is asked with.
        photographs: files; one that cannot be opened has 0.

    Returns:
        (len(photographs),) numbers of inliers.

    Raises:
        BitscapeError: if COLMAP fails or takes more than ten minutes.
    """
    from PIL import Image

    from bitscape.search.encoding import pixels

    if not photographs:
        return []
    with tempfile.TemporaryDirectory(prefix="bitscape-") as folder:
        if isinstance(query, str | PathLike):
            asked = Path(fspath(query)).resolve()
        else:
            asked = Path(folder) / "query.png"
            Image.fromarray(pixels(query)).save(asked)
        task = {"folder": folder, "query": str(asked), "photographs": [str(path.resolve()) for path in photographs]}
        try:
            child = subprocess.run(
                [sys.executable, "-m", __name__],
                cwd=PROJECT,
                input=json.dumps(task),
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            raise BitscapeError(f"Verifying matches took more than {TIMEOUT} s; ask for less --depth.") from None
        if child.returncode:
            last = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
            raise BitscapeError(f"Verifying matches failed: {last}")
        counts: list[int] = json.loads(Path(folder, "inliers.json").read_text(encoding="utf-8"))
    return counts


def _verify(folder: Path, query: Path, photographs: Sequence[Path]) -> list[int]:
    """Extract features of all, match the query with each, and count what the two-view geometry keeps."""
    import numpy as np

    from bitscape.core.settings.reconstruct import Reconstruct
    from bitscape.geometry.colmap import log_to, pycolmap
    from bitscape.geometry.copies import copy_name, write_copies
    from bitscape.geometry.features import extract, match

    log_to(folder / "log")
    settings, features = Reconstruct(), folder / "features.db"
    whole = {0: query}
    for number, path in enumerate(photographs, start=1):
        try:
            write_copies([(number, path)], folder / "photographs", settings.image_size, 1)
            whole[number] = path
        except BitscapeError:  # moved or damaged since it was encoded
            continue
    write_copies([(0, query)], folder / "photographs", settings.image_size, 1)
    extract(features, folder / "photographs", [copy_name(number) for number in sorted(whole)], settings)
    pairs = np.array([(0, number) for number in sorted(whole) if number], np.int64).reshape(-1, 2)
    match(features, pairs, folder, settings, SEED)
    counts = [0] * len(photographs)
    with pycolmap.Database.open(features) as opened:
        known = {image.name: image.image_id for image in opened.read_all_images()}
        for number in pairs[:, 1].tolist():
            pair = known[copy_name(0)], known[copy_name(number)]
            if opened.exists_two_view_geometry(*pair):
                counts[number - 1] = len(opened.read_two_view_geometry(*pair).inlier_matches)
    return counts


def main() -> None:
    """Read a task from standard input; write `inliers.json` into its folder."""
    task = json.load(sys.stdin)
    folder = Path(task["folder"])
    try:
        counts = _verify(folder, Path(task["query"]), [Path(path) for path in task["photographs"]])
    except BitscapeError as error:
        sys.exit(str(error))
    (folder / "inliers.json").write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main()
