"""What a kill at any rename leaves, and several writers of one target."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.place import check_file, check_writable
from bitscape.core.storage import publish

KILLED = """
import os, signal, sys
from pathlib import Path
from bitscape.core.storage import publish

left = int(sys.argv[2])

def counting(real):
    def rename(*arguments):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        real(*arguments)
    return rename

os.rename, os.replace = counting(os.rename), counting(os.replace)
with publish(Path(sys.argv[1])) as partial:
    partial.mkdir()
    (partial / "new").touch()
"""


def make(target, name):
    with publish(target) as partial:
        partial.mkdir()
        (partial / name).touch()


@pytest.mark.parametrize("renames", [0, 1])
def test_a_kill_at_any_rename_loses_nothing_that_was_complete(tmp_path, renames):
    target = tmp_path / "models"
    make(target, "old")
    done = subprocess.run([sys.executable, "-c", KILLED, target, str(renames)])
    assert done.returncode == -9
    assert target.exists() == (renames == 0)
    with pytest.raises(KeyboardInterrupt), publish(target):
        raise KeyboardInterrupt
    assert os.listdir(target) == (["old"] if renames == 0 else ["new"])
    make(target, "next")
    assert os.listdir(target) == ["next"]
    assert os.listdir(tmp_path) == ["models"]


def test_writers_of_one_target_wait_for_each_other(tmp_path):
    target, inside = tmp_path / "models", []

    def write(number):
        with publish(target) as partial:
            inside.append(number)
            partial.mkdir()
            for part in range(3):
                (partial / f"{number}-{part}").touch()
                time.sleep(0.002)
            assert inside == [number]
            inside.remove(number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(40)))
    assert len({name.partition("-")[0] for name in os.listdir(target)}) == 1
    assert len(os.listdir(target)) == 3
    assert os.listdir(tmp_path) == ["models"]


def test_a_writer_that_does_not_end_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("bitscape.core.scratch.WAIT", 0.1)
    begun, told = threading.Event(), threading.Event()

    def hold():
        with publish(tmp_path / "models") as partial:
            partial.touch()
            begun.set()
            told.wait(10)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        begun.wait(10)
        with pytest.raises(BitscapeError, match=r"models is being written by another process; wait"):
            make(tmp_path / "models", "other")
        told.set()
        held.result()
    assert (tmp_path / "models").is_file()


@pytest.mark.parametrize("place", ["note.txt/below", "note.txt/far/below", "/proc/nothing", "/proc/self/far/below"])
def test_a_place_that_cannot_be_written_is_told_before_and_at_the_writing(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").touch()
    target = tmp_path / place
    for check in (check_file, check_writable, lambda path: make(path, "new")):
        with pytest.raises(
            BitscapeError, match=rf"{place} cannot be written \(.+\); mend that, or name another place\."
        ):
            check(target)
    assert [path.name for path in tmp_path.rglob("*")] == ["note.txt"]


def test_a_closed_folder_is_told(tmp_path):
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    for check in (check_file, lambda path: make(path, "new")):
        with pytest.raises(BitscapeError, match=r"a cannot be written \(Permission denied\)"):
            check(tmp_path / "a")


@pytest.mark.parametrize("place", [".", "..", "/"])
def test_a_place_without_a_name_is_a_folder(tmp_path, monkeypatch, place):
    from pathlib import Path

    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(BitscapeError, match="is a folder, and a file is to be written"):
        check_file(Path(place))
    if place == "/":
        return
    with (
        pytest.raises(BitscapeError, match="is a folder, and a file is to be written"),
        publish(Path(place)) as partial,
    ):
        partial.touch()


def test_an_input_is_never_the_output(tmp_path):
    photo, link = tmp_path / "photo.png", tmp_path / "link.png"
    photo.touch()
    link.symlink_to(photo)
    for target in (photo, link):
        with pytest.raises(BitscapeError, match=r"is a photograph or another input, and would be replaced"):
            check_file(target, [tmp_path / "gone.png", photo])
    check_file(tmp_path / "other.png", [photo])
    assert sorted(os.listdir(tmp_path)) == ["link.png", "photo.png"]
