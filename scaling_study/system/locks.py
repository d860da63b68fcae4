"""Locks between processes, on one machine or several, whatever the file system offers."""

import errno
import os
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, SoftFileLease

try:
    import fcntl
except ImportError:  # Windows, where filelock has another way
    fcntl = None  # type: ignore[assignment]

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}  # what flock answers where there are none
LEASE_SECONDS = 60.0  # without a sign of life, which comes thrice as often, after which a lock file may be taken over


def lock_of(path: str | Path) -> Any:
    """A lock on ``path``, to be entered with ``with``. The system releases it when the process dies.

    On a file system without locks it is a file made exclusively, ``path``.lease, that holds the owner's process and
    host and is touched while the owner lives; another process takes it over when the owner is gone from its own host,
    or after LEASE_SECONDS without a touch.
    """
    path = Path(path)
    if has_locks(path.parent):
        return FileLock(path, fallback_to_soft=False)
    return SoftFileLease(path.with_name(f"{path.name}.lease"), lease_duration=LEASE_SECONDS)


@cache
def has_locks(folder: Path) -> bool:
    """Whether the file system of ``folder``, which is there, has locks."""
    if fcntl is None:
        return True
    probe = folder / f".flock.{os.getpid()}"
    try:
        with open(probe, "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True
