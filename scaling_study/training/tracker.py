"""Curves of the running training for TensorBoard, MLflow or Weights & Biases: one interface, off by default."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scaling_study.errors import ConfigError


@dataclass
class Tracker:
    """show(name, value, step): record a number; epochs_shown: number of epochs that were recorded."""

    show: Callable
    epochs_shown: int = 0

    def log(self, name: str, value: Any, step: int) -> None:
        """Record a number. A tracker that fails is reported and then not used: the run matters more than its curve."""
        try:
            self.show(name, value, step)
        except Exception as error:  # of whatever library shows
            warnings.warn(f"the tracker failed and gets no more numbers ({error})", stacklevel=2)
            self.show = nothing

    def step(self, step: int, loss: float) -> None:
        """A training step's loss."""
        self.log("step/train_loss", loss, step)

    def epochs(self, history: list[dict[str, Any]]) -> None:
        """Every number of the history rows that are new."""
        for row in history[self.epochs_shown :]:
            for name, value in row.items():
                if name != "epoch":
                    self.log(f"epoch/{name}", value, row["epoch"])
        self.epochs_shown = len(history)


def require_tracker(name: str) -> None:
    """Raise ConfigError unless ``tracker=name`` can be used here."""
    if name != "none" and find_spec(name) is None:
        raise ConfigError("tracker", name, f"needs the optional package: pip install 'scaling_study[{name}]'")
    if name == "mlflow" and "MLFLOW_TRACKING_URI" not in os.environ:
        message = "needs the variable MLFLOW_TRACKING_URI, as http://HOST:5000 or sqlite:///mlflow.db"
        raise ConfigError("tracker", name, message)
    if name == "wandb" and os.environ.get("WANDB_MODE") not in ("offline", "disabled"):
        import wandb

        if not wandb.login(prompt=False):
            raise ConfigError("tracker", name, "needs wandb login, or the variable WANDB_MODE=offline")


@contextmanager
def start_tracker(name: str, folder: Path, run_id: str) -> Iterator[Tracker]:
    """A Tracker for the config key ``tracker``: TensorBoard's writes under the run's ``folder``, MLflow's to where
    MLFLOW_TRACKING_URI says, that of Weights & Biases to its server or, with WANDB_MODE=offline, under ``folder``."""
    require_tracker(name)
    if name == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(folder / "tensorboard") as writer:
            yield Tracker(writer.add_scalar)
    elif name == "mlflow":
        import mlflow

        with mlflow.start_run(run_name=run_id):
            yield Tracker(lambda metric, value, step: mlflow.log_metric(metric, float(value), step))
    elif name == "wandb":
        import wandb

        options: dict[str, Any] = {"project": "scaling_study", "group": folder.parents[1].name, "dir": folder}
        quiet = wandb.Settings(silent=True)
        with wandb.init(name=run_id, id=run_id, resume="allow", settings=quiet, **options) as run:
            for kind in ("step", "epoch"):  # which count apart from each other
                run.define_metric(f"{kind}/*", step_metric=kind)
            yield Tracker(lambda metric, value, step: run.log({metric: value, metric.partition("/")[0]: step}))
    else:
        yield Tracker(nothing)


def nothing(name: str, value: Any, step: int) -> None:
    """Show nothing."""
