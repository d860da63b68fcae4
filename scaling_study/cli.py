"""The command line: ``python -m scaling_study [task=...] [+sweep=...] [key=value ...]``."""

import atexit
import gc
import os
import re
import sys
import warnings

import hydra
from omegaconf import OmegaConf

from scaling_study import arguments
from scaling_study.errors import ConfigError, Raised, plain_warnings
from scaling_study.lines import CONF, line_of
from scaling_study.output import make_courteous
from scaling_study.paths import expanded
from scaling_study.ranges import RULES
from scaling_study.scaling.grid import comma_separated, triples
from scaling_study.tasks.workers import count_workers


def grid_of_triples(*settings):
    """The values of +sweep=search. Hydra asks for them before the config is checked."""
    for name, value in zip(("alpha_step", "beta_step", "gamma_step", "tolerance"), settings, strict=True):
        if value not in RULES[f"search.{name}"]:
            raise ConfigError(f"search.{name}", value, RULES[f"search.{name}"].message)
    if not triples(*settings):
        raise ConfigError("search.tolerance", settings[-1], "no triple of the grid makes the multiply-adds that near 2")
    return comma_separated(*settings)


OmegaConf.register_new_resolver("count_workers", count_workers, replace=True)
OmegaConf.register_new_resolver("folder", lambda path: expanded("results_dir", path), replace=True)
OmegaConf.register_new_resolver("folder_name", lambda name: str(name).replace("/", "_"), replace=True)
OmegaConf.register_new_resolver("grid_of_triples", grid_of_triples, replace=True)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def job(cfg):
    from scaling_study.tasks.train import train_job

    train_job(cfg)


def main():
    """Run the command; what goes wrong is one line on stderr and exit status 1, with HYDRA_FULL_ERROR=1 a traceback."""
    if any(re.match(r"\+?sweep=.*,", argument) for argument in sys.argv[1:]):
        sys.exit("error: +sweep takes one name (their points would be lost); use +sweep=all or one command per sweep")
    make_courteous()
    traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    if not traceback:
        plain_warnings()
        # Ours stands in the place of the plugin's and takes its types from there, as it should.
        warnings.filterwarnings("ignore", message=r"\s*'hydra/launcher/submitit_slurm' is validated against")
        atexit.register(gc.freeze)  # or Python looks through all of torch for garbage once more, for half a second
        os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises, and the message is ours to shorten
    try:
        sys.argv[1:] = arguments.checked(sys.argv[1:])
        job()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on where this one stopped")
    except (Raised, Exception) as error:
        raised = error.error if isinstance(error, Raised) else error
        if traceback:
            raise raised from None
        sys.exit(f"error: {line_of(raised)}")
