import pytest

from bitscape.core import progress as module
from bitscape.core.progress import follow, progress


def test_short_loops_are_silent(capsys):
    assert list(follow(range(3), "count", 3)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_long_loops_print_plain_lines_where_there_is_no_terminal(capsys, monkeypatch):
    clock = iter(range(0, 100, 3))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    with progress("train", 4) as advance:
        for step in range(4):
            advance(note=f"loss {step}")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("train: 2/4 loss 1")
    assert lines[-1].startswith("train: 4/4 in ")


def test_an_error_inside_passes_through():
    with pytest.raises(KeyError), progress("train", 1):
        raise KeyError
