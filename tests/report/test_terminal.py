"""What commands say on the terminal beside their tables."""

from scaling_study.report.terminal import few_updates


def test_a_plan_of_few_updates_warns_once_and_one_of_many_does_not():
    (line,) = few_updates([312, 1000, 999, 5000])
    assert line.startswith("warning: 312 updates of the weights in all, in 2 of 4 runs: below 1000 ")
    assert "\n" not in line
    assert not list(few_updates([1000, 5000]))
