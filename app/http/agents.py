"""Designed agents over HTTP: deployed, listed, rolled back and disabled."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from agents.interfaces import NAME
from app.agents_service import Deployed
from app.agents_store import AgentVersion, StoredAgent
from app.http.chat import ERRORS, Service, Storable
from app.http.paging import Limit, Page, Place

router = APIRouter(prefix="/v1/agents", tags=["agents"], responses=ERRORS)
Name = Annotated[str, Path(pattern=NAME)]


class Deployment(BaseModel):
    """A description to make an agent of."""

    model_config = ConfigDict(extra="forbid")

    request: Annotated[str, Field(min_length=2, max_length=50_000), Storable]
    name: Annotated[str | None, Field(pattern=NAME)] = None


class Rollback(BaseModel):
    """Where to go back to."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None


class DesignPage(Page[StoredAgent]):
    """Some of the designed agents."""


class AgentVersionPage(Page[AgentVersion]):
    """Some versions of a designed agent."""


@router.post("/designed", operation_id="deployAgent", status_code=201)
async def deploy_agent(body: Deployment, freya: Service) -> Deployed:
    """Design an agent from a description, test it by its own cases, and have it work as a specialist."""
    return await freya.designs.deploy(body.request, body.name)


@router.get("/designed", operation_id="listDesignedAgents")
async def list_designed_agents(freya: Service, limit: Limit = 50, cursor: Place = None) -> DesignPage:
    """The designed agents, whether they work, and by which version."""
    return DesignPage.within(await freya.designs.all(), limit, cursor, lambda each: each.name)


@router.get("/designed/{name}/versions", operation_id="listAgentVersions")
async def list_agent_versions(
    name: Name, freya: Service, limit: Limit = 50, cursor: Place = None
) -> AgentVersionPage:
    """The versions of a designed agent, latest first."""
    found = await freya.designs.versions(name)
    return AgentVersionPage.within(found, limit, cursor, lambda each: str(each.version))


@router.post("/designed/{name}/rollback", operation_id="rollBackAgent")
async def roll_back_agent(name: Name, freya: Service, body: Rollback | None = None) -> StoredAgent:
    """Have a version work again: the one given, else the one before that which works."""
    return await freya.designs.rollback(name, body.version if body else None)


@router.post("/designed/{name}/disable", operation_id="disableAgent")
async def disable_agent(name: Name, freya: Service) -> StoredAgent:
    """Have a designed agent answer nobody. It is kept; a rollback has it work again."""
    return await freya.designs.disable(name)
