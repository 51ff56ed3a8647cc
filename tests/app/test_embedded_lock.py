import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded import DataFolderBusy, DataFolderUnusable, Instance, InstanceLock, running_instance

ROOT = Path(__file__).parents[2]
HOLD = (
    "import asyncio, sys\n"
    "from pathlib import Path\n"
    "from app.embedded import InstanceLock\n"
    "async def main():\n"
    "    async with InstanceLock(Path(sys.argv[1])) as lock:\n"
    "        await lock.announce('http://127.0.0.1:8321')\n"
    "        print('held', flush=True)\n"
    "        await asyncio.Event().wait()\n"
    "asyncio.run(main())\n"
)


@pytest.fixture
async def holder(tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"held\n"
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_second_instance_is_refused_and_told_who_holds_the_folder_and_where(tmp_path, holder):
    with pytest.raises(DataFolderBusy) as refused:
        async with InstanceLock(tmp_path):
            pass
    message = str(refused.value)
    assert str(tmp_path) in message
    assert f"process {holder.pid}" in message
    assert "http://127.0.0.1:8321" in message
    assert "Stop that one" in message
    assert (refused.value.pid, refused.value.address) == (holder.pid, "http://127.0.0.1:8321")


async def test_killed_instance_holds_nothing(tmp_path, holder):
    assert await running_instance(tmp_path) == Instance(pid=holder.pid, address="http://127.0.0.1:8321")
    holder.kill()
    await holder.wait()
    assert await running_instance(tmp_path) is None
    async with InstanceLock(tmp_path):
        assert await running_instance(tmp_path) == Instance(pid=os.getpid(), address=None)


async def test_instance_that_left_holds_nothing(tmp_path):
    async with InstanceLock(tmp_path / "new" / "folder") as lock:
        await lock.announce("http://[::1]:80")
    assert await running_instance(tmp_path / "new" / "folder") is None
    with pytest.raises(RuntimeError, match="needs the lock"):
        await lock.announce("http://[::1]:80")


async def test_folder_that_never_was_has_no_instance(tmp_path):
    assert await running_instance(tmp_path / "nothing") is None


@pytest.mark.usefixtures("holder")
async def test_holder_that_has_not_written_yet_is_still_named_as_a_process(tmp_path):
    (tmp_path / "service.lock").write_text("")
    with pytest.raises(DataFolderBusy, match=r"\(another process\)"):
        async with InstanceLock(tmp_path):
            pass


async def test_lock_file_that_is_a_folder_is_explained(tmp_path):
    (tmp_path / "service.lock").mkdir()
    with pytest.raises(DataFolderUnusable, match=r"service\.lock cannot be opened"):
        async with InstanceLock(tmp_path):
            pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend a test another account")
async def test_folder_without_the_right_to_write_is_explained(tmp_path):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from app.embedded.errors import DataFolderUnusable\n"
        "from app.embedded.folder import make_folder\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    make_folder(Path(sys.argv[1]))\n"
        "except DataFolderUnusable as error:\n"
        "    print(error)\n"
    )
    shown = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Permission denied" in shown.stdout
    assert "Give yourself the right to write there" in shown.stdout
