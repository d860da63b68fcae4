"""What commands say on the terminal beside their tables."""

import pandas as pd

from scaling_study.report.terminal import enlarged, few_updates


def test_a_plan_of_few_updates_warns_once_and_one_of_many_does_not():
    (line,) = few_updates([312, 1000, 999, 5000])
    assert line.startswith("warning: 312 updates of the weights in all, in 2 of 4 runs: below 1000 ")
    assert "\n" not in line
    assert not list(few_updates([1000, 5000]))


def test_a_plan_of_enlarged_images_warns_once_and_one_of_images_from_files_does_not():
    table = pd.DataFrame({"resolution_px": [14, 30, 42, 62], "native_px": 28})
    (line,) = enlarged(table)
    assert line.startswith("warning: 62 pixels of images that have 28, in 2 of 4 runs: ")
    assert not list(enlarged(table[:2]))
    assert not list(enlarged(table.assign(native_px=None)))
