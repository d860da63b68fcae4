import errno
import fcntl
import os
import subprocess
import sys
import time

import pytest
from filelock import FileLock, Timeout

from scaling_study.system.locks import has_locks, lock_of

HOLD = "import sys, time; from filelock import SoftFileLease as L; l = L(sys.argv[1], lease_duration=60); l.acquire(); print(1, flush=True); time.sleep(60)"  # noqa: E501


@pytest.fixture(params=[errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def without_locks(request, monkeypatch):
    def flock(file, operation):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", flock)
    has_locks.cache_clear()
    yield
    has_locks.cache_clear()


def test_a_lock_is_the_systems_where_it_has_them(tmp_path):
    lock = lock_of(tmp_path / "lock")
    assert isinstance(lock, FileLock)
    with lock, pytest.raises(Timeout):
        FileLock(tmp_path / "lock").acquire(timeout=0.1)


def test_a_file_system_without_locks_gets_leases(tmp_path, without_locks):
    with lock_of(tmp_path / "lock"):
        assert f"pid={os.getpid()}" in (tmp_path / "lock.lease").read_text()
        with pytest.raises(Timeout):
            lock_of(tmp_path / "lock").acquire(timeout=0.2)
    with lock_of(tmp_path / "lock"):
        pass
    assert not list(tmp_path.iterdir())


def test_the_lease_of_a_dead_process_is_taken_over_at_once(tmp_path, without_locks):
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "lock.lease"], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        holder.kill()
        holder.wait()
    start = time.monotonic()
    with lock_of(tmp_path / "lock"):
        assert time.monotonic() - start < 30  # half of the time after which another host would take it
