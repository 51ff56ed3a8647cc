import asyncio
from pathlib import Path

import pytest

from app.sandbox import Limits, SubprocessSandbox


async def test_code_runs_in_a_folder_of_its_own_without_environment_and_without_a_trace():
    code = (
        "import os, sys; print(sorted(os.listdir('.')), dict(os.environ).get('HOME'), os.getcwd(), sys.argv)"
    )
    found = await SubprocessSandbox().run({"it.py": code}, "it", "one")
    assert (found.code, found.timed_out) == (0, False)
    assert "['it.py'] None" in found.output
    folder = found.output.split()[2]
    assert folder.startswith("/")
    assert not await asyncio.to_thread(Path(folder).exists)


async def test_an_endless_loop_is_ended_with_all_it_started():
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'while True: pass'])\nwhile True: pass"
    found = await SubprocessSandbox(Limits(seconds=1.0)).run({"it.py": code}, "it")
    assert found.timed_out
    assert found.code != 0


@pytest.mark.parametrize(
    ("code", "limits", "told"),
    [
        ("x = bytearray(600_000_000)", Limits(memory=300_000_000), "MemoryError"),
        ("open('big', 'wb').write(b'x' * 2_000_000)", Limits(file_size=1_000_000), "File too large"),
        ("while True: pass", Limits(processor_seconds=1, seconds=15), ""),
        ("1/0", Limits(), "ZeroDivisionError"),
    ],
)
async def test_memory_files_and_processor_time_are_limited(code, limits, told):
    found = await SubprocessSandbox(limits).run({"it.py": code}, "it")
    assert found.code != 0
    assert told in found.output


@pytest.mark.parametrize("line", [1_000, 1_000_000])
async def test_output_is_cut_and_what_floods_us_is_ended(line):
    async with asyncio.timeout(30):
        found = await SubprocessSandbox(Limits(output=10_000)).run(
            {"it.py": f"while True: print('x' * {line})"}, "it"
        )
    assert found.timed_out
    assert len(found.output) <= 10_000


async def test_there_is_no_network_where_the_system_lets_us_take_it():
    code = "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError as e: print(e)"
    found = await SubprocessSandbox().run({"it.py": code}, "it")
    assert not found.isolated or "unreachable" in found.output


async def test_a_file_name_with_a_folder_is_refused():
    with pytest.raises(ValueError, match="no plain file name"):
        await SubprocessSandbox().run({"../it.py": ""}, "it")
