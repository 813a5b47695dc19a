"""Keys for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Response

from artel.accounts.api_keys import NewApiKey
from artel.gateway.deps import Deps, SignedIn
from artel.gateway.idempotency import OnceDep, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import accounts as shapes

router = resource("/my/api-keys", "Account")


@router.get("/", summary="My API keys")
async def api_keys(principal: SignedIn, deps: Deps) -> shapes.ApiKeyList:
    """The newest first, without the keys themselves."""
    return shapes.ApiKeyList(items=[shapes.api_key(view) for view in await deps.api_keys.all(principal.user_id)])


@router.post("/", status_code=201, response_model=shapes.NewApiKey, summary="Make an API key", responses=problems(409))
async def make(principal: SignedIn, deps: Deps, once: OnceDep, body: shapes.ApiKeyIn) -> Response:
    """Answers the key once. Send it as `Authorization: Bearer <key>`."""
    content, _ = await once.create(
        lambda also: deps.api_keys.create(principal.user_id, body.name or "API key", also=also), _content
    )
    return json_answer(content, 201)


@router.delete("/{key_id}/", status_code=204, summary="Delete an API key", responses=problems(404))
async def revoke(key_id: UUID, principal: SignedIn, deps: Deps) -> Response:
    """Programs that use it are refused at once, and their open streams end."""
    await deps.api_keys.revoke(principal.user_id, key_id)
    return Response(status_code=204)


def _content(made: NewApiKey) -> dict[str, Any]:
    return shapes.new_api_key(made.view, made.key).model_dump(mode="json")
