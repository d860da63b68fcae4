"""Maps of kept runs on a few images, of every kind of data set."""

import pytest
import torch

from scaling_study.errors import StudyError
from scaling_study.execution.activation_maps import few_images, seen_by, taken
from scaling_study.execution.run import load_for, train_and_record
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import Job, folder_of

from ..data.folders import make_folder, make_shards

CPU = torch.device("cpu")


@pytest.fixture
def kept(config, tmp_path):
    """A run that was trained for a few steps, with its weights."""

    def make(*overrides):
        small = ["data.resolution=16", "data.loader_workers=1", "device=cpu", "recipe.batch_size=8", "recipe.epochs=1"]
        made = config(*overrides, *small, "checkpoint.keep=true", f"results_dir={tmp_path}", "study=s", "cam.images=3")
        run = run_of(made)
        job = Job(made, run, folder_of(made, run))
        job.folder.write_config(run.settings)
        assert train_and_record(made, run, job.folder)["status"] == "done"
        return job

    return make


@pytest.mark.parametrize("kind", ["memory", "files", "stream"])
def test_images_are_those_of_the_test_split_as_the_network_is_given_them(kept, tmp_path, kind):
    if kind == "stream":
        pytest.importorskip("webdataset")
        job = kept(*make_shards(tmp_path))
    else:
        root, memory = make_folder(tmp_path / "set"), f"data.in_memory={kind == 'memory'}"
        job = kept("data=imagefolder", f"data.root={root}", "data.val_images=6", memory, "data.memory_resolution=16")
    few = few_images(job, CPU)
    seen = seen_by(job.folder, job, few, CPU)
    assert len(few.numbers) == 3
    assert sorted(seen.labels) == [0, 1, 2]
    assert seen.pictures.shape == (3, 16, 16, 3)
    assert seen.maps.values.shape == (3, 16, 16)
    bright = seen.pictures.mean(axis=-1)
    for label, picture in zip(seen.labels, bright, strict=True):  # the upper, lower or left half is the brighter
        half = (picture[:8], picture[8:], picture[:, :8])[label]
        assert half.mean() > picture.mean() + 0.15
    names = ("ant", "bee", "cat") if kind != "stream" else ("0", "1", "2")
    assert [seen.name(label) for label in range(3)] == list(names)
    if kind == "stream":
        assert few.numbers == [0, 1, 2]
    else:
        split = load_for(job.config, job.run).test
        labels = [int(split.labels[n]) if kind == "memory" else split.read(n)[1] for n in few.numbers]
        assert labels == seen.labels.tolist()


def test_images_are_taken_in_their_order_and_no_more_are_read():
    labels = torch.arange(12).split(4)
    batches = iter([(10 * part, part) for part in labels])
    inputs, found = taken(batches, [6, 1, 3])
    assert (inputs.tolist(), found.tolist()) == ([60, 10, 30], [6, 1, 3])
    assert next(batches)[1].tolist() == [8, 9, 10, 11]
    with pytest.raises(StudyError, match="only 1 of 2 images could be read again"):
        taken([(10 * part, part) for part in labels], [2, 12])
