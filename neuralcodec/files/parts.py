"""What is not complete yet: files and folders beside the place that they will take, and how they take it.

A part has the name of its target (as a digest, because names can be as long as they may be) and of its process in its
own, and its process holds a lock on it. So what a process left behind that was killed can be told from what another one
is writing, also on a shared disk.
"""

import contextlib
import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import sys

try:
    import fcntl
except ImportError:  # Windows, where nothing is swept
    fcntl = None

_SUFFIX = ".part"
_HERE, _SWAP = -100, 2  # AT_FDCWD; RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS

_left = {}  # folder -> names of the parts in it when this process first wrote there


def part_beside(target):
    """Path for a new part of a file or folder.

    Args:
        target: Path.
    """
    return target.with_name(f".{_digest(target)}.{os.getpid()}.{secrets.token_hex(4)}{_SUFFIX}")


def lock(descriptor):
    """Marks an open part as being written, as long as it is open."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def check_part(part, descriptor):
    """Makes sure that a part, which was opened when it was made, still has its name.

    Raises:
        OSError: something else stands there, such as a link; what is open was written all the same, and nothing else.
    """
    if not os.path.samestat(os.stat(part, follow_symlinks=False), os.fstat(descriptor)):
        raise OSError(errno.ESTALE, "another program replaced what was written of it so far")


def sweep(target):
    """Removes what processes that are no more have left of a target.

    Args:
        target: Path.
    """
    if fcntl is None:
        return
    folder = target.parent
    if folder not in _left:
        with contextlib.suppress(OSError):
            _left[folder] = [name for name in os.listdir(folder) if name.startswith(".") and name.endswith(_SUFFIX)]
    mine = [name for name in _left.get(folder, ()) if name.startswith(f".{_digest(target)}.")]
    for name in mine:
        _left[folder].remove(name)
        if _is_dead(name.split(".")[2]):
            _remove_if_free(folder / name)


def _digest(target):
    return hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]


def _is_dead(number):
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (ValueError, OverflowError, OSError):  # no number, or a process of somebody else
        pass
    return False


def _remove_if_free(part):
    with contextlib.suppress(OSError):
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(part) if part.is_dir() else part.unlink()
        finally:
            os.close(descriptor)


def put(part, target, overwrite):
    """Gives a part its name.

    Args:
        part, target: Paths of files in the same folder.
        overwrite: whether it takes the place of a file.

    Raises:
        FileExistsError: there is one, and it may not.
        OSError: it cannot be renamed.
    """
    if overwrite:
        os.replace(part, target)
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: take the name first, then replace what stands there
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.replace(part, target)
    else:
        os.unlink(part)


def exchange(one, other):
    """Swaps the names of two files or folders in one step, where the system can.

    Returns:
        Whether it was done.
    """
    names = os.fsencode(one), os.fsencode(other)
    library = ctypes.CDLL(None) if sys.platform in ("linux", "darwin") else None
    if hasattr(library, "renameat2"):
        return library.renameat2(_HERE, names[0], _HERE, names[1], _SWAP) == 0
    if hasattr(library, "renamex_np"):
        return library.renamex_np(*names, _SWAP) == 0
    return False
