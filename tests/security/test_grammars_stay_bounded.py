"""An expensive schema, pattern or grammar costs only its own request."""

from __future__ import annotations

import copy
import functools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

import qwen3mlx
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar import Demand, GrammarProcess
from qwen3mlx.grammar import process as grammar_process
from qwen3mlx.grammar.wire import Limits

from ..server.dialects.shared.test_lark_regex import RUINOUS
from ..server.live import LiveServer, live_server
from ..support.bombs import CHECKS, FORMS, SCHEMAS, patterns
from ..support.grammars import DEMO_ROWS, demo_words
from ..support.schemas import Maker

# Less than in earnest: the tests are many.
LIMITS = Limits(compile_seconds=0.5, token_seconds=0.1, answer_seconds=0.2)
ASK = [{"role": "user", "content": "hi"}]
MEGABYTE = 1 << 20

pytestmark = pytest.mark.usefixtures("caplog")


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    small = functools.partial(GrammarProcess, limits=LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qwen3mlx.engine.loaded.GrammarProcess", small)
        with live_server(model="demo") as running:
            yield running


def cases(names: Iterable[str], quick: int) -> list[Any]:
    """The first ones, and the others in the long run."""
    slow = pytest.mark.slow
    return [pytest.param(name, marks=[slow][index < quick :]) for index, name in enumerate(names)]


def chat(**more: Any) -> dict[str, Any]:
    asked = {"model": "demo", "messages": ASK, "max_tokens": 24, "enable_thinking": False}
    return {**asked, **more}


def formed(schema: Any, **more: Any) -> dict[str, Any]:
    named = {"name": "s", "schema": schema, **more}
    return chat(response_format={"type": "json_schema", "json_schema": named})


def function(name: str, schema: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def object_of(schema: Any) -> dict[str, Any]:
    """Keep its `$defs` at the top."""
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    defs = {key: value for key, value in schema.items() if key == "$defs"}
    return {"type": "object", "properties": {"a": inner}, "required": ["a"], **defs}


def is_answered(reply: httpx.Response, *fields: str) -> None:
    """Expect an answer, or one sentence that names one of `fields`."""
    assert reply.status_code in (200, 400), reply.text
    if reply.status_code == 400:
        error = reply.json()["error"]
        assert any(field in error["message"] for field in fields), error
        assert "\n" not in error["message"]
        assert len(error["message"]) < 500
        assert "reading it failed" not in error["message"]


def goes_on(server: LiveServer) -> None:
    assert server.http.get("/health").status_code == 200
    reply = server.http.post("/v1/chat/completions", json=formed({"enum": ["yes", "no"]}))
    assert json.loads(reply.json()["choices"][0]["message"]["content"]) in ("yes", "no")


@pytest.mark.parametrize("name", [*cases(SCHEMAS, 6), *cases(CHECKS, 2)])
def test_a_schema_costs_its_request_alone(server: LiveServer, name: str) -> None:
    schema = {**SCHEMAS, **CHECKS}[name]
    reply = server.http.post("/v1/chat/completions", json=formed(schema))
    is_answered(reply, "response_format")


@pytest.mark.parametrize("name", cases(list(SCHEMAS)[:6], 2))
def test_a_tool_costs_its_request_alone(server: LiveServer, name: str) -> None:
    tools = [function("good", {}), function("bad", object_of(SCHEMAS[name]))]
    asked = chat(tools=tools, tool_choice="required")
    reply = server.http.post("/v1/chat/completions", json=asked)
    is_answered(reply, "tools", "maximum context length")


@pytest.mark.parametrize("name", cases(FORMS, 4))
def test_another_form_costs_its_request_alone(server: LiveServer, name: str) -> None:
    form = FORMS[name]
    source = list(form.source) if isinstance(form.source, tuple) else form.source
    asked = chat(**{f"guided_{form.kind}": source})
    is_answered(server.http.post("/v1/chat/completions", json=asked), f"guided_{form.kind}")


@pytest.mark.parametrize("name", RUINOUS)
def test_a_custom_tool_costs_its_request_alone(server: LiveServer, name: str) -> None:
    """Its grammar is read for a regular expression in it."""
    form = {"type": "grammar", "syntax": "lark", "definition": RUINOUS[name]}
    tools = [{"type": "custom", "name": "f", "format": form}]
    asked = {"model": "demo", "input": "hi", "max_output_tokens": 4, "tools": tools}
    reply = server.http.post("/v1/responses", json=asked)
    is_answered(reply, "tools", "maximum context length")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": ASK}),
        ("/api/v0/chat/completions", {"messages": ASK}),
        ("/v1/responses", {"input": "hi"}),
        ("/v1/messages", {"messages": ASK, "max_tokens": 24}),
        ("/api/chat", {"messages": ASK, "stream": False}),
    ],
)
def test_every_dialect_names_the_tool(server: LiveServer, path: str, body: dict[str, Any]) -> None:
    """One whose states multiply, beside one that is good."""
    schema = object_of({"type": "string", "pattern": "^(a{1000}){1000}$"})
    if path == "/v1/messages":
        tools: list[Any] = [
            {"name": f"t{i}", "input_schema": s} for i, s in enumerate(({}, schema))
        ]
        tools[0]["input_schema"] = {"type": "object"}
    else:
        tools = [function("t0", {}), function("t1", schema)]
    if path == "/v1/responses":
        tools = [{"type": "function", **tool["function"]} for tool in tools]
    reply = server.http.post(path, json={"model": "demo", **body, "tools": tools})
    assert reply.status_code == 400, reply.text
    assert "tools[1]" in reply.text
    goes_on(server)


