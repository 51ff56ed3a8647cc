"""Errors of the knowledge package."""


class KnowledgeError(Exception):
    """Knowledge could not be read, stored or found.

    KnowledgeError
    ├── InvalidCollection      no collection can have that name
    ├── SourceUnreadable       a file is no source this package reads, or is damaged; says where and why
    ├── KnowledgeUnavailable   the store or an index did not answer
    └── VersionRefused         a version of the index is not in a state for what was asked
    """


class InvalidCollection(KnowledgeError):
    """No collection can have that name; the message says which can."""


class SourceUnreadable(KnowledgeError):
    """A file is no source this package reads, or is damaged; the message says where and why."""


class KnowledgeUnavailable(KnowledgeError):
    """The store or an index did not answer."""


class VersionRefused(KnowledgeError):
    """A version of the index is not in a state for what was asked; the message says what it is and what to do."""
