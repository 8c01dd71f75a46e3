import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.networks.features import to_square
from bitscape.networks.vlad import unit
from bitscape.search import export as module
from bitscape.search.encoder import PhotographEncoder
from bitscape.search.encoding import pixels
from bitscape.search.export import NEAR_ZERO, export
from bitscape.search.project import bundle_of, choose
from tests.search.conftest import METHODS, draw

VIEWS = [np.asarray(draw(scene, 80)) for scene in range(4)]


def test_a_missing_package_is_told_in_a_sentence(saved, tmp_path):
    code = (
        "import sys, importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'onnxscript' else real(name, *rest)\n"
        "import bitscape; from pathlib import Path; from bitscape.search.export import export\n"
        "export(bitscape.load(sys.argv[1]), Path(sys.argv[2]), ['a.png'])"
    )
    command = [sys.executable, "-c", code, str(saved), str(tmp_path / "model.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "onnxscript; say `pip install 'bitscape[onnx]'`." in done.stderr.splitlines()[-1]
    assert not (tmp_path / "model.onnx").exists()


def test_nothing_to_compare_on_is_told(bundle, tmp_path):
    with pytest.raises(BitscapeError, match="no photograph to check"):
        export(bundle, tmp_path / "model.onnx", [])


@pytest.fixture(
    scope="module",
    params=[one if one == "dsah" else pytest.param(one, marks=pytest.mark.slow) for one in METHODS],
)
def exported(request, project, tmp_path_factory):
    """A bundle and ONNX Runtime's session of its graph, which was checked on drawn pictures."""
    runtime = pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")
    bundle = bundle_of(project, choose(project, request.param))
    target = tmp_path_factory.mktemp("onnx") / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)  # a user would see it
        agreement = export(bundle, target, VIEWS)
    assert agreement.photographs == len(VIEWS)
    content = target.read_bytes()
    assert b".py" not in content  # no place of this machine's source code
    return bundle, runtime.InferenceSession(content, providers=["CPUExecutionProvider"])


def check(bundle, session, photographs):
    """Compare both on photographs, all at once: codes are the same but for bits whose output is near zero."""
    block = torch.stack([to_square(pixels(one), bundle.encoder.side) for one in photographs]).numpy()
    (outputs,) = session.run(["outputs"], {"photographs": block})
    ours = bundle.encode(photographs)
    np.testing.assert_allclose(outputs, ours, atol=1e-3, rtol=1e-4)
    flipped = (outputs >= 0) != (ours >= 0)
    assert (np.abs(ours[flipped]) < NEAR_ZERO).all()


@pytest.mark.parametrize("count", [1, 3])
def test_onnx_runtime_gives_the_codes_of_torch_for_any_number_of_drawn_pictures(exported, count):
    check(*exported, VIEWS[:count])


def test_onnx_runtime_gives_the_codes_of_torch_on_real_photographs(exported, shared_data):
    places = sorted(path for path in (shared_data / "photos").iterdir() if path.is_dir())
    photographs = [file for place in places for file in sorted(place.iterdir())[:4]]
    assert len(photographs) == 4 * 9
    check(*exported, photographs)


class FaintBlocks(PhotographEncoder):
    """Blocks below 1e-6, as VLAD has them of anchors that win nothing: the 1e-12 under the root decides their norms."""

    side = 4

    def forward(self, photographs):
        """Bring eight values of about 1e-7 and eight of about 1e-6 to unit length."""
        values = photographs.float().flatten(1)[:, :16] / 255
        return torch.cat([unit(1e-7 * values[:, :8], 1), unit(1e-6 * values[:, 8:], 1)], dim=1)


def test_what_keeps_faint_blocks_faint_stays_in_the_graph(tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")
    encoder = FaintBlocks().eval()
    module._write(encoder, tmp_path / "faint.onnx")
    block = torch.randint(0, 256, (5, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    session = runtime.InferenceSession(tmp_path / "faint.onnx", providers=["CPUExecutionProvider"])
    (outputs,) = session.run(["outputs"], {"photographs": block.numpy()})
    ours = encoder(block).numpy()
    assert np.linalg.norm(ours[:, :8], axis=1).max() < 0.3
    np.testing.assert_allclose(outputs, ours, rtol=1e-5)


@pytest.mark.slow
def test_a_graph_with_other_codes_is_not_written(saved, tmp_path, monkeypatch):
    pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")
    bundle = bitscape.load(saved)
    real = module._write

    def write_another(encoder, path):
        with torch.no_grad():
            encoder.network.hash[-2].bias.neg_()
            real(encoder, path)
            encoder.network.hash[-2].bias.neg_().add_(1)

    monkeypatch.setattr(module, "_write", write_another)
    with pytest.raises(BitscapeError, match="differ between torch and ONNX"):
        export(bundle, tmp_path / "model.onnx", [np.asarray(draw(0, 80))])
    assert not (tmp_path / "model.onnx").exists()
