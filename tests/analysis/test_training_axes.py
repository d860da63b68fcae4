"""Powers of epochs and training images, of studies in which they are known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.study import lawful
from scaling_study.analysis.training_axes import AT_EQUAL_LENGTH, EXPONENT, GROWTH, training_axes
from scaling_study.report.summary_law import law_part

SIZES, EPOCHS, IMAGES = (1, 2, 4, 8), (2, 4, 8, 16), (1000, 2000, 4000)


def lengths_study(error, rng=None, *, sizes=SIZES, epochs=EPOCHS, images=(2000,), seeds=3, sd=0.3):
    """Runs of every size, length and number of images; ``error(size, epochs, images)`` in percent."""
    rng = rng or np.random.default_rng(0)
    rows = []
    for size, length, count in itertools.product(sizes, epochs, images):
        row = {"status": "done", "model": "net", "method": "baseline" if size == 1 else "width", "width": size**0.5}
        row |= {
            "depth": 1.0,
            "resolution": 1.0,
            "settings": None,
            "flops": 1e6 * size,
            "epochs": length,
            "train_images": count,
        }
        for seed in range(seeds):
            row |= {"seed": seed, "top1": 100 - error(size, length, count) - sd * rng.standard_normal()}
            rows.append(row | {"val_top1": row["top1"], "classes": 1000, "data": "toy", "recipe": "quick"})
    return pd.DataFrame(rows)


def powers(of_size=0.2, of_epochs=0.3, of_images=0.15, growth=0.02):
    middle = np.log2(SIZES).mean()

    def error(size, epochs, images):
        power = of_epochs + growth * (np.log2(size) - middle)
        return 30 * size**-of_size * (epochs / 6) ** -power * (images / 2000) ** -of_images

    return error


def sum_of_powers(shares=(0.2, 0.3, 0.3, 0.2), p=(0.5, 0.5, 0.5)):
    def error(size, epochs, images):
        return 40 * np.dot(shares, [1, size ** -p[0], (epochs / 2) ** -p[1], (images / 1000) ** -p[2]])

    return error


def values(table):
    return table.set_index(["quantity", "axis"]).value.to_dict()


def test_powers_of_epochs_and_images_and_their_growth_are_found():
    table = training_axes(lengths_study(powers(), images=IMAGES, sd=0.01), draws=100)
    assert values(table) == pytest.approx(
        {
            (EXPONENT, "epochs"): 0.3,
            (EXPONENT, "train_images"): 0.15,
            (GROWTH, "epochs"): 0.02,
            (GROWTH, "train_images"): 0.0,
            (AT_EQUAL_LENGTH, "train_images"): -0.15,
        },
        abs=0.002,
    )
    assert (table.low < table.value).all()
    assert (table.value < table.high).all()
    assert table.epochs.isna().all()


def test_an_axis_of_two_values_is_not_fitted():
    runs = lengths_study(powers(), epochs=(2, 8), images=IMAGES, sd=0.01)
    assert set(training_axes(runs, draws=100).axis) == {"train_images"}
    assert training_axes(runs[runs.train_images == 1000], draws=100).empty
    assert training_axes(runs.drop(columns="train_images"), draws=100).empty
    assert training_axes(runs[:0]).empty


def test_one_network_has_powers_but_no_growth():
    table = training_axes(lengths_study(powers(growth=0), sizes=(1,), sd=0.01), draws=100)
    assert values(table) == pytest.approx({(EXPONENT, "epochs"): 0.3}, abs=0.002)


def test_networks_that_were_trained_for_one_length_each_tell_no_power():
    runs = lengths_study(powers(), sd=0.01)
    assert training_axes(runs[runs.epochs == 2 * runs.flops / 1e6], draws=100).empty


def test_other_settings_do_not_count():
    runs = lengths_study(powers(), sd=0.05)
    other = runs[runs.epochs > 2].assign(settings="batch_size=8", top1=20.0)
    pd.testing.assert_frame_equal(training_axes(pd.concat([runs, other]), draws=50), training_axes(runs, draws=50))


def test_they_stand_in_the_law_table_and_in_one_sentence():
    law = lawful(lengths_study(powers(), sd=0.05), 100, [])["law"]
    [sentence] = [line for line in law_part(law) if line.startswith("net: ")]
    assert sentence.startswith("net: over all its networks, each compared with itself, error falls as epochs to the ")
    assert "power -0.30 (" in sentence
    assert sentence.count(".") == sentence.count("0.") + 1


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 1])
@pytest.mark.parametrize("kind", ["powers", "sum of powers", "images seen"])
def test_intervals_hold(kind, seeds):
    inside = {}
    for number in range(100):
        rng = np.random.default_rng(number)
        if kind == "powers":
            error = powers(*rng.uniform(0.1, 0.4, 3), rng.uniform(-0.03, 0.03))
        elif kind == "sum of powers":
            error = sum_of_powers(rng.dirichlet(np.ones(4)), rng.uniform(0.3, 0.8, 3))
        else:
            shares, p = rng.dirichlet(np.ones(3)), rng.uniform(0.3, 0.8, 2)
            error = lambda size, epochs, images, s=shares, p=p: (  # noqa: E731
                40 * np.dot(s, [1, size ** -p[0], (epochs * images / 2000) ** -p[1]])
            )
        truth = values(training_axes(lengths_study(error, images=IMAGES, seeds=1, sd=0.0), draws=2))
        runs = lengths_study(error, rng, images=IMAGES, seeds=seeds, sd=rng.uniform(0.3, 1))
        for row in training_axes(runs, draws=300).itertuples():
            inside.setdefault((row.quantity, row.axis), []).append(row.low <= truth[row.quantity, row.axis] <= row.high)
    least = 0.9 if seeds > 1 else 0.85  # a single seed tells nothing of how the noise differs
    assert {name: np.mean(held) for name, held in inside.items() if np.mean(held) < least} == {}
