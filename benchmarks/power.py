"""How many seeds and core-hours tell two methods apart, by the noise and times of a study:
python benchmarks/power.py FOLDER [METHOD METHOD MULTIPLE [STUDIES]]

Prints a row for each difference in points and number of seeds of the variants compared: core-hours of the runs that the
study does not have yet, power of the 95% interval, and its Monte-Carlo standard error; then the fewest seeds for 80%.
Example: python benchmarks/power.py results/fashion_mnist-reference compound width 4
"""

import sys

import scaling_study as ss
from scaling_study.analysis.candidates import trained
from scaling_study.analysis.observations import STUDY, observe, usable
from scaling_study.analysis.power import fewest, power

DIFFERENCES = (0.2, 0.5, 1.0, 2.0, 5.0)


def tables(folder, methods, multiple, studies):
    """{(model, epochs): table of power} of a study."""
    frame = usable(ss.load_runs(folder))[0]
    found = {}
    for key, part in frame.groupby(STUDY, dropna=False):
        seconds = trained(part).core_seconds.to_numpy(dtype=float)
        found[key] = power(observe(part), seconds, methods, multiple, DIFFERENCES, studies=studies)
    return found


def shown(table):
    table = table.assign(core_hours=table.core_seconds / 3600)
    return table[["difference", "seeds", "runs", "core_hours", "power", "power_error"]].round(3).to_string(index=False)


if __name__ == "__main__":
    folder, *rest = sys.argv[1:]
    one, other, multiple, studies = [*rest, *("compound", "width", "4", "1000")[len(rest) :]]
    for (model, epochs), table in tables(folder, (one, other), float(multiple), int(studies)).items():
        print(f"{one} against {other} at {multiple} times the baseline's multiply-adds, {model}, {epochs:g} epochs")
        table = table.sort_values(["difference", "seeds"])
        certain = table.power.ge(0.995).groupby(table.difference).cumsum()
        print(shown(table[certain <= 1]))
        print("The fewest seeds for a power of 80%:")
        print(shown(fewest(table)))
