import numpy as np
import pytest

from bitscape.core.params import Params
from bitscape.training.stages import checkpoint_of


@pytest.mark.parametrize("section", ["method", "describe"])
def test_other_weights_under_the_same_name_are_another_training(tmp_path, section):
    (tmp_path / "artifacts/describe").mkdir(parents=True)
    np.save(tmp_path / "artifacts/describe/descriptors.npy", np.zeros((2, 3), dtype=np.float32))
    file = tmp_path / "weights.pt"
    named = {"weights": str(file)}
    content = {"describe": named} if section == "describe" else {"train": {"methods": {"dsah": named}}}
    names = []
    for weights in (b"one", b"other", b"one"):
        file.write_bytes(weights)
        names.append(checkpoint_of(tmp_path, Params.model_validate(content), "dsah", 16).path.name)
    assert names[0] == names[2] != names[1]
