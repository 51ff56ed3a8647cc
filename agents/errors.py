"""Errors of the agents package."""


class AgentsError(Exception):
    """A specialist is not what it should be.

    AgentsError
    ├── CharterInvalid   a specialist's folder does not define a usable charter
    └── UnknownAgent     no specialist of that name
    """


class CharterInvalid(AgentsError):
    """A specialist's folder does not define a usable charter."""


class UnknownAgent(AgentsError):
    """No specialist of that name."""
