"""The policy of the console's pages."""

import re

import httpx
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import Receive, Scope, Send

from app.console.nonces import with_nonces


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    page = "<script>1</script><script type=module>2</script>&lt;script&gt;<scripty>"
    answer = HTMLResponse(page) if scope["path"] == "/" else JSONResponse({"text": "<script>"})
    await answer(scope, receive, send)


async def test_own_scripts_have_a_nonce_that_is_another_each_time():
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(with_nonces(_app)), base_url="http://x"
    ) as client:
        first, second = await client.get("/"), await client.get("/")
        nonces = [re.findall(r'<script nonce="([^"]+)"', answer.text) for answer in (first, second)]
        assert [len(one) for one in nonces] == [2, 2]
        assert nonces[0][0] != nonces[1][0]
        policy = first.headers["content-security-policy"]
        assert f"'nonce-{nonces[0][0]}'" in policy
        assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
        other = await client.get("/data")
        assert "content-security-policy" not in other.headers
        assert other.json() == {"text": "<script>"}
