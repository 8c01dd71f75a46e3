import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import pack
from bitscape.search.index import IndexSettings
from bitscape.search.rerank import ranked
from bitscape.search.verification import count_inliers
from tests.search.conftest import draw


def test_by_outputs_is_the_order_of_cosines_among_the_first(saved):
    bundle = bitscape.load(saved)
    view = np.asarray(draw(3, 60))
    outputs = bundle.encode([view])[0].astype(np.float64)
    depth, top = 12, 5
    first = [bundle.images.index(hit.image) for hit in bundle.search(view, depth)[0]]
    cosine = {
        row: float(bundle.outputs[row] @ outputs / np.linalg.norm(bundle.outputs[row]) / np.linalg.norm(outputs))
        for row in first
    }
    expected = sorted(first, key=lambda row: -cosine[row])[:top]
    (hits,) = bundle.search(view, top, rerank="outputs", depth=depth)
    assert [bundle.images.index(hit.image) for hit in hits] == expected
    assert [hit.similarity for hit in hits] == pytest.approx([cosine[row] for row in expected], abs=1e-6)
    away = {hit.image: hit.distance for hit in bundle.search(view, depth)[0]}
    assert [hit.distance for hit in hits] == [away[hit.image] for hit in hits]


def test_at_full_depth_it_is_the_exact_scan_of_real_valued_codes(saved):
    bundle = bitscape.load(saved)
    view = np.asarray(draw(0, 61))
    outputs = bundle.encode([view])[0].astype(np.float64)
    unit = bundle.outputs / np.linalg.norm(bundle.outputs.astype(np.float64), axis=1, keepdims=True)
    (hits,) = bundle.search(view, 7, rerank="outputs", depth=1000)
    best = np.sort(unit @ outputs / np.linalg.norm(outputs))[::-1][:7]
    np.testing.assert_allclose([hit.similarity for hit in hits], best, atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_equal_photographs_stay_in_the_order_of_the_bundle(bundle, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(4, 16)).astype(np.float32)
    of = np.tile(np.arange(4), 9)[: 36 - seed % 5]
    names = [f"{at:02}" for at in range(len(of))]
    same = replace(
        bundle, images=names, sums=names, outputs=rows[of], codes=pack(rows[of]), settings=IndexSettings(), _index=None
    )
    (hits,) = ranked(same, [], rng.normal(size=(1, 16)).astype(np.float32), len(of), "outputs", None)
    for one in range(4):
        assert [hit.image for hit in hits if of[int(hit.image)] == one] == [
            names[at] for at in np.flatnonzero(of == one)
        ]
        assert len({hit.similarity for hit in hits if of[int(hit.image)] == one}) == 1


def test_an_unknown_way_is_refused(saved):
    with pytest.raises(BitscapeError, match="re-ranked by outputs or geometry, not by 'magic'"):
        bitscape.load(saved).search(np.asarray(draw(0, 0)), rerank="magic")


def test_only_views_of_the_same_thing_have_inliers(tmp_path):
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    scene = Image.fromarray(texture).resize((480, 360), Image.Resampling.BICUBIC)
    other = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)).resize((480, 360))
    scene.crop((0, 0, 400, 300)).save(tmp_path / "left.png")
    other.save(tmp_path / "other.png")
    (tmp_path / "broken.png").write_text("no picture")
    files = [tmp_path / name for name in ("other.png", "left.png", "broken.png", "gone.png")]
    counts = count_inliers(np.asarray(scene.crop((60, 40, 480, 360))), files)
    assert counts[1] >= 50
    assert [counts[0], *counts[2:]] == [0, 0, 0]
    assert count_inliers(scene, []) == []


def test_a_query_that_is_no_photograph_is_told(tmp_path):
    (tmp_path / "note.jpg").write_text("no picture")
    draw(0, 0).save(tmp_path / "one.png")
    with pytest.raises(BitscapeError, match=r"note\.jpg is not a photograph"):
        count_inliers(tmp_path / "note.jpg", [tmp_path / "one.png"])


def test_loading_and_asking_a_bundle_loads_no_colmap(saved):
    code = (
        "import sys, bitscape\n"
        f"bundle = bitscape.load({str(saved)!r}); bundle.nearest(bundle.codes[:1], 3)\n"
        "print('torch' in sys.modules)\n"
        "import bitscape.search.verification, bitscape.search.encoder; print('pycolmap' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
