"""Wall time of four equal runs with one worker against two, through the real command line; JSON on stdout."""

import json
import subprocess
import sys
import tempfile
import time

# Long enough that starting the workers, which takes seconds, is not what is measured.
COMMAND = [sys.executable, "-m", "scaling_study", "-m", "seed=0,1,2,3", "recipe.epochs=2", "data.test_images=2000"]


def seconds(workers):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([*COMMAND, f"workers={workers}", f"results_dir={folder}/results", f"plots_dir={folder}/plots"],
                       check=True, capture_output=True)  # fmt: skip
        return time.perf_counter() - start


def main():
    seconds_of = {workers: seconds(workers) for workers in (2, 1)}
    print(json.dumps({"seconds_1_worker": round(seconds_of[1], 1), "seconds_2_workers": round(seconds_of[2], 1),
                      "speedup": round(seconds_of[1] / seconds_of[2], 3)}, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