def test_many_at_once_leave_room_for_others(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait, or are told to come again; who wants no grammar does not even wait."""
    monkeypatch.setattr("qwen3mlx.server.core.worker_threads.MOST_WAITING", 4)
    bomb = formed({"type": "string", "pattern": "^(a{1000}){1000}$"})
    with ThreadPoolExecutor(9) as pool:
        replies = [
            pool.submit(httpx.post, f"{server.url}/v1/chat/completions", json=bomb, timeout=120)
            for _ in range(9)
        ]
        free = [server.http.post("/v1/chat/completions", json=chat()) for _ in range(2)]
        still_waiting = sum(not reply.done() for reply in replies)
        codes = [reply.result().status_code for reply in replies]
    assert [reply.status_code for reply in free] == [200] * 2
    assert still_waiting
    assert set(codes) == {400, 429}
    goes_on(server)


def test_a_stream_beside_them_is_the_one_it_is_alone(server: LiveServer) -> None:
    asked = chat(stream=True, max_tokens=60, temperature=0, seed=1)

    def streamed() -> str:
        with server.http.stream("POST", "/v1/chat/completions", json=asked) as reply:
            return "".join(line for line in reply.iter_lines() if '"content"' in line)

    def content(lines: str) -> list[str]:
        return [part.partition('"')[0] for part in lines.split('"content":"')[1:]]

    alone = content(streamed())
    over = threading.Event()

    def attack() -> None:
        while not over.is_set():
            with suppress(httpx.HTTPError):
                for schema in (patterns(30), SCHEMAS["a wait of many letters"]):
                    body = formed(schema, strict=True)
                    httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=120)

    attackers = [threading.Thread(target=attack) for _ in range(3)]
    for attacker in attackers:
        attacker.start()
    try:
        assert content(streamed()) == alone
    finally:
        over.set()
        for attacker in attackers:
            attacker.join()


def test_neither_the_server_nor_its_children_keep_anything(server: LiveServer) -> None:
    goes_on(server)
    server.wait_until_idle()
    before = psutil.Process().memory_info().rss
    for schema in (SCHEMAS["a million letters"], SCHEMAS["a thousand thousands"]):
        for _ in range(2):
            is_answered(server.http.post("/v1/chat/completions", json=formed(schema)), "response")
    assert psutil.Process().memory_info().rss < before + 32 * MEGABYTE
    children = [psutil.Process(child.pid) for child in grammar_process.processes()]
    left = [each for child in children for each in child.children()]
    _, alive = psutil.wait_procs(left, timeout=5)  # its answer is over, it may be about to end
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


# Schemas as they should not be.

ODD: list[Any] = [
    *(None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, 10**310, 1e308, -1e300),
    *(0.1, 1e-320, "", "a", "^(a", "(?=a)b", "\\1", "[", "a{99999}", "(a*)*b", "\ud800", "\x00"),
    *("\n", [], {}, [[]], [None], {"": 0}, {"$ref": "#"}, {"$ref": "#/$defs/x"}, {"not": {}}),
    *({"allOf": []}, {"type": "string"}, {"enum": [1, "a", None, [], {}]}, ["string", "null"]),
    *("object", "array", "integer", {"pattern": "^a+$"}, {"minimum": 1e20}, {"const": {"a": [1]}}),
]
KEYWORDS = (
    *("type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "format"),
    *("properties", "patternProperties", "additionalProperties", "required", "items", "nullable"),
    *("prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "$defs"),
    *("minProperties", "maxProperties", "propertyNames", "dependentRequired", "dependentSchemas"),
    *("dependencies", "unevaluatedProperties", "unevaluatedItems", "minLength", "maxLength"),
    *("pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("$ref", "$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$schema"),
    *("$recursiveAnchor", "definitions", "x-guidance", "additionalItems", "discriminator", "title"),
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Yield all places in it, with their container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    found = []
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], (dict, list)):
            found += spots(value[key])
    return found


def mutated(schema: dict[str, Any], others: list[Any], rng: random.Random) -> dict[str, Any]:
    """A few of its parts replaced, removed, or put under another keyword."""
    schema = copy.deepcopy(schema)
    for _ in range(rng.randint(1, 4)):
        holder, key = rng.choice([*spots(schema), (schema, rng.choice(KEYWORDS))])
        places: list[Any] = [*spots(schema)] or [0]
        odd = copy.deepcopy(rng.choice([*ODD, rng.choice(others), rng.choice(places)]))
        kind = rng.choice(["replace", "add", "rename", "remove"])
        if kind == "replace":
            holder[key] = odd
        elif isinstance(holder, dict):
            taken = holder.pop(key, odd) if kind in ("rename", "remove") else odd
            if kind != "remove":
                holder[rng.choice(KEYWORDS)] = taken
    return schema


def seeds() -> list[dict[str, Any]]:
    text = (Path(__file__).parents[1] / "data" / "zod_schemas.json").read_text("utf-8")
    zod = list(json.loads(text).values())
    petstore = {
        "$ref": "#/components/schemas/Pet",
        "components": {
            "schemas": {
                "Pet": {
                    "type": "object",
                    "required": ["id"],
                    "discriminator": {"propertyName": "kind"},
                    "properties": {
                        "id": {"type": "integer", "format": "int64"},
                        "kind": {"type": "string", "nullable": True},
                        "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
                    },
                },
                "Tag": {"allOf": [{"type": "object"}, {"properties": {"name": {"pattern": "^a"}}}]},
            }
        },
    }
    return [*zod, petstore]


def read_all(num_cases: int, seed: int) -> list[str]:
    """Return what went wrong, with the schema."""
    rng = random.Random(seed)
    maker, known, words = Maker(rng), seeds(), demo_words()
    folder = Path(qwen3mlx.__file__).parent / "demo" / "dense"
    grammars = GrammarProcess(folder, DEMO_ROWS, words.stop_ids, LIMITS)
    faults = []
    for _ in range(num_cases):
        base = maker.root() if rng.random() < 0.5 else rng.choice(known)
        schema = mutated(base, known, rng)
        strict = rng.random() < 0.5
        demand = Demand(json_schema=schema, strict=strict)
        if rng.random() < 0.4:
            tool = function("f", schema)
            choice: Any = rng.choice(["auto", "required"])
            demand = Demand(tools=[tool], tool_choice=choice, call_ids=words.call_ids)
        try:
            grammars.constraint(demand)
        except InvalidRequestError as error:
            said = str(error)
            is_good = "\n" not in said and len(said) < 500 and demand.param in said
            if not is_good or "reading it failed" in said:
                faults.append(f"{said}: {json.dumps(schema)}")
        except Exception as error:
            faults.append(f"{error!r}: {json.dumps(schema)}")
    grammars.close()
    return faults


def test_a_schema_as_it_should_not_be_is_read_or_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert read_all(40, random.randrange(2**32)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_thousands_of_schemas_as_they_should_not_be(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_all(1000, seed) == []


def test_a_server_that_is_told_to_end_waits_for_none_of_them() -> None:
    """Nor does it leave a process behind."""
    command = [sys.executable, "-m", "qwen3mlx", "serve", "--model", "demo", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        bomb = formed(SCHEMAS["a thousand thousands"])

        def ask() -> None:
            with suppress(httpx.HTTPError):
                httpx.post(f"{url}/v1/chat/completions", json=bomb, timeout=120)

        askers = [threading.Thread(target=ask) for _ in range(6)]
        for asker in askers:
            asker.start()
        me = psutil.Process(server.pid)
        wait_for(lambda: len(me.children(recursive=True)) > 1)
        children = me.children(recursive=True)
        assert httpx.get(f"{url}/health", timeout=30).status_code == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive
        for asker in askers:
            asker.join()
    finally:
        server.kill()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
