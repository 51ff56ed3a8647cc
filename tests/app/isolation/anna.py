"""What anna has, and how a test looks at it."""

from dataclasses import dataclass
from typing import Any

import httpx

from memory import Owner

TELESCOPE = "Galileo7731"
"""What anna alone knows."""
ASKED = "NPV of -1000, 400, 400, 400 at 8 %"
BOUND, FREE = "frk_bound-of-isolation", "frk_free-of-isolation"


@dataclass(frozen=True)
class Hers:
    """What anna has, by its ids."""

    owner: Owner
    key: str
    run: str
    thread: str
    artifact: str
    message: str
    record: str
    decision: str
    project: str

    def headers(self, **more: str) -> dict[str, str]:
        """Of a request of hers."""
        return {"freya-user": str(self.owner), **more}


def filled(value: Any, text: str) -> Any:
    """The value with the text in every place that is left for one."""
    if isinstance(value, dict):
        return {filled(name, text): filled(each, text) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, text) for each in value]
    return text if value == "{}" else value


async def document(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    """What is kept of a user, but for when he asked and that he did, and for what is counted and listed behind his turns."""
    found: dict[str, Any] = (await client.get("/v1/memory/export", headers=headers)).json()
    for name in ("exported_at", "audit", "counts"):
        del found[name]
    found["records"] = [
        record for record in found["records"] if record["kind"] not in {"artifact", "performance"}
    ]
    return found
