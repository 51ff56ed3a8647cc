"""Who may speak to the service, and how much: API keys, what they may do, and their limits."""

from app.access.book import KeyBook
from app.access.caller import Caller, caller
from app.access.keys import SCOPES, ApiKey, Binding, Limits, MadeKey, NewKey, Scope, digest_of
from app.access.service import KeyService
from app.access.store import KeyStore, UnknownKey

__all__ = [
    "SCOPES",
    "ApiKey",
    "Binding",
    "Caller",
    "KeyBook",
    "KeyService",
    "KeyStore",
    "Limits",
    "MadeKey",
    "NewKey",
    "Scope",
    "UnknownKey",
    "caller",
    "digest_of",
]
