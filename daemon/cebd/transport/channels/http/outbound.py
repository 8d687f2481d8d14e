"""Handing over by HTTP.

| what comes | means |
| --- | --- |
| trouble before the last byte of the request left | failed: the other side cannot have it whole |
| an answer that the profile takes for accepted | sent |
| an answer that the profile takes for a refusal; 400 to 499 but 408, 409 and 425; 429 | failed |
| "already there", and an earlier attempt of the same bytes is in doubt | sent |
| "already there" otherwise | failed: somebody else sent it |
| no whole answer, or one that the profile does not know | in doubt: it is asked, else receipts tell, else the same bytes go again |
| the first of these, or 500 to 599 | the other messages wait, too: they would be in doubt one after the other |
"""

from __future__ import annotations

from collections.abc import Callable

from cebd.transport.channel import NO_ANSWER, ChannelError, Failed, Found, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.http.answers import judge, passes
from cebd.transport.channels.http.budget import Budget
from cebd.transport.channels.http.line import Answer, Broken, Line, Request
from cebd.transport.channels.http.profile import Profile
from cebd.transport.channels.http.wrapping import query_for, request_for

REFUSED = "CEBD-1605"
NOT_UNDERSTOOD = "CEBD-1664"
_NOT_LET_IN = (401, 403, 407)
_THEIR_OWN_ERROR = 500


class HttpOutbound:
    """Sends messages to the platform that the profile describes. `values` reads those of the settings, secrets too; raises ChannelError."""

    def __init__(self, profile: Profile, line: Line, budget: Budget, values: Callable[[], dict[str, str]]) -> None:
        self._profile = profile
        self._line = line
        self._budget = budget
        self._values = values

    def deliver(self, handover: Handover) -> Outcome:
        try:
            request = request_for(self._profile, handover, self._values())
            self._budget.take_turn()
            answer = self._line.exchange(request, handover.before_visible)
        except ChannelError as error:
            return Failed(error.problem, error.reason, error.zh)
        except Broken as broken:
            return InDoubt(broken.reason, NO_ANSWER) if broken.left else Failed("CEBD-1601", broken.reason)
        self._budget.heed(answer)
        return self._outcome(answer, handover)

    def _outcome(self, answer: Answer, handover: Handover) -> Outcome:
        if answer.status == 429:
            wait = self._budget.refusal()
            return Failed(wait.problem, wait.reason, wait.zh)
        judged = judge(answer, self._profile.send)
        match judged.meaning:
            case "accepted":
                return Sent()
            case "already":
                if handover.may_be_there:
                    return Sent(f"it was there already: {judged.reason}")
                return Failed("CEBD-1665", judged.reason)
            case "refused":
                return Failed("CEBD-1603" if answer.status in _NOT_LET_IN else REFUSED, judged.reason)
            case "unknown":
                return InDoubt(judged.reason, NO_ANSWER if answer.status >= _THEIR_OWN_ERROR else NOT_UNDERSTOOD)

    def find(self, handover: Handover) -> Found:
        query = self._profile.query
        if query is None:
            return "unknown"
        answer = ask(self._line, self._budget, query_for(query, handover, self._values()))
        return "arrived" if any(passes(answer, test) for test in query.arrived) else "unknown"

    def close(self) -> None:
        self._line.close()


def ask(line: Line, budget: Budget, request: Request) -> Answer:
    """A request that changes nothing, or may be repeated. Raises ChannelError, also for a rate that is used up."""
    budget.take_turn()
    try:
        answer = line.exchange(request)
    except Broken as broken:
        raise ChannelError("CEBD-1601", broken.reason) from None
    budget.heed(answer)
    if answer.status == 429:
        raise budget.refusal()
    if answer.status in _NOT_LET_IN:
        raise ChannelError("CEBD-1603", answer.shown())
    if answer.status >= _THEIR_OWN_ERROR:
        raise ChannelError(NO_ANSWER, answer.shown())
    return answer
