"""`python -m tests.fakes.no_network WORK FOLDER`: a process that may make no socket, native code included.

The kernel kills it with SIGSYS at the first socket (seccomp(2), SECCOMP_SET_MODE_FILTER), or ring of asynchronous work by which
one could be made unseen. WORK is `scan`, which compiles the rules for keys of services into FOLDER and looks through a text, or
`socket`, which makes one.
"""

import ctypes
import platform
import socket
import struct
import sys
from pathlib import Path
from typing import Final

from memory.privacy import services

CALLS: Final = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine its number in the kernel's audit, and that of the call `socket`; other machines are not known here."""
TOKENS: Final = (
    f"ghp_{'1A2b3C4d5E6f7G8h9J0k' * 2}"[:40],
    f"glpat-{'x7Qm2Lp9Rt4Wz8Kd3Nv6'}",
    f"xoxb-{'219873645012-348176590231-'}{'aQ7zL2mX9cV4bN8kJ1hG5fD3'}",
)
_RING = 425  # io_uring_setup, on all machines
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _IS, _RETURN = (
    0x20,
    0x15,
    0x06,
)  # of a classic BPF program: a word of seccomp_data, a comparison, the verdict
_KILL, _ALLOW = 0x80000000, 0x7FFF0000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def forbid_sockets() -> None:
    """From here on a socket ends this process, in whatever thread and language it is made. Raises OSError."""
    machine, call = CALLS[platform.machine()]
    steps = (
        (_LOAD, 0, 0, 4),  # the machine
        (_IS, 0, 4, machine),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_IS, 1, 0, call),
        (_IS, 0, 1, _RING),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


def main(work: str, folder: Path) -> None:
    forbid_sockets()  # the library itself is loaded by what follows
    if work == "socket":
        socket.socket()
    services.keep_rules_in(folder)
    services.compile_rules()
    text = "\n".join(f"token = '{token}'" for token in TOKENS)
    print(len(list(services.service_keys(text))))  # noqa: T201  # the answer


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
