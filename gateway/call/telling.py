"""A client's side of a streamed answer: it hears inside the provider's connection, without waking its call."""

import asyncio
from typing import Final

from adapters.contract import Adapter
from api.stream import DONE, KEEPALIVE, StreamWriter
from config.schema import Route
from core.ask import Ask
from core.faults import Failure
from core.wire import Event
from gateway.call.bill import Bill
from gateway.call.continuing import NO_SEAM, Continuing, continuing
from gateway.call.lines import lines
from gateway.call.slices import Slices
from gateway.call.tab import Tab
from gateway.flight import Part
from server.reply import Reply, header
from upstream.trial import Relay, StreamTrial

NO_MORE: Final = "The budget allows no more of this answer."


class Telling:
    """One for each call that streams; implements upstream.trial.Audience and upstream.deadlines.Timed.

    *committed*: content has gone to the client, so that there is no other target from here on, unless the answer breaks
    off and is *continuing*. *first*: when the attempt under way had content, in loop time. *due*: when a client that
    waits is to be told that we are still there. *tab*: of the attempt that it follows. *ear*: what hears it, too.
    """

    __slots__ = (
        "_alone",
        "_began",
        "_bill",
        "_growing",
        "_record",
        "_reply",
        "_trial",
        "_writer",
        "committed",
        "continuing",
        "due",
        "ear",
        "first",
        "route",
        "tab",
    )

    def __init__(self, bill: Bill, reply: Reply, route: Route, part: Part | None) -> None:
        """For the call of *bill*, which streams, goes by *route*, and has that *part* in a canary, if any."""
        shared, call = bill.shared, bill.call
        self._bill = bill
        self._record = bill.record
        self._reply = reply
        self._writer = StreamWriter(show_usage=call.include_usage)
        self._growing: asyncio.Task[None] | None = None  # while the store is asked whether the answer may go on
        self._trial: StreamTrial
        self._alone: bool  # nobody but the client hears the attempt under way, and it isn't paid by slices
        self.tab: Tab
        self.route = route.name
        self.committed = False
        self.first: float | None = None
        self.continuing: Continuing | None = continuing(route, call, bill.record)
        self.ear = shared.assessor.ear(call, part)
        began = self._began = shared.loop.time()
        self.due = began + bill.generation.config.server.keepalive
        shared.deadlines.watch(self)

    def leave(self, tab: Tab) -> None:
        """The attempt of *tab* is over: the client's pace is no concern of its provider any more."""
        if self.committed and self.tab is tab:
            self._reply.follow(None)

    @property
    def broke(self) -> Failure | None:
        """Why the answer broke off that others are asked to go on with."""
        return None if self.continuing is None else self.continuing.broke

    def asks(self, ask: Ask, adapter: Adapter) -> Ask:
        """*ask*, for the rest of what broke off; see Continuing."""
        self.first = None
        self._bill.before = self._bill.said
        return ask if self.continuing is None else self.continuing.asks(ask, adapter, self._bill.said)

    def follow(self, tab: Tab, trial: StreamTrial) -> None:
        """Another attempt begins."""
        self.tab = tab
        self._trial = trial

    def opens(self) -> Relay | None:
        reply, record, trial = self._reply, self._record, self._trial
        self.committed = True
        self.first = trial.first_content
        if self.tab.probe:
            self.tab.vitals.circuit.speaks()
        if record.first is None:
            record.first = (self.first - self._began) * 1e3
        if self._bill.generation.learns or record.decided:
            self.tab.vitals.pulse.opened(self.first, self.first - trial.sent)
        record.dropped = trial.request.dropped
        if not reply.opened:
            reply.open(lines(self.tab, self.route))
        reply.follow(trial)
        seen = record.asked is not None or self.tab.slices is not None or self.continuing is not None
        self._alone = not seen and self.ear is None
        if seen or self.ear is None:
            return None if seen else reply.send
        return self.ear.beside(reply.send)

    def fails(self, failure: Failure) -> Failure:
        """What the plan is told of *failure*, if it is asked: nothing is *committed* then."""
        if self.continuing is not None:
            failure, asked = self.continuing.fails(failure, self.tab.target.id, heard=self.committed)
            self.committed = not asked
        return failure

    def hears(self, events: list[Event], *, last: bool) -> None:
        if self._alone:
            data = self._writer.write(events)
        elif (told := self._told(events, last=last)) is not None:
            data = told
        else:
            self._trial.reject(NO_SEAM)
            return
        if not last:
            self._reply.send(data)
            if not self._alone and self.tab.slices is not None:
                self._afford(self.tab.slices)
            return
        bill, decoder, record = self._bill, self._trial.decoder, self._record
        record.finish = decoder.finish
        if decoder.remember:
            bill.shared.memory.keep(self.tab.target.provider, record.key, decoder.remember)
            bill.private = True
        bill.answer = self.ear
        usage = self.tab.settle(decoder.usage, decoder.produced, bill.shared.loop.time())
        if self.continuing is not None:
            usage = self.continuing.shown(bill.said or usage)
        self._reply.end(data, self._writer.end(usage))

    def _told(self, events: list[Event], *, last: bool) -> bytes | None:
        """What the client gets for *events*, which others hear, too; None if they don't go on with its answer."""
        if self.continuing is not None:
            events = self.continuing.passed(events, last=last)
            if self.continuing.lost:
                return None
        data, record = self._writer.write(events), self._record
        if record.asked is not None:  # somebody wants to see it all
            record.answered = bytearray() if record.answered is None else record.answered
            record.answered += data
        if self.ear is not None:
            self.ear.hear(data)
        return data

    # Answers that are paid slice by slice

    def _afford(self, slices: Slices) -> None:
        """Hold more for what is still to come, if it is time; the provider waits while the store is asked."""
        produced = self._trial.decoder.produced
        if self._growing is not None or slices.covers(produced) or slices.grow(produced):
            return
        self._trial.pause()
        self._growing = self._bill.shared.loop.create_task(self._stretch(slices, self._trial))

    async def _stretch(self, slices: Slices, trial: StreamTrial) -> None:
        enough = await slices.stretch(trial.decoder.produced)
        self._growing = None
        if trial.over:
            return
        if enough:
            trial.resume()
        else:
            self._stop_short(trial)

    def _stop_short(self, trial: StreamTrial) -> None:
        """No more of it can be paid. The client is told, and nobody is to blame."""
        bill, decoder = self._bill, trial.decoder
        self._record.finish = "length"
        self.tab.settle(decoder.usage, decoder.produced, bill.shared.loop.time())
        bill.produced = -1  # it says nothing of the target
        self._reply.end(self._writer.cut(bill.call.choices, NO_MORE), DONE)
        trial.stop()

    def late(self, now: float) -> None:
        """Say something to a client that has been waiting; then its status is 200, and an error an event."""
        reply, patience = self._reply, self._bill.generation.config.server.keepalive
        quiet = max(reply.last, self._began)
        if now >= quiet + patience:
            if not reply.opened:
                reply.open(header("x-switchyard-route", self.route))
            if not reply.stalled:
                reply.send(KEEPALIVE)
            quiet = now
        self.due = quiet + patience
