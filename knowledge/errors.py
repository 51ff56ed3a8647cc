"""Errors of the knowledge package."""


class KnowledgeError(Exception):
    """Knowledge could not be read, stored or found.

    KnowledgeError
    ├── InvalidCollection      no collection can have that name
    ├── UnknownEncoding        no encoding of text has that name
    ├── SourceUnreadable       a file is no source this package reads, or is damaged; says where and why
    ├── KnowledgeUnavailable   the store or an index did not answer
    ├── ModelRefused           an index cannot be made with that embedding model; says why and what to do
    └── VersionRefused         a version of the index is not in a state for what was asked
        └── VersionUnproven    a version is not known to be as good as the live one
    """


class InvalidCollection(KnowledgeError):
    """No collection can have that name; the message says which can."""


class UnknownEncoding(KnowledgeError):
    """No encoding of text has that name; the message names some."""


class SourceUnreadable(KnowledgeError):
    """A file is no source this package reads, or is damaged; the message says where and why."""


class KnowledgeUnavailable(KnowledgeError):
    """The store or an index did not answer."""


class ModelRefused(KnowledgeError):
    """An index cannot be made with that embedding model; the message says why and what to do."""


class VersionRefused(KnowledgeError):
    """A version of the index is not in a state for what was asked; the message says what it is and what to do."""


class VersionUnproven(VersionRefused):
    """A version was not evaluated, or not found as good as the live one; the message says how to go on."""
