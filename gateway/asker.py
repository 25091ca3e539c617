"""For whom a question about a call is asked."""

import time

from admin.access import holds
from admin.asked import Asked
from config.schema import Key
from core.secret import Secret
from gateway.accounts import named
from gateway.generation import Generation
from gateway.treasury import Treasury
from quota.keys import ANYONE


async def asker(generation: Generation, treasury: Treasury, asked: Asked, admin_key: Secret | None) -> Key:
    """Who would call; the operator may ask for anybody (`?key=NAME`), or for nobody in particular."""
    if not holds(admin_key, asked.authorization):
        return await generation.keyring.recognise(asked.authorization, time.time())
    name = asked.query.get("key")
    return await named(generation.config, treasury, name) if name else ANYONE
