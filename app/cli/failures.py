"""Errors that a user can mend, told in a line or two without a stack."""

import errno


def explained(error: Exception) -> str | None:
    """What to tell about an error; None where it is a defect of ours."""
    from app.cli.output import CommandFailed
    from app.settings import SettingsInvalid

    if isinstance(error, CommandFailed | SettingsInvalid):
        return str(error)
    return _of_the_system(error) if isinstance(error, OSError) else _of_the_service(error)


def _of_the_service(error: Exception) -> str | None:
    import psycopg
    from redis.exceptions import RedisError

    from app.access import UnknownKey
    from app.agents_service import DeploymentRefused
    from app.agents_store import AgentUnknown
    from app.database import DatabaseError
    from app.embedded import EmbeddedError
    from knowledge import KnowledgeError
    from memory import ConversationError
    from models import ModelsError

    told = DeploymentRefused | AgentUnknown | KnowledgeError | ConversationError | ModelsError | UnknownKey
    if isinstance(error, EmbeddedError | DatabaseError | told):
        return str(error)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        said = str(error).strip().splitlines()
        return f"the database does not answer: {said[0] if said else type(error).__name__}"
    if isinstance(error, RedisError):
        return f"Redis does not answer: {error}. Check that the server runs, and its URL."
    return None


def _of_the_system(error: OSError) -> str | None:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full: {error}. Free some space and run the command again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"not allowed: {error}. Give yourself the right, or choose another data folder with --data."
    return None
