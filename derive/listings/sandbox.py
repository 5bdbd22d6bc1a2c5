"""What the system holds a block to: memory, processor, files, processes, network.

    resources    address space, processor time, size of files written (0), open files, processes (0), core dumps (0)
    calls        Linux: a filter in the kernel that lets through what reading, arithmetic and memory need, and opening
                 files to read; all else is refused: to write, make, move or delete files and pipes, set times and
                 attributes, start processes and threads, send signals, open sockets, share memory
    accidents    an audit hook, which says in words what it refuses; code that means to can undo it

Reading the caller's files is not prevented. Where the kernel has no filter, what does not grow a file (mkfifo, utime,
deleting) and, for the superuser, processes are held by the audit hook alone. `derive doctor` says what holds here.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MEMORY, PROCESSOR_SECONDS, OPEN_FILES = 2_000_000_000, 30, 64
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink",
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill", "os.putenv",
    "os.startfile", "os.utime", "os.setxattr", "os.removexattr", "shutil.", "subprocess.", "socket.", "pty.",
    "ctypes.", "webbrowser.", "urllib.", "ftplib.", "smtplib.", "http.", "signal.pthread_kill", "sqlite3.",
    "tempfile.", "_thread.start_new_thread", "_posixsubprocess.",
)  # fmt: skip


class Refused(Exception):
    """The block tried what a formula has no need of."""


def applied() -> dict[str, bool]:
    """Hold this process to the limits, for good; which of them hold."""
    held, filtered = _resources(), _filtered()
    return {**held, "processes": held["processes"] or filtered, "calls": filtered, "accidents": _hooked()}


def _hooked() -> bool:
    def refuse(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(REFUSED):
            raise Refused(f"{event} is not allowed here")
        if event == "open":
            mode, flags = (args[1] if len(args) > 1 else "r"), (args[2] if len(args) > 2 else 0)
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITING):
                raise Refused(f"writing {args[0]} is not allowed here")

    sys.addaudithook(refuse)
    return True


def _resources() -> dict[str, bool]:
    return {
        "memory": _limited("RLIMIT_AS", MEMORY),
        "processor": _limited("RLIMIT_CPU", PROCESSOR_SECONDS),
        "files": _limited("RLIMIT_FSIZE", 0) and _limited("RLIMIT_NOFILE", OPEN_FILES) and _limited("RLIMIT_CORE", 0),
        "processes": _limited("RLIMIT_NPROC", 0) and os.geteuid() != 0,
    }


def _limited(kind: str, most: int) -> bool:
    with contextlib.suppress(AttributeError, ValueError, OSError):
        resource.setrlimit(getattr(resource, kind), (most, most))
        return True
    return False


# ---------------------------------------------------------------------------- the filter of system calls

ALLOWED = {
    "x86_64": (0xC000003E, 257, (
        0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 21, 24, 25, 28, 32, 35, 39, 60, 63, 79, 89, 96,
        98, 100, 102, 104, 107, 108, 131, 186, 201, 202, 204, 217, 228, 229, 230, 231, 262, 267, 269, 273, 318, 332,
        334, 439,
    )),
    "aarch64": (0xC00000B7, 56, (
        17, 23, 48, 57, 61, 62, 63, 64, 65, 66, 67, 73, 78, 79, 80, 93, 94, 98, 99, 101, 113, 114, 115, 123, 124, 132,
        134, 135, 139, 153, 160, 165, 169, 172, 174, 175, 176, 177, 178, 214, 215, 216, 222, 226, 233, 278, 291, 293,
        439,
    )),
}  # fmt: skip
"""For each machine: its name to the kernel, openat, and what is let through.

read, write (nothing is open for writing but the answer), readv, writev, pread64, close, dup, lseek, stat, fstat, lstat,
newfstatat, statx, access, faccessat, faccessat2, readlink, readlinkat, getdents64, getcwd, poll, ppoll; mmap, mprotect,
munmap, mremap, madvise, brk; futex, set_robust_list, rseq, sched_yield, sched_getaffinity; rt_sigaction,
rt_sigprocmask, rt_sigreturn, sigaltstack; nanosleep, clock_gettime, clock_getres, clock_nanosleep, gettimeofday, time,
times, getrusage; getpid, gettid, getuid, geteuid, getgid, getegid, uname, getrandom; exit, exit_group.
"""
LOAD, EQUAL, ANY_BIT, ANSWER = 0x20, 0x15, 0x45, 0x06
LET, NOT_PERMITTED = 0x7FFF0000, 0x00050001
NUMBER, MACHINE, THIRD_ARGUMENT = 0, 4, 32
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2


def _filtered() -> bool:
    """Install the filter, where this is a Linux whose calls are known; it cannot be taken away again."""
    if sys.platform != "linux" or platform.machine() not in ALLOWED or sys.maxsize < 2**32:
        return False
    machine, openat, allowed = ALLOWED[platform.machine()]
    steps = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, machine), (ANSWER, 0, 0, NOT_PERMITTED), (LOAD, 0, 0, NUMBER)]
    for number in allowed:
        steps += [(EQUAL, 0, 1, number), (ANSWER, 0, 0, LET)]
    steps += [(EQUAL, 0, 3, openat), (LOAD, 0, 0, THIRD_ARGUMENT), (ANY_BIT, 1, 0, WRITING), (ANSWER, 0, 0, LET)]
    steps += [(ANSWER, 0, 0, NOT_PERMITTED)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    whole = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(program)))
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return False
    word = ctypes.c_ulong
    prctl.argtypes = [ctypes.c_int, word, ctypes.c_void_p, word, word]
    return bool(prctl(NO_NEW_PRIVILEGES, 1, None, 0, 0) == 0 and prctl(SECCOMP, FILTER, whole, 0, 0) == 0)
