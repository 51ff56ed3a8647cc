"""Requests made of the service's own description, right and wrong ones: none is a defect, and every answer is as described.

Schemathesis has an environment of its own, which `make fuzz` makes: it does not work with the versions of Hypothesis and
jsonschema-rs that the service and its tests need.
"""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.running import running
from tests.e2e.seeding import fresh_data

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
TOOL = Path(__file__).parents[2] / "build" / "fuzz" / "bin" / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = ["importCatalogue", "importMemory", "streamChat", "streamRunEvents"]
"""It writes neither TOML nor JSON lines, and holds the frame around a server-sent event against the schema of its data, which
other tests hold every event against."""
_LONGEST_S = 240


async def test_answers_to_made_up_requests_are_as_described(tmp_path: Path):
    if not TOOL.exists():
        pytest.skip("needs the environment that `make fuzz` makes")
    left_out = [word for name in LEFT_OUT for word in ("--exclude-operation-id", name)]
    async with fresh_data("freya-described-") as data, running(data) as command:
        process = await asyncio.create_subprocess_exec(
            *(str(TOOL), "run", f"{command.url}/openapi.json", "--phases", "fuzzing", "--checks", CHECKS),
            *("--max-examples", "3", "--generation-deterministic", "--no-shrink", "--continue-on-failure"),
            *("--suppress-health-check", "all", "--request-timeout", "60", "--warnings", "off", "--no-color"),
            *left_out,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(_LONGEST_S):
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-12_000:]
    assert "No test cases were generated" not in said.decode()
