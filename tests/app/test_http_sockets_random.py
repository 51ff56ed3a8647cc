"""Ten thousand frames that nobody would send in earnest: each is answered, and the socket lives."""

import json
import random
import string
from typing import Any

import pytest

from tests.app.doors import SocketClient

_FRAMES = 10_000
_TYPES = ["message", "cancel", "subscribe", "resume", "ping", "accepted", "", "MESSAGE", None, 7]
_FIELDS = ["id", "message", "thread_id", "agents", "project_id", "metadata", "on_busy", "idempotency_key"]
_FIELDS += ["run_id", "after", "approved", "colour", "type"]
_ANSWERS = {"error", "pong"}


def value(random_: random.Random, depth: int = 0) -> Any:
    """Anything that JSON can say."""
    kinds = 8 if depth < 3 else 6
    match random_.randrange(kinds):
        case 0:
            return random_.choice([None, True, False])
        case 1:
            return random_.choice([0, -1, 2**31, 10**30, random_.random(), -1e308])
        case 2:
            return "".join(random_.choices(string.printable, k=random_.randrange(40)))
        case 3:
            return random_.choice(["\0", "\ud800", "💥" * 20, "run_" + "0" * 26, "x" * 5000])
        case 4:
            return random_.choice(["", "nobody", "reject", "cancel", "thr_none"])
        case 5:
            return random_.randrange(-5, 10**9 + 5)
        case 6:
            return [value(random_, depth + 1) for _ in range(random_.randrange(4))]
    return {random_.choice(_FIELDS): value(random_, depth + 1) for _ in range(random_.randrange(4))}


def frame(random_: random.Random) -> dict[str, str | bytes]:
    """A frame as it goes over the wire. None of them begins a run: a message names an agent that does not exist."""
    match random_.randrange(10):
        case 0:
            return {"bytes": random_.randbytes(random_.randrange(60))}
        case 1:
            return {"text": "".join(random_.choices(string.printable, k=random_.randrange(80)))}
        case 2:
            return {"text": json.dumps(value(random_))}
    made = {name: value(random_) for name in random_.sample(_FIELDS, random_.randrange(5))}
    made["type"] = random_.choice(_TYPES)
    if made["type"] == "message":
        made["agents"] = ["nobody"]
    whole = json.dumps(made)
    if random_.randrange(10) == 0:
        whole = whole[: random_.randrange(len(whole))]
    return {"text": whole}


@pytest.mark.slow
@pytest.mark.uncounted
async def test_ten_thousand_odd_frames_are_each_answered(app):
    random_ = random.Random(20)  # noqa: S311  # the same frames each time
    async with SocketClient(app) as socket:
        for number in range(_FRAMES):
            sent = frame(random_)
            socket.send_raw(**sent)
            answer = await socket.receive()
            assert answer["type"] in _ANSWERS, (number, sent, answer)
            if answer["type"] == "error":
                assert answer["problem"]["status"] < 500, (number, sent, answer)
                assert answer["problem"]["detail"]
        socket.send(type="ping", id="alive")
        assert await socket.receive() == {"type": "pong", "id": "alive"}
