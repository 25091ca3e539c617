"""What of the cache lies in Redis: answers, claims and vectors. Imported only where that is configured: the library
takes a sixth of a second.
"""

from collections.abc import Callable
from typing import NamedTuple

from cache.claims import Claims
from cache.shared import Shared
from cache.similar_shared import SharedSimilar
from core.secret import Secret
from store.outage import Say
from store.redis_answers import RedisAnswers
from store.redis_claims import RedisClaims
from store.redis_vectors import RedisVectors


class InRedis(NamedTuple):
    """*shelf* puts answers there, *similar* looks among vectors."""

    answers: RedisAnswers
    vectors: RedisVectors
    shelf: Shared
    claims: Claims
    similar: SharedSimilar


def in_redis(
    url: Secret, most: int, room: int, trouble: Callable[[], None], *, said: Say, said_of_vectors: Say
) -> InRedis:
    """At most *most* bytes of answers, and *room* of vectors; *trouble* hears of each trip of claims that failed."""
    answers = RedisAnswers(url, said, most=most)
    vectors = RedisVectors(url, said_of_vectors, most=room)
    claims = Claims(RedisClaims(answers), trouble)
    return InRedis(answers, vectors, Shared(answers), claims, SharedSimilar(vectors))
