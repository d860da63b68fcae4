"""Several processes that train one run together, as torchrun or Slurm starts them; one process needs none of this."""

import atexit
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from scaling_study.errors import ConfigError

TIMEOUT = timedelta(minutes=30)  # of a collective: one process may read a data set while the others wait


@dataclass(frozen=True)
class World:
    """rank: of this process, from 0; size: how many there are; local_rank, local_size: the same on this machine, where
    the local rank is the number of its GPU."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0

    @property
    def share(self) -> tuple[int, int]:
        return self.rank, self.size

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of ``tensor`` over all processes, in every one of them."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def agree(self, value: Any) -> Any:
        """The first process's ``value``, in every one of them."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def gathered(self, value: Any) -> list:
        """A list of every process's ``value``, in every one of them."""
        if self.size == 1:
            return [value]
        values = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def average_statistics(self, network: torch.nn.Module) -> None:
        """Make the running statistics of batch norm, which each process kept of its own images, their mean."""
        if self.size > 1:
            from timm.utils import distribute_bn

            distribute_bn(network, self.size, reduce=True)


ALONE = World()


def world_of_environment() -> World:
    """The World that torchrun's variables RANK, WORLD_SIZE and LOCAL_RANK describe, ALONE without them."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    local = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return World(int(os.environ["RANK"]), size, *local)


def join(device: str) -> World:
    """The World of this process, connected: by nccl between GPUs, by gloo on CPUs and for what is no tensor.

    device: of the config, ``auto``, ``cpu`` or ``cuda``.
    """
    world = world_of_environment()
    if world.size > 1 and not dist.is_initialized():
        cuda = device != "cpu" and torch.cuda.is_available()
        if cuda and 1 < torch.cuda.device_count() < world.local_size:
            message = f"{world.local_size} processes were started on a machine of {torch.cuda.device_count()} GPUs"
            raise ConfigError("device", device, message)
        if cuda:
            torch.cuda.set_device(world.local_rank % torch.cuda.device_count())  # a task may see its own GPU only
        atexit.register(leave)
        dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=TIMEOUT)
    return world


def leave() -> None:
    """Take the connection down; an interpreter that ends with it up may be aborted."""
    if dist.is_initialized():
        dist.destroy_process_group()


def parallel(network: torch.nn.Module, world: World, device: torch.device) -> Any:
    """``network`` with gradients averaged over the processes; statistics of batch norm stay each process's own."""
    if world.size == 1:
        return network
    ids = [device.index] if device.type == "cuda" else None
    return torch.nn.parallel.DistributedDataParallel(network, device_ids=ids, broadcast_buffers=False)
