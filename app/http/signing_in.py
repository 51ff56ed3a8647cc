"""Signing in to the console with an API key, and out again: a page without scripts of others, and a cookie.

The cookie holds a random token, which scripts cannot read and other sites cannot have sent. What it stands for is kept by the
service; the key itself is kept nowhere.
"""

from html import escape
from typing import Final
from urllib.parse import parse_qs

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from app.access import KeyBook, digest_of
from app.access.keys import of_settings
from app.access.sessions import COOKIE, LASTS_S, SignIns
from app.errors import as_problem
from app.http.replies import problem_response
from app.http.security import good_key, is_own, owner_of, token_of
from app.problems import Problem, ProblemError, problem
from app.settings import HttpSettings

_log = structlog.get_logger(__name__)
_LONGEST: Final = 4_096
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "referrer-policy": "same-origin",  # without a referrer browsers send `Origin: null` with a form
}
_PAGE: Final = """\
<!doctype html>
<html lang="en-US">
<head>
<title>Sign in · Freya</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/console/icon.svg">
<link rel="stylesheet" href="/console/theme.css">
<link rel="stylesheet" href="/console/sign-in.css">
<script src="/console/sign-in.js"></script>
</head>
<body class="fr-sign-in">
<main>
<form method="post" action="/sign-in">
<img src="/console/icon.svg" alt="" width="44" height="44">
<h1>Sign in to Freya</h1>
{trouble}
<input type="hidden" name="next" value="{to}">
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus maxlength="200" spellcheck="false">
<label for="user">User <span>(optional, where the key acts for several)</span></label>
<input id="user" name="user" autocomplete="username" maxlength="200" spellcheck="false" value="{user}">
<button type="submit">Sign in</button>
<p><code>freya keys create NAME</code> makes a key. It stays with this browser as a cookie for a week, and never as the key itself.</p>
</form>
</main>
</body>
</html>
"""


class SignIn:
    """The routes `/sign-in`, `/sign-out` and `/signed-in`."""

    def __init__(self, settings: HttpSettings) -> None:
        self._of_settings = of_settings(settings.key_hashes, settings.key_users)
        self._needs_key = bool(self._of_settings) or not settings.is_loopback
        self._origins = frozenset(settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Exception as error:
            found = as_problem(error)
            if found is None:
                raise
            response = problem_response(found)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        book: KeyBook = request.app.state.keys.book
        sign_ins: SignIns = request.app.state.sign_ins
        token = token_of(request.headers)
        open_to_all = not (self._needs_key or book.has_keys)
        if request.url.path == "/signed-in":
            return Response(
                status_code=204 if open_to_all or await self._is_in(sign_ins, book, token) else 401
            )
        if request.method == "POST" and not is_own(request.headers, self._origins):
            raise ProblemError(problem("forbidden", "Pages of other origins may not speak to this service."))
        if request.url.path == "/sign-out":
            await sign_ins.end(token)
            return _with_cookie(Response(status_code=204), request, "", 0)
        if open_to_all:
            return RedirectResponse("/", 303)
        if request.method != "POST":
            return _page(_within(request.query_params.get("next", "")))
        return await self._begin(request, book, sign_ins)

    async def _begin(self, request: Request, book: KeyBook, sign_ins: SignIns) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST:
                raise ProblemError(problem("body_too_large", "A sign-in takes less than that."))
        given = parse_qs(bytes(body).decode("utf-8", "replace"))
        text, user, to = (given.get(name, [""])[0].strip() for name in ("key", "user", "next"))
        to = _within(to)
        key = (self._of_settings.get(digest_of(text)) or await book.find(text)) if text else None
        if key is None or key.id == "settings:own":
            _log.warning("a sign-in was refused", client=request.client and request.client.host)
            return _page(
                to,
                user=user,
                trouble=problem("unauthorized", "The service knows no such key, or it is good no longer."),
            )
        owner = owner_of(key, user or None)
        if isinstance(owner, Problem):
            return _page(to, user=user, trouble=owner)
        book.used(key, owner)
        token = await sign_ins.begin(key, owner)
        _log.info("signed in", key_id=key.id, user=str(owner))
        return _with_cookie(RedirectResponse(to, 303), request, token, LASTS_S)

    async def _is_in(self, sign_ins: SignIns, book: KeyBook, token: str) -> bool:
        found = await sign_ins.find(token)
        return found is not None and good_key(book, self._of_settings, found.key_id) is not None


def _page(to: str, *, user: str = "", trouble: Problem | None = None) -> Response:
    said = f'<p role="alert">{escape(trouble.detail)}</p>' if trouble else ""
    page = _PAGE.format(trouble=said, to=escape(to), user=escape(user))
    return HTMLResponse(page, trouble.status if trouble else 200, _HEADERS)


def _within(to: str) -> str:
    """Where to go on to: a path of this service, whatever was asked for."""
    return (
        to
        if to.startswith("/") and not to.startswith(("//", "/\\")) and "\\" not in to and to.isprintable()
        else "/"
    )


def _with_cookie(response: Response, request: Request, token: str, age: int) -> Response:
    response.set_cookie(
        COOKIE, token, max_age=age, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response
