"""API keys over HTTP: made, listed, rotated and revoked."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access import ApiKey, Caller, KeyService, MadeKey, NewKey, caller
from app.http.chat import ERRORS, Storable
from app.http.paging import Cursor, Limit, Page
from app.http.security import Acting

router = APIRouter(prefix="/v1/keys", tags=["keys"], responses=ERRORS)
KeyId = Annotated[str, Path(max_length=64), Storable]


class KeyPage(Page[ApiKey]):
    """Some keys."""


class Rotation(BaseModel):
    """How a key gives way to another."""

    model_config = ConfigDict(extra="forbid")

    grace_s: Annotated[
        int, Field(ge=0, le=30 * 86_400, description="Seconds for which the old key is good yet.")
    ] = 86_400


async def service(request: Request) -> KeyService:
    """The keys of the application."""
    keys: KeyService = request.app.state.keys
    return keys


async def who(owner: Acting) -> Caller:
    """Who asks."""
    return caller() or Caller(owner)


Service = Annotated[KeyService, Depends(service)]
By = Annotated[Caller, Depends(who)]


@router.post("", operation_id="createKey", status_code=201)
async def create_key(body: NewKey, keys: Service, by: By, response: Response) -> MadeKey:
    """Make a key, which is shown this once. It may do nothing, and act for nobody, that its maker may not."""
    response.headers["cache-control"] = "no-store"
    return await keys.create(by, body)


@router.get("", operation_id="listKeys")
async def list_keys(keys: Service, by: By, limit: Limit = 50, cursor: Cursor = None) -> KeyPage:
    """The keys for those whom this one acts for, newest first, also those that were revoked."""
    return KeyPage.of(await keys.page(by, limit=limit + 1, before=cursor), limit)


@router.get("/{key_id}", operation_id="getKey")
async def get_key(key_id: KeyId, keys: Service, by: By) -> ApiKey:
    """One key."""
    return await keys.get(by, key_id)


@router.post("/{key_id}/revoke", operation_id="revokeKey")
async def revoke_key(key_id: KeyId, keys: Service, by: By) -> ApiKey:
    """Have a key open nothing any more, in every process within seconds; its open streams are closed."""
    return await keys.revoke(by, key_id)


@router.post("/{key_id}/rotate", operation_id="rotateKey", status_code=201)
async def rotate_key(
    key_id: KeyId, keys: Service, by: By, response: Response, body: Rotation | None = None
) -> MadeKey:
    """Make a key in place of another, which is good for the grace time yet."""
    response.headers["cache-control"] = "no-store"
    return await keys.rotate(by, key_id, grace=timedelta(seconds=(body or Rotation()).grace_s))
