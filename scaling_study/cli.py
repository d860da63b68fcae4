"""The command line: ``python -m scaling_study [task=...] [+sweep=...] [key=value ...]``.

A command is composed and its runs are listed here, once; then one of TASKS does the work. Only training goes through
Hydra's launchers, which call a function for each run.
"""

import atexit
import gc
import os
import re
import sys
import warnings
from importlib import import_module

from scaling_study.config.messages import line_of
from scaling_study.config.schema import Config
from scaling_study.errors import StudyError, plain_warnings
from scaling_study.execution.command import application, composed, options_of, show
from scaling_study.system.output import make_discarding
from scaling_study.system.workers import first_of_several

# Where each task runs: the module, loaded when it is asked for, whose ``run(jobs)`` returns the exit status.
TASKS = {
    "plan": "scaling_study.tasks.plan",
    "cost": "scaling_study.tasks.cost",
    "latency": "scaling_study.tasks.latency",
    "export": "scaling_study.tasks.export",
    "tables": "scaling_study.tasks.tables",
    "figures": "scaling_study.tasks.figures",
    "report": "scaling_study.tasks.report",
    "paper": "scaling_study.tasks.paper",
    "analyze": "scaling_study.tasks.analyze",
    "recommend": "scaling_study.tasks.recommend",
    "predict": "scaling_study.tasks.predict",
    "next": "scaling_study.tasks.next",
    "evaluate": "scaling_study.tasks.evaluate",
    "push": "scaling_study.tasks.push",
    "pull": "scaling_study.tasks.pull",
    "cam": "scaling_study.tasks.cam",
}


def execute(arguments: list[str]) -> tuple[int, Config | None]:
    """Run the command that the arguments describe. Returns (exit status, configuration of its first run), the latter
    None for --help and the like.

    Raises ConfigError, StudyError, and what Hydra and OmegaConf raise for arguments that they cannot read.
    """
    if any(re.match(r"\+?sweep=.*,", argument) for argument in arguments):
        raise StudyError("+sweep takes one name (their points would be lost); use +sweep=all or one command per sweep")
    options = options_of(arguments)
    with application(options) as app:
        if show(app, options):
            return 0, None
        command = composed(app, options)
        task = command.config.task
        if task == "train":
            from scaling_study.tasks import train

            status = train.run(command)
        else:
            status = import_module(TASKS[task]).run(command.jobs) if first_of_several() else 0
        return status, command.config


def main() -> None:
    """Run the command; what goes wrong is one line on stderr and exit status 1, with HYDRA_FULL_ERROR=1 a traceback."""
    make_discarding()
    traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    if not traceback:
        plain_warnings()
        # Ours stands in the place of the plugin's and takes its types from there, as it should.
        warnings.filterwarnings("ignore", message=r"\s*'hydra/launcher/submitit_slurm' is validated against")
        atexit.register(gc.freeze)  # or Python looks through all of torch for garbage once more, for half a second
    try:
        sys.exit(execute(sys.argv[1:])[0])
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on where this one stopped")
    except Exception as error:
        if traceback:
            raise
        sys.exit(f"error: {line_of(error)}")
