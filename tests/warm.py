"""Interpreters that have loaded torch and timm already, for commands that tests run one after the other.

Loading the two takes seconds, most of what a command on a small data set takes. Here one interpreter loads them, and
nothing of the package, and then forks for each command a process that goes on exactly as ``python -m`` would: own
folder, environment, output, and end. What a start from nothing alone can show (warnings on import, what is loaded, the
hash seed) is for the tests that ask for one.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path


class Warm:
    """The interpreter to fork from, as its user sees it. modules: further ones that it loads before any command."""

    def __init__(self, env, modules=()):
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", *modules],
            cwd=Path(__file__).parents[1],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *question):
        self.server.stdin.write(json.dumps(question) + "\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def start(self, arguments, cwd, stdout, stderr=None):
        """Start ``python -m`` with ``arguments`` in ``cwd``, as the leader of a process group. stdout, stderr: files
        for what it writes, one file for both when only one is named."""
        pid = self.ask("start", [*map(str, arguments)], *map(str, (cwd, stdout, stderr or stdout)))
        return Command(self, pid, arguments, stdout)

    def run(self, arguments, cwd, output):
        """Run it to its end. Returns the finished process; what it writes passes through the folder ``output``."""
        stdout, stderr = output / "stdout", output / "stderr"
        status = self.start(arguments, cwd, stdout, stderr).wait()
        return subprocess.CompletedProcess(arguments, status, stdout.read_text(), stderr.read_text())

    def close(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()


@dataclass
class Command:
    warm: Warm
    pid: int
    arguments: list
    output: Path
    returncode: int | None = None

    def poll(self):
        """The exit status, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self.warm.ask("poll", self.pid)
        return self.returncode

    def wait(self, timeout=200):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                os.killpg(self.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(self.arguments, timeout)
            time.sleep(0.02)
        return self.returncode


def serve():
    """Answer questions until there are no more. Returns the arguments of the command in a process forked for one."""
    while question := sys.stdin.readline():
        what, *details = json.loads(question)
        if what == "start":
            if (answer := os.fork()) == 0:
                return become(*details)
        else:
            pid, status = os.waitpid(*details, os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)
    return None


def become(arguments, cwd, stdout, stderr):
    import numpy

    os.setsid()
    os.chdir(cwd)
    sys.path[0] = cwd
    for descriptor, path in ((0, os.devnull), (1, stdout), (2, stderr)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        os.dup2(opened, descriptor)
        os.close(opened)
    numpy.random.seed()  # as any new interpreter has its own; that of random renews itself
    return arguments


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm  # noqa: F401

        for module in sys.argv[1:]:
            importlib.import_module(module)
    gc.freeze()  # what is loaded need not be looked through when a command ends
    if (command := serve()) is not None:
        module, *sys.argv[1:] = command
        runpy.run_module(module, run_name="__main__", alter_sys=True)
