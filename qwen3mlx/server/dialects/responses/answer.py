"""From a request to its answer, shortened if it is asked to be, with or without MCP servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

from starlette.requests import Request

from ....config import SamplingParams
from ....errors import ContextLengthError, InvalidRequestError
from ....quoting import quoted
from ....request import GenerationRequest
from ...core.agent import AgentAnswer, ClientPart
from ...core.answer import Answer, ToolCall
from ...core.model_info import ModelInfo
from ...core.server_tools import Offer
from ...core.service import Service
from ...http.json_body import converted
from ..shared.tools import ClientTool, offered_name
from .approvals import approved
from .items import Item, Places
from .mcp import McpServer
from .mcp_answer import Listed, McpAnswer
from .request import generation_request, num_turns, offered_tools, without_oldest_turns
from .schemas import ResponseBody

T = TypeVar("T")


class Asked:
    """A request, and the whole conversation that it continues; `items` include its input."""

    def __init__(
        self,
        request: Request,
        service: Service,
        body: ResponseBody,
        items: Sequence[Item],
        places: Places,
    ) -> None:
        self.service = service
        self.body = body
        self.items = items
        self.places = places
        self._request = request

    @cached_property
    def tools(self) -> list[ClientTool]:
        """Those of the client."""
        return offered_tools(self.body, self.items, self.places)

    @cached_property
    def approved(self) -> list[Item]:
        """Requests for approval whose calls are to be made now."""
        return approved(self.items)

    async def submit(
        self,
        work: Callable[[GenerationRequest], Awaitable[T]],
        mcp: Sequence[ClientTool] | None = (),
    ) -> T:
        """What `work` makes of the request; with `truncation: auto`, as few of the oldest turns
        are dropped as needed to fit the context.
        """
        pending = [item["id"] for item in self.approved]

        async def wanted(count: int) -> GenerationRequest:
            left = without_oldest_turns(self.items, count) if count else self.items
            given = (self.body, left, self.places, mcp, pending)
            return await converted(self._request, generation_request, *given)

        try:
            return await work(await wanted(0))
        except ContextLengthError:
            most = num_turns(self.items) - 1
            if self.body.truncation != "auto" or most < 1:
                raise
        fewest = 1
        while fewest < most:  # binary search: a conversation may have many turns
            middle = (fewest + most) // 2
            if await self.service.fits(self.body.model, await wanted(middle)):
                most = middle
            else:
                fewest = middle + 1
        return await work(await wanted(fewest))


class Begun(NamedTuple):
    """The events of a response, its model, and how it is sampled."""

    answer: Answer | McpAnswer
    info: ModelInfo
    params: SamplingParams


async def answer_alone(asked: Asked) -> Begun:
    """An answer whose tools are the client's."""
    if asked.approved:
        raise _not_offered(asked.approved[0])

    async def generate(wanted: GenerationRequest) -> Answer:
        return await asked.service.generate(asked.body.model, wanted, ttl=asked.body.ttl)

    answer = await asked.submit(generate)
    return Begun(answer, answer.model, answer.params)


async def answer_with_servers(asked: Asked, servers: Sequence[McpServer]) -> Begun:
    """An answer that runs the tools of these servers; errors of the request show at once."""
    service, body = asked.service, asked.body
    service.tools.check([server.source for server in servers])

    async def outline(wanted: GenerationRequest) -> Begun:
        info, used, params = await service.outline(body.model, wanted)

        async def begin(offer: Offer, listed: Sequence[Listed]) -> AgentAnswer:
            return await _begin(asked, offer, listed, used)

        return Begun(McpAnswer(service.tools, servers, begin), info, params)

    return await asked.submit(outline, mcp=None)


async def _begin(asked: Asked, offer: Offer, listed: Sequence[Listed], used: int) -> AgentAnswer:
    """The answer with the tools that have been listed; `used` are the tokens of its prompt."""
    functions = [function for each in listed for function in each.functions]
    names = {function.offered_name for function in functions}
    if len(names) < len(functions):
        raise InvalidRequestError(
            "Two tools of MCP servers have the same name with their server's: choose another "
            "server_label.",
            param="tools",
        )
    need_approval = frozenset[str]().union(*(each.asked for each in listed))
    client = ClientPart(
        offer,
        is_left=lambda name: name not in names or name in need_approval,
        approved=[_approved_call(item, names) for item in asked.approved],
        used=used,
        most_calls=asked.body.max_tool_calls,
    )

    async def begin(wanted: GenerationRequest) -> AgentAnswer:
        model, ttl = asked.body.model, asked.body.ttl
        answer = AgentAnswer(asked.service, model, wanted, (), ttl, client=client)
        await answer.begin()
        return answer

    return await asked.submit(begin, mcp=functions)


def _approved_call(item: Item, names: set[str]) -> ToolCall:
    call = ToolCall(item["id"], offered_name(item["name"], item["server_label"]), item["arguments"])
    if call.name not in names:
        raise _not_offered(item)
    return call


def _not_offered(item: Item) -> InvalidRequestError:
    label, name = quoted(item["server_label"]), quoted(item["name"])
    return InvalidRequestError(
        f"A call of {name} is approved, but no MCP server {label} in tools offers it.",
        param="tools",
    )
