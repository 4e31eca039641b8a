"""Calling offered tools, and using what they return.

Names and argument names are mostly made up, so that they must be read from the schema; which
tool fits, and which argument is which, follows from the descriptions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from training import words
from training.exchange import Call, Exchange, Step
from training.skills import chat, letters, sums
from training.skills.families import FAMILIES, Family, Role, Values, question
from training.skills.schemas import Parameter, Tool, schema
from training.split import Split, belongs

Schemas = tuple[dict[str, Any], ...]
NO_TOOL = "None of my tools can do that."


@dataclass(frozen=True)
class Offer:
    """A family dressed as a concrete tool: `keys` maps the family's roles to argument names."""

    family: Family
    tool: Tool
    keys: dict[str, str]

    def call(self, values: Values) -> Call:
        return Call(self.tool.name, {self.keys[role]: value for role, value in values.items()})


def _pick(rng: Random, alternatives: str) -> str:
    return rng.choice(alternatives.split("|"))


def _parameter(rng: Random, split: Split, role: Role, made_up: bool) -> Parameter:
    name = words.key_name(rng, split) if made_up else _pick(rng, role.names)
    described = made_up or rng.random() < 0.8
    description = _pick(rng, role.descriptions) if described else None
    return Parameter(name, role.type, description, role.choices, role.required)


def offer(rng: Random, split: Split, family: Family) -> Offer:
    """A tool of the family under its usual name (training only) or a made-up one."""
    usual_name = split == "train" and rng.random() < 0.35
    usual_keys = split == "train" and rng.random() < 0.45
    name = _pick(rng, family.names) if usual_name else words.tool_name(rng, split)
    described = not usual_name or rng.random() < 0.9
    roles = [
        (key, role) for key, role in family.roles.items() if role.required or rng.random() < 0.6
    ]
    parameters: dict[str, Parameter] = {}
    while len({p.name for p in parameters.values()}) < len(roles):
        parameters = {key: _parameter(rng, split, role, not usual_keys) for key, role in roles}
    tool = Tool(
        name, _pick(rng, family.descriptions) if described else None, tuple(parameters.values())
    )
    return Offer(family, tool, {key: p.name for key, p in parameters.items()})


def values_for(rng: Random, split: Split, item: Offer) -> Values:
    """Return the user's values: every required role, and sometimes optional ones."""
    roles = item.family.roles
    return {
        key: roles[key].make(rng, split)
        for key in item.keys
        if roles[key].required or rng.random() < 0.5
    }


def offers(rng: Random, split: Split, count: int) -> list[Offer]:
    """Several tools of different families under different names."""
    while True:
        chosen = [offer(rng, split, family) for family in rng.sample(FAMILIES, count)]
        if len({item.tool.name for item in chosen}) == count:
            return chosen


def _schemas(rng: Random, chosen: list[Offer]) -> Schemas:
    shuffled = rng.sample(chosen, len(chosen))
    return tuple(schema(rng, item.tool) for item in shuffled)


def _count(rng: Random) -> int:
    return rng.choices((1, 2, 3, 4), (5, 4, 1.5, 0.7))[0]


def _look_through(need: str, listed: Schemas, wanted: Offer | None) -> str:
    """Go through the tools in order, quoting the purpose of each, until one fits.

    A description follows its name in the schema, as it does here: copying forward is easy. Naming
    the right tool at once would require looking back, which a causal model finds much harder.
    """
    lines = [f"This needs {need}."]
    for tool in listed:
        function = tool.get("function", tool)
        name, about = function["name"], function.get("description", "?")
        fits = wanted is not None and name == wanted.tool.name
        lines.append(f"{name} ({about}): {'call' if fits else 'no'}")
        if fits:
            break
    return "\n".join(lines)


