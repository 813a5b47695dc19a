"""Models, and one's own access to their providers."""

from __future__ import annotations

from fastapi import Response

from artel.gateway.deps import Space
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import models as shapes
from artel.gateway.shapes.common import ProviderId
from artel.space.models import KEEP

router = resource("/my", "Models")


@router.get("/models/", summary="Models to choose from")
async def models(space: Space) -> shapes.Models:
    """All models of all connected providers, with their prices, and how each provider is connected."""
    return shapes.models(await space.models.catalogue())


@router.put("/providers/{provider}/", summary="Connect a provider", responses=problems(404))
async def connect(provider: ProviderId, body: shapes.ProviderIn, space: Space) -> shapes.Provider:
    """Stores one's own key (encrypted, never told again), address, or both."""
    given = body.model_fields_set
    await space.models.connect(
        provider,
        body.api_key if "api_key" in given else KEEP,
        body.base_url if "base_url" in given else KEEP,
    )
    return shapes.provider(await space.models.provider(provider))


@router.delete("/providers/{provider}/", status_code=204, summary="Disconnect a provider", responses=problems(404))
async def disconnect(provider: ProviderId, space: Space) -> Response:
    """Forgets one's own key and address."""
    await space.models.disconnect(provider)
    return Response(status_code=204)


@router.post("/providers/{provider}/test/", summary="Test a provider", responses=problems(404))
async def try_out(provider: ProviderId, space: Space, body: shapes.ProviderTest | None = None) -> shapes.ProviderTested:
    """Asks the provider for its models and, with `model`, that model for a word. What is wrong is in the answer."""
    result, locale = await space.models.test(provider, body.model if body else None)
    return shapes.tested(result, locale)
