"""Which scope of a key opens which route. A route that is not listed opens to `admin` alone."""

import re

from app.access import SCOPES, Scope

Need = frozenset[Scope]
_ADMIN: Need = frozenset({"admin"})
ANY: Need = frozenset(SCOPES)
"""Any key."""


def _need(*scopes: Scope) -> Need:
    return frozenset(scopes)


_TURN = _need("chat")
_READ = _need("read")
_FOLLOW = _need("chat", "read")
_BEGIN = _need("chat", "write")
_WRITE = _need("write")
_KNOWLEDGE = _need("knowledge")
_RECALLED = "/v1/memory/{record_id}"

NEEDS: dict[str, Need] = {
    "POST /v1/chat": _TURN,
    "POST /v1/chat/stream": _TURN,
    "WS /v1/ws": _TURN,
    "POST /v1/runs/{run_id}/cancel": _TURN,
    "POST /v1/runs/{run_id}/resume": _TURN,
    "POST /v1/threads/{thread_id}/fork": _TURN,
    "GET /openai/v1/models": _FOLLOW,
    "GET /openai/v1/models/{model:path}": _FOLLOW,
    "POST /openai/v1/chat/completions": _TURN,
    "GET /mcp": _TURN,
    "POST /mcp": _TURN,
    "DELETE /mcp": _TURN,
    "POST /v1/attachments": _BEGIN,
    "GET /v1/attachments/{attachment_id}": _FOLLOW,
    "DELETE /v1/attachments/{attachment_id}": _BEGIN,
    "GET /v1/threads/{thread_id}/attachments": _FOLLOW,
    "PATCH /v1/threads/{thread_id}": _BEGIN,
    "POST /v1/feedback": _TURN,
    "GET /v1/runs": _FOLLOW,
    "GET /v1/runs/{run_id}": _FOLLOW,
    "GET /v1/runs/{run_id}/events": _FOLLOW,
    "GET /v1/runs/{run_id}/trace": _FOLLOW,
    "GET /v1/artifacts": _FOLLOW,
    "GET /v1/artifacts/{artifact_id}": _FOLLOW,
    "POST /v1/threads": _BEGIN,
    "GET /v1/threads": _FOLLOW,
    "GET /v1/threads/{thread_id}": _FOLLOW,
    "DELETE /v1/threads/{thread_id}": _WRITE,
    "GET /v1/threads/{thread_id}/messages": _FOLLOW,
    "GET /v1/threads/{thread_id}/runs": _FOLLOW,
    "GET /v1/agents": _FOLLOW,
    "GET /v1/agents/{name}": _FOLLOW,
    "GET /v1/agents/designed": _READ,
    "GET /v1/agents/designed/{name}/versions": _READ,
    "POST /v1/agents/designed": _ADMIN,
    "POST /v1/agents/designed/{name}/rollback": _ADMIN,
    "POST /v1/agents/designed/{name}/disable": _ADMIN,
    "GET /v1/memory": _READ,
    "GET /v1/memory/recall": _READ,
    "GET /v1/memory/status": _READ,
    "GET /v1/memory/audit": _READ,
    "GET /v1/memory/export": _READ,
    "GET /v1/memory/interactions": _READ,
    f"GET {_RECALLED}": _READ,
    f"GET {_RECALLED}/history": _READ,
    f"PATCH {_RECALLED}": _WRITE,
    f"DELETE {_RECALLED}": _WRITE,
    "DELETE /v1/memory/messages/{message_id}": _WRITE,
    "POST /v1/memory/import": _WRITE,
    "POST /v1/memory/erase": _WRITE,
    "POST /v1/memory/redact": _WRITE,
    "POST /v1/memory/reveal": _WRITE,
    "POST /v1/projects": _WRITE,
    "GET /v1/projects": _READ,
    "GET /v1/projects/{project_id}": _READ,
    "PATCH /v1/projects/{project_id}": _WRITE,
    "DELETE /v1/projects/{project_id}": _WRITE,
    "GET /v1/projects/{project_id}/members": _READ,
    "POST /v1/projects/{project_id}/members": _WRITE,
    "DELETE /v1/projects/{project_id}/members/{user_id}": _WRITE,
    "GET /v1/knowledge": _READ,
    "GET /v1/knowledge/catalogue": _READ,
    "GET /v1/knowledge/duplicates": _READ,
    "GET /v1/knowledge/export": _READ,
    "GET /v1/knowledge/gaps": _READ,
    "GET /v1/knowledge/jobs": _READ,
    "GET /v1/knowledge/jobs/{job_id}": _READ,
    "GET /v1/knowledge/mappings": _READ,
    "GET /v1/knowledge/pairs": _READ,
    "GET /v1/knowledge/pairs/{pair_id}": _READ,
    "GET /v1/knowledge/progress": _READ,
    "GET /v1/knowledge/search": _READ,
    "GET /v1/knowledge/sources": _READ,
    "GET /v1/knowledge/sources/{source_id}": _READ,
    "GET /v1/knowledge/status": _READ,
    "GET /v1/knowledge/topics": _READ,
    "GET /v1/knowledge/topics/{slug}": _READ,
    "GET /v1/knowledge/versions": _READ,
    "GET /v1/knowledge/versions/{number}": _READ,
    "GET /v1/knowledge/versions/{number}/evaluation": _READ,
    "POST /v1/knowledge/catalogue": _KNOWLEDGE,
    "POST /v1/knowledge/import": _KNOWLEDGE,
    "POST /v1/knowledge/jobs": _KNOWLEDGE,
    "POST /v1/knowledge/jobs/{job_id}/cancel": _KNOWLEDGE,
    "POST /v1/knowledge/versions/rollback": _KNOWLEDGE,
    "POST /v1/knowledge/versions/{number}/activate": _KNOWLEDGE,
    "PUT /v1/knowledge/mappings": _KNOWLEDGE,
    "DELETE /v1/knowledge/mappings": _KNOWLEDGE,
    "PUT /v1/knowledge/topics/{slug}": _KNOWLEDGE,
    "DELETE /v1/knowledge/topics/{slug}": _KNOWLEDGE,
    "POST /v1/keys": _ADMIN,
    "GET /v1/keys": _ADMIN,
    "GET /v1/keys/{key_id}": _ADMIN,
    "POST /v1/keys/{key_id}/revoke": _ADMIN,
    "POST /v1/keys/{key_id}/rotate": _ADMIN,
    "GET /metrics": _need("metrics"),
    "GET /": ANY,
    "GET /docs": ANY,
    "GET /docs/oauth2-redirect": ANY,
    "GET /openapi.json": ANY,
    "GET /asyncapi.json": ANY,
    "GET /static-offline-docs/{path:path}": ANY,
}
"""By method and path of a route; one of the scopes is enough."""