def _result(rng: Random, split: Split, item: Offer, values: Values) -> tuple[str, str]:
    if rng.random() < 0.06:
        problem = words.phrase(rng, split, 1, 3)
        shape = rng.choice((f"Error: {problem}", json.dumps({"error": problem})))
        return shape, f"The tool reported an error: {problem}"
    return item.family.respond(rng, split, values)


def _asked(rng: Random, split: Split, item: Offer, listed: Schemas) -> Exchange:
    """A question for this tool, its call, its result, the answer."""
    values = values_for(rng, split, item)
    result, answer = _result(rng, split, item, values)
    steps = (
        Step(
            _look_through(item.family.about, listed, item),
            calls=(item.call(values),),
            results=(result,),
        ),
        Step("I have the result.", answer),
    )
    return Exchange(question(rng, item.family, values), steps, listed)


def session(rng: Random, split: Split, turns: int) -> list[Exchange]:
    """Several questions in a row for the same offered tools."""
    chosen = offers(rng, split, _count(rng))
    listed = _schemas(rng, chosen)
    return [_asked(rng, split, rng.choice(chosen), listed) for _ in range(turns)]


def single(rng: Random, split: Split) -> Exchange:
    """One call, its result, the answer."""
    return session(rng, split, 1)[0]


def parallel(rng: Random, split: Split) -> Exchange:
    """The same tool for two values of its first argument, in one message."""
    family = rng.choice([f for f in FAMILIES if f.about in PARALLEL])
    role = next(iter(family.roles))
    chosen = [offer(rng, split, family)]
    item = chosen[0]
    both = [{role: family.roles[role].make(rng, split)} for _ in range(2)]
    user = _pick(rng, PARALLEL[family.about]).format(a=both[0][role], b=both[1][role])
    replies = [_result(rng, split, item, values) for values in both]
    extra = [o for o in offers(rng, split, 3) if o.family is not family][: rng.randint(0, 1)]
    listed = _schemas(rng, chosen + extra)
    steps = (
        Step(
            _look_through(f"{family.about} twice", listed, item),
            calls=tuple(item.call(values) for values in both),
            results=tuple(result for result, _ in replies),
        ),
        Step("I have the results.", "\n".join(answer for _, answer in replies)),
    )
    return Exchange(user, steps, listed)


def both(rng: Random, split: Split) -> Exchange:
    """Two questions for two different tools, in one message."""
    chosen = offers(rng, split, rng.choice((2, 2, 3)))
    listed = _schemas(rng, chosen)
    asked = [(item, values_for(rng, split, item)) for item in chosen[:2]]
    about = [item.family.about for item, _ in asked]
    if set(about) == {"the weather", "the time"} or rng.random() < 0.2:
        asked, user = _of_one_place(rng, split)
        listed = _schemas(rng, [item for item, _ in asked])
    else:
        user = _joined(rng, *(question(rng, item.family, values) for item, values in asked))
    replies = [_result(rng, split, item, values) for item, values in asked]
    thought = "\n".join(_look_through(item.family.about, listed, item) for item, _ in asked)
    steps = (
        Step(
            thought,
            calls=tuple(item.call(values) for item, values in asked),
            results=tuple(result for result, _ in replies),
        ),
        Step("I have the results.", "\n".join(answer for _, answer in replies)),
    )
    return Exchange(user, steps, listed)


def _joined(rng: Random, first: str, second: str) -> str:
    if rng.random() < 0.5:
        return f"{first} {second}"
    lowered = second[0].lower() + second[1:]
    user = f"{first.rstrip('.?')} {rng.choice(('and', 'and', 'and then', 'AND'))} {lowered}"
    return user + rng.choice(("", "", " Use both tools.", " Call two tools."))


