"""The account the servers run as: PostgreSQL refuses root, so root lends it an unprivileged one."""

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import AccountUnusable

_PREFERRED = ("postgres", "nobody")
_STATUS = Path("/proc/self/status")
# Bits of the capability sets in /proc/self/status (linux/capability.h). Reading comes first: it is the narrower one.
_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))


@dataclass(frozen=True)
class Account:
    """An unprivileged account, and the command that starts a program under it."""

    uid: int
    gid: int
    name: str
    prefix: tuple[str, ...] = ()
    """Stands before a command; empty when `Popen(user=...)` is enough."""

    def own(self, path: Path) -> None:
        """Give one file or folder to the account."""
        os.chown(path, self.uid, self.gid)


def unprivileged_account(data: Path, cluster: Path, programs: Iterable[Path]) -> Account | None:
    """The account to run servers as; `None` when this process is not root and can run them itself.

    It is the owner of an existing `cluster`, else of the `data` folder, else `postgres`, else `nobody`.
    No account is made and no permission outside the data folder is touched: where the account cannot
    reach `data` or the `programs` (both often lie below /root), it gets the one capability to pass.

    Raises AccountUnusable when there is no such account or it cannot be let through.
    """
    if os.geteuid() != 0:
        return None
    entry = _choose(cluster, data)
    account = Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)
    blocked = next((path for path in (data, *programs) if not _reaches(account, path)), None)
    if blocked is None:
        return account
    capability = _capability()
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if capability is None or setpriv is None:
        raise AccountUnusable(
            f"PostgreSQL refuses to run as root, and the account {account.name!r} cannot reach {blocked}. "
            "Start Freya as an ordinary user, or install it and keep its data folder below a path "
            "everyone may pass, such as /opt and /var/lib."
        )
    return Account(
        uid=account.uid,
        gid=account.gid,
        name=account.name,
        prefix=(
            setpriv,
            f"--reuid={account.uid}",
            f"--regid={account.gid}",
            "--clear-groups",
            f"--inh-caps=-all,+{capability}",
            f"--ambient-caps=-all,+{capability}",
            "--",
        ),
    )


def _choose(cluster: Path, data: Path) -> pwd.struct_passwd:
    for path in (cluster, data):
        if path.exists() and (owner := path.stat().st_uid) != 0:
            try:
                return pwd.getpwuid(owner)  # initdb insists on an account with a name
            except KeyError:
                continue
    for name in _PREFERRED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AccountUnusable(
        "PostgreSQL refuses to run as root, and neither a 'postgres' nor a 'nobody' account exists. "
        "Start Freya as an ordinary user, or add one of these accounts."
    )


def _reaches(account: Account, path: Path) -> bool:
    """Whether the account may pass every folder down to `path`, itself included."""
    existing = [folder for folder in (path, *path.parents) if folder.is_dir()]
    return all(_may_pass(account, folder.stat()) for folder in existing)


def _may_pass(account: Account, status: os.stat_result) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _capability() -> str | None:
    if not _STATUS.exists():
        return None
    lines = (line.partition(":") for line in _STATUS.read_text().splitlines())
    permitted = next((int(value, 16) for key, _, value in lines if key == "CapPrm"), 0)
    return next((name for name, bit in _CAPABILITIES if permitted >> bit & 1), None)
