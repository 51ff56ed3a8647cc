"""Private keys, passwords, and what is assigned to names of secrets; keys of services are found by `services` too."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from memory.privacy.kinds import DataKind, Finding

# Forms that `services` leaves alone or finds beside the service's name only, from the services' own documentation.
_FORMS: Final = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",  # AWS
    r"ya29\.[\w-]{20,512}",  # Google
    r"GOCSPX-[\w-]{28}",
    r"(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,247}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{24,100}",
    r"ops_eyJ[\w-]{200,2048}={0,2}",  # 1Password
    r"AKCp[A-Za-z0-9]{60,80}",  # Artifactory
    r"[MNO][A-Za-z0-9]{23,25}\.[\w-]{6}\.[\w-]{27,40}",  # Discord
    r"pat-[a-z]{2}\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # HubSpot
    r"[0-9a-f]{32}-us\d{1,2}",  # Mailchimp
    r"key-[0-9a-f]{32}",  # Mailgun
    r"NRAK-[A-Z0-9]{27}",  # New Relic
    r"pscale_(?:tkn|pw|oauth)_[\w.=-]{32,64}",  # PlanetScale
    r"\d{8,10}:AA[\w-]{33}",  # Telegram
    r"eyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{0,4096}",  # JSON web token, RFC 7519
)
_ISSUED: Final = re.compile(rf"(?<![A-Za-z0-9_-])(?:{'|'.join(_FORMS)})(?![A-Za-z0-9])")
_SK: Final = re.compile(
    r"(?<![A-Za-z0-9_-])sk-(?:[a-z]{2,12}\d{0,2}-){0,3}[A-Za-z0-9_-]{16,200}(?![A-Za-z0-9])"
)
_PEM: Final = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PEM_WITHOUT_END: Final = 8192
_HEADER: Final = re.compile(r"\b(?:Bearer|Basic|Token)[ =]+([A-Za-z0-9._~+/-]{16,4096}={0,2})", re.IGNORECASE)
_IN_URL: Final = re.compile(r"://[^\s:/@\"']{0,64}:([^\s/@\"'{}$<]{3,128})@")
_AWS_SECRET: Final = re.compile(
    r"secret[_ -]?(?:access[_ -]?)?key[\"']?\s{0,3}[:=]\s{0,3}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    re.IGNORECASE,
)
_PASSWORDS: Final = "password|passwd|passphrase|pwd|passcode"
_TOKENS: Final = (
    "secret|token|credentials?|api[_ -]?key|(?:access|secret|private|auth|encryption|signing|account|master|license|shared"
    "|subscription|deploy|webhook)[_ -]?key"
)
_ASSIGNED: Final = re.compile(
    rf"(?:(?P<password>{_PASSWORDS})|(?:{_TOKENS}))[\"'\]]{{0,2}}(?:: ?[A-Za-z][\w.\[\]| ]{{0,30}}(?= ?=))?"
    r"(?P<between>\s{0,3}(?::=|=>|={1,2}|:|\bis\b:?)\s{0,3})"
    r"[bfru]?(?:\"(?P<double>[^\"\n]{4,256})\"|'(?P<single>[^'\n]{4,256})'"
    r"|(?P<bare>[^\s\"'`,;<>(){}\[\]]{6,256}+)(?![(\[{]))",
    re.IGNORECASE,
)
_KEY: Final = re.compile(rf"(?:{_PASSWORDS}|{_TOKENS}|authorization|cookie)$", re.IGNORECASE)
_NO_VALUE: Final = re.compile(
    r"(?:your|my[_-]|change|example|placeholder|x{3}|[*.•_-]{3}|<|\$|\{|%|\[|(?:none|null|nil|true|false|string|str|"
    r"(?:password|passwd|secret|token)\d?|required|optional|redacted|invalid|missing|expired|incorrect|wrong)\b)",
    re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"[A-Za-z_]\w*(?:(?:\.|->|::|/)[A-Za-z_]\w*)+|[A-Za-z]+(?:_[A-Za-z0-9]+)+|[A-Za-z_]+"
)
_VARIABLE: Final = re.compile(r"[A-Za-z]+\d")
_SHORTEST_TOKEN, _TOKEN_ENTROPY = 16, 3.0
_SHORTEST_PASSWORD = 6


def credentials(text: str) -> Iterator[Finding]:
    """Private keys, keys of some services by their form, passwords in URLs, and what is assigned to a name such as `password`.

    Of an assignment the value alone is found: for passwords any literal, for others one of 16 characters or more with
    letters, digits and at least 3 bits of entropy a character (Shannon 1948).
    """
    for match in _ISSUED.finditer(text):
        yield _found(match.span())
    for match in _SK.finditer(text):
        if any(_is_mixed(part) for part in re.split(r"[-_]", match[0])):
            yield _found(match.span())
    yield from _private_keys(text)
    for match in _HEADER.finditer(text):
        if _is_random(match[1]):
            yield _found(match.span(1))
    for match in _IN_URL.finditer(text):
        if not _NO_VALUE.match(match[1]):
            yield _found(match.span(1))
    for match in _AWS_SECRET.finditer(text):
        yield _found(match.span(1))
    yield from _assigned(text)


def is_secret_under(key: str, value: str) -> bool:
    """Whether a value is a secret by its key: any under `password`, `api_key` and the like; under `token` a long word.

    A short one may as well be a word of a language, or a currency.
    """
    named = _KEY.search(key)
    if named is None or not value:
        return False
    return named[0].lower() != "token" or (len(value) >= _SHORTEST_TOKEN and len(value.split()) == 1)


def _found(span: tuple[int, int]) -> Finding:
    return Finding(*span, DataKind.SECRET)


def _private_keys(text: str) -> Iterator[Finding]:
    """From each BEGIN to the next END; a key that was cut off, as far as it may go."""
    begun: int | None = None
    for match in _PEM.finditer(text):
        if match[1] == "END":
            if begun is not None:
                yield _found((begun, match.end()))
            begun = None
            continue
        if begun is not None:
            yield _found((begun, min(match.start(), begun + _PEM_WITHOUT_END)))
        begun = match.start()
    if begun is not None:
        yield _found((begun, min(len(text), begun + _PEM_WITHOUT_END)))


def _assigned(text: str) -> Iterator[Finding]:
    for match in _ASSIGNED.finditer(text):
        name = match.lastgroup or ""
        value = match[name]
        if _NO_VALUE.match(value) or any(character.isspace() for character in value):
            continue
        bare = name == "bare"
        start, end = match.span(name)
        if bare:
            value = value.rstrip(".!?:")
            end = start + len(value)
        if match["password"] is not None:
            # With spaces around it an equals sign belongs to a program, and a word after it may be a variable.
            program = match["between"].strip() != match["between"] and "=" in match["between"]
            if not bare or (_is_password(value) and not (program and _VARIABLE.fullmatch(value))):
                yield _found((start, end))
        elif _is_random(value) and not (bare and _NAME.fullmatch(value)):
            yield _found((start, end))


def _is_password(value: str) -> bool:
    return len(value) >= _SHORTEST_PASSWORD and not _NAME.fullmatch(value)


def _is_random(value: str) -> bool:
    if len(value) < _SHORTEST_TOKEN or not _is_mixed(value):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= _TOKEN_ENTROPY


def _is_mixed(value: str) -> bool:
    digits = sum(character.isdigit() for character in value)
    return (
        len(value) >= _SHORTEST_TOKEN and digits > 1 and sum(character.isalpha() for character in value) > 1
    )
