"""Errors of the memory package."""


class ConversationError(Exception):
    """Something could not be remembered or recalled.

    ConversationError
    ├── MemoryUnavailable   the store behind a tier did not answer
    │   ├── WriteUncertain  nor is it known whether it did what was asked
    │   └── GivenUp         it gave a transaction up for one that waited for it; nothing was changed
    ├── UnknownThread       no thread of that id
    ├── UnknownRecord       nothing of that id is remembered
    ├── StillRunning        a run is going on that may hold what is to be forgotten
    ├── UnknownProject      no project of that id, or none of this user's
    ├── OwnerInvalid        a name that no user or tenant can have
    ├── StateInvalid        a working state that cannot be kept, or no name of an agent
    ├── StateConflict       a working state was changed by somebody else meanwhile
    ├── ImportRefused       a history that cannot be taken in; the message names the line
    ├── NamesUnreadable     the names that are to be hidden, or what finds them, cannot be had
    ├── WordingInvalid      the file of wordings has a mistake; the message names file and key
    └── KeyMissing          what is encrypted cannot be read with the keys of the settings
    """


class MemoryUnavailable(ConversationError):
    """The store behind a tier did not answer."""


class WriteUncertain(MemoryUnavailable):
    """The connection broke in the middle: what was to be written may be there or not."""


class GivenUp(MemoryUnavailable):
    """The database gave the transaction up for another one that waited for it (a deadlock): nothing was changed."""


class UnknownThread(ConversationError):
    """No thread of that id."""


class UnknownRecord(ConversationError):
    """Nothing of that id is remembered."""


class StillRunning(ConversationError):
    """A run is going on that may hold what is to be forgotten."""


class UnknownProject(ConversationError):
    """No project of that id, or none of this user's."""


class OwnerInvalid(ConversationError):
    """A name that no user or tenant can have."""


class ImportRefused(ConversationError):
    """A history that cannot be taken in; the message names the line."""


class NamesUnreadable(ConversationError):
    """The names that are to be hidden, or what finds them, cannot be had."""


class WordingInvalid(ConversationError):
    """The file of wordings has a mistake; the message names the file, the key and what is wrong there."""


class KeyMissing(ConversationError):
    """What is encrypted cannot be read with the keys of the settings."""