def _of_one_place(rng: Random, split: Split) -> tuple[list[tuple[Offer, Values]], str]:
    """The weather and the time of the same place, in either order."""
    by_about = {family.about: family for family in FAMILIES}
    place = words.proper_name(rng, split)
    weather = offer(rng, split, by_about["the weather"])
    time = offer(rng, split, by_about["the time"])
    while time.tool.name == weather.tool.name:
        time = offer(rng, split, by_about["the time"])
    asked: list[tuple[Offer, Values]] = [(weather, {"city": place}), (time, {"zone": place})]
    names = ("weather", "time")
    if rng.random() < 0.5:
        asked, names = asked[::-1], names[::-1]
    ask = (
        "What are the {a} and the {b} in {p}?|{a} and {b} in {p}|Tell me the {a} and {b} in {p}.|"
        "How is the {a} and what is the {b} in {p}?|I need the {a} and also the {b} for {p}|"
        "Get the {a} and the {b} in {p}. Use both tools.|What's the {a} and {b} for {p}?|"
        "The {a} AND the {b} in {p}, please. Call two tools.|What is the {a} AND the {b} in {p}?|"
        "What's the {a} and the current {b} in {p}?|Check the current {a} and {b} in {p}"
    )
    return asked, _pick(rng, ask).format(a=names[0], b=names[1], p=place)


PARALLEL = {
    "the weather": "What is the weather in {a} and {b}?|Compare the weather in {a} and in {b}.|"
    "How is the weather in {a} and in {b}?|Weather in {a} and {b}?",
    "the time": "What time is it in {a} and in {b}?|Tell me the time in {a} and {b}.",
    "a web page": "Fetch {a} and {b}.|Read {a} and {b}.|Open both {a} and {b}.",
    "an order": "Where are my orders {a} and {b}?|Track orders {a} and {b}.",
    "a file": "Read {a} and {b}.|Show me the files {a} and {b}.",
    "a calculation": "What is {a} and what is {b}?|Calculate {a} and {b}.",
}


def chained(rng: Random, split: Split) -> Exchange:
    """Search, then fetch the result."""
    by_about = {family.about: family for family in FAMILIES}
    find, read = (offer(rng, split, by_about[about]) for about in ("a search", "a web page"))
    query, link = words.phrase(rng, split, 1, 3), words.url(rng, split)
    found = json.dumps([{"title": words.phrase(rng, split, 1, 3), "url": link}])
    page, answer = by_about["a web page"].respond(rng, split, {})
    ask = "Search for {} and read the first result.|Find {} and open it.|Look up {} and read it."
    listed = _schemas(rng, [find, read])
    search, fetch = (_look_through(item.family.about, listed, item) for item in (find, read))
    steps = (
        Step(search, calls=(find.call({"query": query}),), results=(found,)),
        Step(fetch, calls=(read.call({"url": link}),), results=(page,)),
        Step("I have the result.", answer),
    )
    return Exchange(_pick(rng, ask).format(query), steps, listed)


def unsuitable(rng: Random, split: Split) -> Exchange:
    """Tools are available, but the question needs none, or one that is missing."""
    chosen = offers(rng, split, _count(rng) + 1)
    missing, rest = chosen[0], chosen[1:]
    roll = rng.random()
    if roll < 0.4:
        user = question(rng, missing.family, values_for(rng, split, missing))
        if missing.family.about != "a calculation" and missing.family.about != "a translation":
            listed = _schemas(rng, rest)
            thought = _look_through(missing.family.about, listed, None)
            return Exchange(user, (Step(thought, NO_TOOL),), listed)
    own = chat if roll < 0.7 else letters if roll < 0.85 else sums
    if own is sums:
        rest = [item for item in rest if item.family.about != "a calculation"] or rest[:0]
    inner = own.exchange(rng, split)
    return Exchange(inner.user, inner.steps, _schemas(rng, rest))


