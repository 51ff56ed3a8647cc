"""E-mail addresses, URLs and IP addresses."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Final

from memory.privacy.kinds import DataKind, Finding, before

# Every repetition is bounded, so that the longest look from one character is, and the whole stays linear.
_EMAIL: Final = re.compile(
    r"(?<![\w.%+'-])(?P<local>[\w%+'-](?:[\w.%+'-]{0,62}[\w%+-])?)@"
    r"(?P<domain>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24})(?![\w(-])"
)
_SCHEMES: Final = "https?|ftps?|sftp|wss?|ssh|git|smb"
_URL: Final = re.compile(
    rf"(?<![\w.])(?:(?:{_SCHEMES})://|www\.(?=[\w-]{{1,63}}\.))[^\s<>\"'`\[\]{{}}|\\^]{{1,2048}}+",
    re.IGNORECASE,
)
_CLOSING: Final = ".,;:!?*_~"
_HOST: Final = re.compile(r"(?:[a-z]+://)?(?:[^/?#@]{0,256}@)?([^/?#:]{1,256})", re.IGNORECASE)
# Hosts in the names of XML and JSON vocabularies, which are read as identifiers.
_VOCABULARIES: Final = (
    "w3.org",
    "json-schema.org",
    "schemas.microsoft.com",
    "schemas.xmlsoap.org",
    "schema.org",
)
_IP4: Final = re.compile(r"(?<![\w.-])(?<![A-Za-z]/)\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IP6: Final = re.compile(
    r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![\w:]|\.\d)", re.IGNORECASE
)
# Global unicast, unique local, link-local (IANA IPv6 address space).
_GLOBAL6: Final = IPv6Network("2000::/3")
_LOCAL6: Final = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))
_DIGITS6, _LEAST_GROUPS6 = 4, 3
_VERSION: Final = re.compile(
    r"(?:version|release|build|\bver\.?|\bv\.?)[\s:=\"'(]{0,3}$|(?:==|>=|<=|~=)\s?[\"']?$", re.IGNORECASE
)


def emails(text: str) -> Iterator[Finding]:
    """E-mail addresses, of any script (RFC 6531); `git@host:path` names a repository and is none."""
    for match in _EMAIL.finditer(text):
        if match["local"] == "git" and text[match.end() : match.end() + 1] in {":", "/"}:
            continue
        yield Finding(match.start(), match.end(), DataKind.EMAIL)


def urls(text: str) -> Iterator[Finding]:
    """URLs with a scheme of the network, or `www.`; those of this machine or of a name without a dot are left."""
    for match in _URL.finditer(text):
        found = match[0].rstrip(_CLOSING)
        while found.endswith(")") and found.count("(") < found.count(")"):
            found = found[:-1].rstrip(_CLOSING)
        host = _HOST.match(found)
        if host is None or "." not in (name := host[1].lower()) or name.startswith(("127.", "0.0.0.0")):  # noqa: S104
            continue
        if not name.removeprefix("www.").endswith(_VOCABULARIES):
            yield Finding(match.start(), match.start() + len(found), DataKind.URL)


def ips(text: str) -> Iterator[Finding]:
    """IPv4 and IPv6 addresses of other machines; versions, loopback and the unspecified address are left."""
    for match in _IP4.finditer(text):
        if _is_host4(match[0]) and not _VERSION.search(before(text, match.start(), 12)):
            yield Finding(match.start(), match.end(), DataKind.IP)
    for match in _IP6.finditer(text):
        if _is_host6(match[0]):
            yield Finding(match.start(), match.end(), DataKind.IP)


def _is_host4(found: str) -> bool:
    try:
        address = IPv4Address(found)
    except AddressValueError:
        return False
    netmask = found.startswith("255.")
    return not (address.is_loopback or address.is_unspecified or netmask or found.startswith("0."))


def _is_host6(found: str) -> bool:
    try:
        address = IPv6Address(found)
    except AddressValueError:
        return False
    if address.ipv4_mapped is not None:
        return True
    # Addresses in use begin with four digits; `a::b` is a name of a program, and `2000::2` a slice.
    groups = [group for group in found.split(":") if group]
    if not groups or len(groups[0]) != _DIGITS6:
        return False
    local = any(address in network for network in _LOCAL6)
    return local or (address in _GLOBAL6 and len(groups) >= _LEAST_GROUPS6)
