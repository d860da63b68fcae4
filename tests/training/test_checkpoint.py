import pickle
import random
import warnings

import pytest
import torch

from scaling_study.training import checkpoint


def test_a_state_comes_back(tmp_path):
    state = {"parts": {"network": {"w": torch.arange(3.0)}}, "history": [{"epoch": 1}], "train_seconds": 1.5}
    checkpoint.save(tmp_path / "c.pt", state)
    loaded = checkpoint.load(tmp_path / "c.pt")
    assert loaded["history"] == state["history"]
    assert torch.equal(loaded["parts"]["network"]["w"], torch.arange(3.0))
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


def test_no_checkpoint_is_nothing(tmp_path, recwarn):
    assert checkpoint.load(tmp_path / "c.pt") is None
    assert not recwarn


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"not a checkpoint"]
)
def test_a_damaged_checkpoint_is_named(tmp_path, damage):
    path = tmp_path / "c.pt"
    checkpoint.save(path, {"history": []})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match=r"c\.pt"):
        assert checkpoint.load(path) is None


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("code in a checkpoint was run",))


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    torch.save({"x": Evil()}, tmp_path / "c.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Evil()))
    for name in ("c.pt", "plain.pt"):
        with pytest.warns(UserWarning, match=name):
            assert checkpoint.load(tmp_path / name) is None


@pytest.mark.parametrize("flips", [1, 20])
def test_a_flipped_bit_is_no_other_state(tmp_path, flips):
    """Where it changes anything; a few bytes of the file are padding."""
    state = {"w": torch.arange(500.0), "history": [{"epoch": 1, "loss": 0.25}], "seconds": 1.5}
    path = tmp_path / "c.pt"
    checkpoint.save(path, state)
    content, refused, choose = path.read_bytes(), 0, random.Random(flips)
    for _ in range(60):
        damaged = bytearray(content)
        for place in choose.sample(range(len(content)), flips):
            damaged[place] ^= 1 << choose.randrange(8)
        path.write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = checkpoint.load(path)
        refused += loaded is None
        if loaded is not None:
            assert torch.equal(loaded["w"], state["w"])
            assert (loaded["history"], loaded["seconds"]) == (state["history"], state["seconds"])
    assert refused > 40


@pytest.mark.parametrize("content", [[1, 2], "text", None, torch.zeros(3)])
def test_what_is_no_state_is_named(tmp_path, content):
    checkpoint.save(tmp_path / "c.pt", content)
    with pytest.warns(UserWarning, match=r"c\.pt cannot be read \(it holds a"):
        assert checkpoint.load(tmp_path / "c.pt") is None


def test_a_state_that_cannot_be_written_leaves_the_old_one(tmp_path):
    checkpoint.save(tmp_path / "c.pt", {"epoch": 1})
    with pytest.raises(Exception, match="pickle"):
        checkpoint.save(tmp_path / "c.pt", {"epoch": lambda: None})
    assert checkpoint.load(tmp_path / "c.pt") == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]
