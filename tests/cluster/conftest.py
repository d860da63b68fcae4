"""A Slurm of one node on this machine: no systemd, no cgroups, no accounting, everything on the loopback interface."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

DAEMONS = ("munged", "slurmctld", "slurmd")
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # where they are, and not every user's PATH has it
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
NodeName={host} NodeAddr=127.0.0.1 CPUs=2
PartitionName=main Nodes=ALL Default=YES State=UP
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
# A requeued job waits until its old credential has expired, two minutes unless told otherwise (5 is the least), and
# then for the scheduler to look, which it does once a minute.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=1
"""


def wait_until(condition, what, seconds=60):
    """Poll until ``condition()`` is true; returns its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.05)
    return value


def free_ports(n):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def running(folder, command, environment):
    """A daemon in the foreground, its output in a file of its name; ended with the context."""
    with open(folder / f"{command[0]}.out", "wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def slurm_conf():
    """Path of the configuration of a running Slurm whose node is idle."""
    if missing := [name for name in DAEMONS if not shutil.which(name, path=PATH)]:
        pytest.skip(f"{', '.join(missing)} not installed (Debian: apt install slurm-wlm munge)")
    if os.geteuid() != 0:
        pytest.skip("slurmd has to run as root")
    with tempfile.TemporaryDirectory(prefix="slurm") as name, ExitStack() as daemons:  # short: it holds a socket
        folder, environment = Path(name), os.environ | {"PATH": PATH, "SLURM_CONF": f"{name}/slurm.conf"}
        host, user = socket.gethostname().split(".")[0], getpass.getuser()
        conf = folder / "slurm.conf"
        conf.write_text(CONF.format(host=host, ports=free_ports(2), folder=folder, user=user))
        for made in ("state", "spool"):
            (folder / made).mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)

        def start(*command):
            daemons.enter_context(running(folder, command, environment))

        files = {"socket": "munge.socket", "pid-file": "munge.pid", "log-file": "munge.log", "seed-file": "munge.seed"}
        options = [f"--{option}={folder / file}" for option, file in files.items()]
        start("munged", "--foreground", "--force", f"--key-file={key}", *options)  # force: the folder is in /tmp

        def told():
            return "\n".join(f"{path.name}:\n{path.read_text()}" for path in folder.glob("*.out"))

        def idle():
            command = ["sinfo", "--noheader", "--format=%T"]
            told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            return told.stdout.strip() == "idle"

        wait_until((folder / "munge.socket").exists, told)
        start("slurmctld", "-D", "-f", str(conf))
        start("slurmd", "-D", "-f", str(conf))
        wait_until(idle, told)
        yield conf
        subprocess.run(["scancel", "--user", user, "--full", "--signal=KILL"], env=environment, check=False)
        subprocess.run(["scancel", "--user", user], env=environment, check=False)


@pytest.fixture
def slurm(slurm_conf, monkeypatch):
    """Slurm's commands, and this package's command line, talk to the test's own Slurm."""
    monkeypatch.setenv("SLURM_CONF", str(slurm_conf))

    def call(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return call
