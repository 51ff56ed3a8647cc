"""Errors of the memory package."""


class ConversationError(Exception):
    """Something could not be remembered or recalled.

    ConversationError
    ├── MemoryUnavailable   the store behind a tier did not answer
    └── UnknownThread       no thread of that id
    """


class MemoryUnavailable(ConversationError):
    """The store behind a tier did not answer."""


class UnknownThread(ConversationError):
    """No thread of that id."""
