"""The command line: ``python -m scaling_study [task=...] [+sweep=...] [key=value ...]``."""

import atexit
import gc
import os
import re
import sys
import warnings
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from scaling_study.errors import StudyError, plain_warnings
from scaling_study.output import make_courteous
from scaling_study.scaling.grid import comma_separated
from scaling_study.schema import known_near
from scaling_study.tasks.workers import count_workers

PACKAGE = Path(__file__).parent
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())

OmegaConf.register_new_resolver("count_workers", count_workers, replace=True)
OmegaConf.register_new_resolver("folder_name", lambda name: name.replace("/", "_"), replace=True)
OmegaConf.register_new_resolver("grid_of_triples", comma_separated, replace=True)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def job(cfg):
    from scaling_study.tasks.train import train_job

    train_job(cfg)


def main():
    """Run the command; what the user got wrong is one line on stderr and exit status 1."""
    if any(re.match(r"\+?sweep=.*,", argument) for argument in sys.argv[1:]):
        sys.exit("error: +sweep takes one name (their points would be lost); use +sweep=all or one command per sweep")
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        return job()
    plain_warnings()
    make_courteous()
    # Ours stands in the place of the plugin's and takes its types from there, as it should.
    warnings.filterwarnings("ignore", message=r"\s*'hydra/launcher/submitit_slurm' is validated against")
    atexit.register(gc.freeze)  # or Python looks through all of torch for garbage once more, for half a second
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises, and the message is ours to shorten
    try:
        job()
    except (HydraException, OmegaConfBaseException) as error:
        sys.exit(f"error: {one_line(error)}")
    except StudyError as error:
        sys.exit(f"error: {' '.join(str(error).split())}")
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on where this one stopped")


def one_line(error):
    """Hydra's message, which spans lines, as one that names the key and what is allowed."""
    text = " ".join(f"{error} {error.__cause__ or ''}".split())
    if unknown := re.search(r"Could not override '([^']+)'.*Key '.*' is not in struct", text):
        return f"{unknown[1]}: unknown key; {known_near(unknown[1])}"
    if choice := re.search(
        r"Could not find '([^']+)/([^/']*)' Available options in '.*': (.*?) Config search path", text
    ):
        return f"{choice[1]}={choice[2]}: must be one of {', '.join(choice[3].split())}"
    if sweep := re.search(r"Ambiguous value for argument '([^']+)'", text):
        return f"{sweep[1]}: several values need a sweep; add one with +sweep=NAME, or -m for these values alone"
    return text
