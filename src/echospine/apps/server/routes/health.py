"""Is the server up?"""

from __future__ import annotations

from fastapi import APIRouter

import echospine
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/health", operation_id="getHealth", summary="Is the server up?", responses=documented())
async def get_health() -> Health:
    """Answer as soon as the server can work, with its version."""
    return Health(status="ok", version=echospine.__version__)