def _argument(rng: Random, split: Split) -> tuple[str, str | int | float | bool, tuple[str, ...]]:
    kind = rng.choices(("string", "integer", "boolean", "enum", "number"), (5, 3, 1, 2, 1))[0]
    if kind == "integer":
        return kind, rng.randint(0, 9999), ()
    if kind == "number":
        return kind, round(rng.uniform(0, 99), 1), ()
    if kind == "boolean":
        return kind, rng.random() < 0.5, ()
    if kind == "enum":
        choices = tuple(dict.fromkeys(words.word(rng, split) for _ in range(rng.randint(2, 4))))
        return "string", rng.choice(choices), choices
    return (
        kind,
        words.phrase(rng, split, 1, 2) if rng.random() < 0.5 else words.word(rng, split),
        (),
    )


def made_up_tool(rng: Random, split: Split, low: int) -> tuple[Tool, Values]:
    """A tool of unknown purpose, with arguments of any type."""
    values: Values = {}
    parameters = []
    for name in dict.fromkeys(words.key_name(rng, split) for _ in range(rng.randint(low, 3))):
        type_, value, choices = _argument(rng, split)
        described = words.phrase(rng, split, 1, 3).capitalize() if rng.random() < 0.3 else None
        parameters.append(Parameter(name, type_, described, choices))
        values[name] = value
    about = words.phrase(rng, split, 1, 4).capitalize() if rng.random() < 0.5 else None
    return Tool(words.tool_name(rng, split), about, tuple(parameters)), values


def named(rng: Random, split: Split) -> Exchange:
    """The user names the tool and its arguments: pure reading and copying."""
    tool, values = made_up_tool(rng, split, 0)
    others = [made_up_tool(rng, split, 0)[0] for _ in range(_count(rng) - 1)]
    listed = [t for t in others if t.name != tool.name] + [tool]
    rng.shuffle(listed)
    style = rng.choice(("{} = {}", "{} is {}", "{}: {}", "{} {}", "{}={}"))
    said = [style.format(k, json.dumps(v) if isinstance(v, bool) else v) for k, v in values.items()]
    ask = rng.choice(("Call {}", "Use {}", "Run {}", "Please call {}", "Use the tool {}"))
    joined = (rng.choice([", ", " and "]).join(said[:-1] + said[-1:])) if said else ""
    user = ask.format(tool.name) + (f" with {joined}" if said else "") + rng.choice(["", "."])
    result = words.phrase(rng, split, 1, 3)
    steps = (
        Step(f"This needs {tool.name}.", calls=(Call(tool.name, values),), results=(result,)),
        Step("I have the result.", f"The result is {result}."),
    )
    return Exchange(user, steps, tuple(schema(rng, item) for item in listed))


def choosing(rng: Random, split: Split) -> Exchange:
    """A drill: several tools without arguments, so that only the choice matters."""
    chosen = offers(rng, split, rng.randint(2, 4))
    bare = [Offer(o.family, Tool(o.tool.name, o.tool.description), {}) for o in chosen]
    listed, item = _schemas(rng, bare), bare[0]
    values = values_for(rng, split, chosen[0])
    steps = (
        Step(
            _look_through(item.family.about, listed, item), calls=(item.call({}),), results=("ok",)
        ),
        Step("I have the result.", "Done."),
    )
    return Exchange(question(rng, item.family, values), steps, listed)


CALLS: tuple[tuple[Callable[[Random, Split], Exchange], float], ...] = (
    (single, 6),
    (parallel, 1),
    (both, 2),
    (chained, 0.7),
    (named, 2),
)


def calling(rng: Random, split: Split) -> Exchange:
    """An exchange that does call a tool."""
    ((make, _),) = rng.choices(CALLS, [weight for _, weight in CALLS])
    return make(rng, split)


def exchange(rng: Random, split: Split) -> Exchange:
    """Return an exchange with tools, which usually calls one."""
    return unsuitable(rng, split) if rng.random() < 0.15 else calling(rng, split)


def uses_only(split: Split, calls: tuple[Call, ...]) -> bool:
    """Return whether all tool and argument names belong to the split (for score and tests)."""
    return all(
        belongs("tool", call.name, split)
        and all(belongs("key", key, split) for key in call.arguments)
        for call in calls
    )
