import numpy as np
import pytest
import torch

from bitscape.training.checkpoint import Checkpoint


@pytest.fixture
def saved(tmp_path):
    checkpoint = Checkpoint(tmp_path / "ath-16-0123.pt")
    checkpoint.save({"network": {"a": torch.arange(500.0)}, "history": [{"epoch": 0}]}, np.random.default_rng(5))
    return checkpoint


def test_it_comes_back_with_its_random_numbers(saved):
    expected, rng = torch.rand(3), np.random.default_rng(0)
    assert torch.equal(saved.load(rng)["network"]["a"], torch.arange(500.0))
    assert torch.equal(torch.rand(3), expected)
    assert rng.random() == np.random.default_rng(5).random()


def test_a_changed_byte_is_never_loaded_and_never_an_error(saved):
    whole = saved.path.read_bytes()
    for place in range(0, len(whole), 41):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        saved.path.write_bytes(damaged)
        rng = np.random.default_rng(0)
        state = saved.load(rng)
        if state is None:
            assert rng.random() == np.random.default_rng(0).random()
        else:  # what lies between the files of the archive is read by nobody
            assert torch.equal(state["network"]["a"], torch.arange(500.0))


@pytest.mark.parametrize("content", [torch.zeros(2), [1], {"random": {"numpy": "{}"}}, {"network": {}}])
def test_what_is_no_checkpoint_is_none(saved, content):
    torch.save(content, saved.path)
    assert saved.load(np.random.default_rng(0)) is None


def test_a_training_that_is_done_removes_those_of_other_keys_and_no_other_length(saved):
    for name in ("ath-16-4567.pt", "ath-160-0123.pt", "dsah-16-0123.pt"):
        (saved.path.parent / name).write_bytes(b"state")
    saved.remove()
    assert sorted(path.name for path in saved.path.parent.iterdir()) == ["ath-160-0123.pt", "dsah-16-0123.pt"]