CONSOLE_PAGES = frozenset(
    {
        "GET /",
        "GET /threads/{thread_id}",
        *(f"GET /{name}" for name in ("agents", "knowledge", "memory", "runs", "health")),
        *(f"GET /{name}/{{rest:path}}" for name in ("agents", "knowledge", "memory", "runs", "health")),
    }
)
"""Pages of the console, which any key opens; what it may do there, the page asks the other routes' scopes for."""

CONSOLE_SOCKET = "WS /_nicegui_ws/{rest:path}"
CONSOLE_SIGN_IN = frozenset({"GET /sign-in", "POST /sign-in", "POST /sign-out", "GET /signed-in"})
CONSOLE_FILES = frozenset({"GET /_nicegui/{rest:path}", "GET /console/{rest:path}", "GET /favicon.ico"})
"""Scripts and styles, which say nothing of anybody."""

CONSOLE = CONSOLE_PAGES | CONSOLE_SIGN_IN | CONSOLE_FILES | {CONSOLE_SOCKET}
"""Routes of the console, where there is one; none is in the OpenAPI document."""

HEALTH = frozenset({"GET /healthz", "GET /readyz"})
OPEN = HEALTH | CONSOLE_SIGN_IN | CONSOLE_FILES
"""Routes that need no key, and are counted against no limit."""

BY_COOKIE = CONSOLE_PAGES | {
    CONSOLE_SOCKET,
    "GET /v1/artifacts/{artifact_id}",
    "GET /v1/attachments/{attachment_id}",
    "POST /v1/attachments",
    "POST /v1/knowledge/import",
    "GET /v1/memory/export",
    "GET /v1/knowledge/export",
    "GET /docs",
    "GET /openapi.json",
    "GET /static-offline-docs/{path:path}",
}
"""Routes that a browser which signed in to the console opens without sending its key."""

STREAMS = frozenset(
    {
        "POST /v1/chat/stream",
        "GET /v1/runs/{run_id}/events",
        "WS /v1/ws",
        "POST /openai/v1/chat/completions",
        "GET /mcp",
        "POST /mcp",
        CONSOLE_SOCKET,
    }
)
"""Routes that hold a connection for as long as a run goes on."""

_PARAMETER = re.compile(r"\\\{\w+(:path)?\\\}")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(lambda found: ".*" if found[1] else "[^/]+", re.escape(path)), re.DOTALL)


_LISTED = (*NEEDS, *sorted(OPEN | CONSOLE))
_EXACT = frozenset(name for name in _LISTED if "{" not in name)
_PATTERNS = [(name, _pattern(name)) for name in _LISTED if "{" in name]


def route_of(method: str, path: str) -> str | None:
    """The listed route that a request goes to, by its method (`WS` for a WebSocket) and decoded path."""
    asked = f"{'GET' if method == 'HEAD' else method} {path}"
    if asked in _EXACT:
        return asked
    return next((name for name, pattern in _PATTERNS if pattern.fullmatch(asked)), None)


def need_of(route: str | None) -> Need:
    """The scopes of which a key needs one."""
    return ANY if route in CONSOLE else NEEDS.get(route or "", _ADMIN)
