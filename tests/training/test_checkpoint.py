import pickle

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
