"""Training on several devices: two processes of a CPU stand for two GPUs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.methods.base.registry import create
from bitscape.training.build import build
from bitscape.training.inputs import Inputs
from tests.training.world import CHANNELS, make_world

ROOT = Path(__file__).parents[2]
METHODS = {"bcdh": {"epochs": 1, "queries_per_epoch": 35, "batch_size": 5, "remine": 1}}
TRAIN = """
import json, os, sys
from safetensors.torch import save_file
from bitscape.core.params import Params
from bitscape.methods.base.registry import create
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from tests.training.world import make_world

params = Params.model_validate(json.loads(sys.argv[1]))
world = make_world()
unknown = lambda outputs_of: {"map_expected": float("nan")}  # the last epoch is kept
trained = train(create("bcdh", 16, params), Inputs(world.maps), world.supervision, unknown, params.train.common)
save_file(trained.weights, sys.argv[2] + os.environ.get("LOCAL_RANK", "0"))
"""


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> list[dict[str, torch.Tensor]]:
    """Weights of both processes after an epoch of seven batches."""
    folder = tmp_path_factory.mktemp("devices")
    (folder / "run.py").write_text(TRAIN)
    params = json.dumps({"train": {"common": {"device": "cpu", "devices": 2}, "methods": METHODS}})
    command = [sys.executable, str(folder / "run.py"), params, str(folder / "weights")]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [load_file(folder / f"weights{rank}") for rank in (0, 1)]


def test_all_devices_end_with_the_same_weights(together):
    assert together[0].keys() == together[1].keys()
    assert all(torch.equal(tensor, together[1][name]) for name, tensor in together[0].items())


def test_a_step_averages_the_gradients_of_two_batches_and_the_seventh_is_left_out(together):
    params, world = Params.model_validate({"train": {"methods": METHODS}}), make_world()
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    method, inputs, rows = create("bcdh", 16, params), Inputs(world.maps), world.supervision.rows
    network = build(method, CHANNELS, world.supervision.labels.shape[1], None)
    inputs.fit(network, rows, rng)
    features = inputs.features(network, torch.device("cpu"))
    method.start(network, world.supervision, features[rows])
    optimiser = method.optimiser(network.parameter_groups(method.settings.learning_rate, 1.0))

    def outputs(some):
        with torch.inference_mode():
            return network(torch.from_numpy(features[rows[some]])).numpy()

    batches = list(method.batches(1, outputs, rng))
    assert len(batches) == 7
    network.train()
    for pair in zip(batches[::2], batches[1::2], strict=False):
        losses = [sum(method.loss(network, torch.from_numpy(features[rows[b.images]]), b).values()) for b in pair]
        optimiser.zero_grad()
        (sum(losses) / 2).backward()
        optimiser.step()
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(together[0][name], tensor, rtol=1e-4, atol=1e-5)


def test_a_method_that_needs_all_batches_says_so():
    params = Params.model_validate({"train": {"common": {"device": "cpu", "devices": 2}}})
    with pytest.raises(BitscapeError, match=r"set train\.common\.devices to 1"):
        make_world().train("exchnet", params=params)
