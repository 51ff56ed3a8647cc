"""Errors of the graphs package."""


class GraphsError(Exception):
    """A run could not be carried out.

    GraphsError
    ├── RequestRefused     the request cannot be worked on as it is; says what to change
    └── StepFailed         a step of a run failed or took too long; says which
    """


class RequestRefused(GraphsError):
    """The request cannot be worked on as it is; the message says what to change."""


class StepFailed(GraphsError):
    """A step of a run failed or took too long; the message says which."""
