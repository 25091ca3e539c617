"""What models there are, what they can do, what they cost, and how they have done in the last hour."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from admin.asked import Asked, Row
from admin.model_facts import live
from config.schema import Key
from core.errors import Refusal, invalid
from core.secret import Secret
from gateway.current import Current
from gateway.desk.choosing import ORDERS, Candidate, Wish, goes_by, ordered, wanted, wish
from gateway.desk.clerk import ROOT, Clerk
from gateway.desk.stock import Offer, Stock, quality
from gateway.treasury import Treasury
from gateway.watch.lately import Lately

MOST_COMPARED: Final = 50
AXES: Final = (
    {"name": "cost", "field": "prices.blended_usd_per_million", "unit": "usd_per_million_tokens", "better": "lower"},
    {"name": "latency", "field": "live.answer_ms.p50", "unit": "ms", "better": "lower"},
    {"name": "first_content", "field": "live.first_content_ms.p50", "unit": "ms", "better": "lower"},
    {"name": "speed", "field": "live.tokens_per_second.p50", "unit": "tokens_per_second", "better": "higher"},
    {"name": "errors", "field": "live.error_rate", "unit": "share", "better": "lower"},
    {"name": "quality", "field": "quality.{task}", "unit": "0 to 1", "better": "higher"},
)


class ModelPages(Clerk):
    """A key sees the models that it may use, and nothing else."""

    __slots__ = ("_lately", "_stock")

    def __init__(
        self, current: Current, treasury: Treasury, admin_key: Callable[[], Secret | None], lately: Lately
    ) -> None:
        super().__init__(current, treasury, admin_key)
        self._lately = lately
        self._stock = Stock(current.shared.sightings)

    def rows(self) -> Iterator[Row]:
        yield Row("GET", f"{ROOT}/models", self._models, operator=False)
        yield Row("GET", f"{ROOT}/models/compare", self._compare, operator=False)
        yield Row("GET", f"{ROOT}/models/{{}}", self._model, operator=False)

    async def _models(self, asked: Asked) -> object:
        key = await self._client(asked)
        wished = wish(asked)
        offers = wanted(self._stock.open_to(key, self._current.generation), wished)
        found = ordered(await self._candidates(offers), wished)[: wished.limit]
        return {
            "object": "list",
            "data": [self._told(one, key) for one in found],
            "goes_by": goes_by(wished),
            "live": self._lately.told(),
        }

    async def _model(self, asked: Asked) -> object:
        (id,) = asked.names
        key = await self._client(asked)
        (candidate,) = await self._candidates(self._named_offers(key, [id], param="id"))
        return self._told(candidate, key)

    async def _compare(self, asked: Asked) -> object:
        key = await self._client(asked)
        ids = list(dict.fromkeys(id for part in asked.query.get("ids", "").split(",") if (id := part.strip())))
        if not 1 <= len(ids) <= MOST_COMPARED:
            raise invalid(f"Say ?ids=provider/model,provider/model: 1 to {MOST_COMPARED} of them.", param="ids")
        wished = wish(asked)
        candidates = await self._candidates(self._named_offers(key, ids, param="ids"))
        return {
            "object": "comparison",
            "task": wished.task,
            "data": [self._told(one, key) for one in candidates],
            "axes": [{**axis, "field": axis["field"].format(task=wished.task)} for axis in AXES],
            "leads": {order: _leader(candidates, wished._replace(orders=(order,))) for order in ORDERS},
            "live": self._lately.told(),
        }

    def _named_offers(self, key: Key | None, ids: Sequence[str], *, param: str) -> list[Offer]:
        offers = {offer.target.id: offer for offer in self._stock.open_to(key, self._current.generation)}
        for id in ids:
            if id not in offers:
                shown = id.encode("unicode_escape").decode("ascii")[:128]
                raise Refusal(404, f"There is no model {shown}.", code="model_not_found", param=param)
        return [offers[id] for id in ids]

    async def _candidates(self, offers: Sequence[Offer]) -> list[Candidate]:
        seen = await self._lately.seen()
        generation = self._current.generation
        return [Candidate(offer, seen(offer.target.id), partial(generation.quality, offer.target)) for offer in offers]

    def _told(self, candidate: Candidate, key: Key | None) -> dict[str, Any]:
        offer = candidate.offer
        alone = key is None or not key.name  # nobody else's business is told to a client
        return {
            **offer.facts,
            "configured": offer.configured,
            "quality": quality(offer, self._current.generation),
            "routes": offer.routes,
            "live": live(candidate.seen, amounts=alone),
        }


def _leader(candidates: Sequence[Candidate], wished: Wish) -> str | None:
    """Who comes first, if anything tells them apart."""
    best, *_ = ordered(candidates, wished)
    if wished.orders == ("fastest",) and best.seen.seconds is None:
        return None
    if wished.orders == ("cheapest",) and best.offer.model.price is None:
        return None
    return best.offer.target.id
