"""Tool families: their purposes, how they are described and requested, and what they return."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from training import words
from training.lexicon import LANGUAGES, PEOPLE, TIMEZONES, listed
from training.skills import sums
from training.split import Split

Value = str | int | float | bool
Values = dict[str, Value]
MakeValue = Callable[[Random, Split], Value]


@dataclass(frozen=True)
class Role:
    """A parameter's meaning: usual names and descriptions, and where its value comes from."""

    names: str
    descriptions: str
    make: MakeValue
    type: str = "string"
    choices: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Family:
    """Tools that do the same thing. Strings hold alternatives separated by `|`."""

    about: str
    names: str
    descriptions: str
    roles: dict[str, Role]
    questions: str
    respond: Callable[[Random, Split, Values], tuple[str, str]]
    # A suffix of the question per optional role that is filled in.
    extras: dict[str, str]


def _pick(rng: Random, alternatives: str) -> str:
    return rng.choice(alternatives.split("|"))


def _person(rng: Random, split: Split) -> str:
    if split == "train" and rng.random() < 0.4:
        return rng.choice(PEOPLE)
    return words.word(rng, split).capitalize()


def _zone(rng: Random, split: Split) -> str:
    if split == "train" and rng.random() < 0.6:
        return rng.choice(TIMEZONES)
    area = rng.choice(["Europe", "Asia", "America", "Africa", "Pacific"])
    return f"{area}/{words.word(rng, split).capitalize()}"


def _expression(rng: Random, split: Split) -> str:
    a, sign, b = sums.problem(rng, split)
    if rng.random() < 0.3:
        return f"{rng.randint(2, 9999)} / {rng.randint(2, 99)}"
    if rng.random() < 0.25:
        return f"({a} {sign} {b}) {rng.choice('+-*')} {rng.randint(2, 99)}"
    return f"{a} {sign} {b}"


def _amount(rng: Random, split: Split) -> Value:
    return rng.randint(1, 2000) if rng.random() < 0.7 else round(rng.uniform(0.1, 99), 1)


def _time_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
    answer = f"It is {clock} in {values['zone']}."
    day = f"20{rng.randint(20, 29)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    stamp = f"{day}T{clock}:{rng.randint(0, 59):02d}+0{rng.randint(0, 9)}:00"
    shapes = (
        clock,
        json.dumps({"time": clock}),
        json.dumps({"timezone": values["zone"], "time": clock}),
        json.dumps({"timezone": values["zone"], "datetime": stamp, "is_dst": rng.random() < 0.5}),
        f"{day} {clock}",
    )
    return rng.choice(shapes), answer


def _weather_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    sky = rng.choice(["sunny", "cloudy", "rainy", "windy", "clear", "foggy", "snow", "light rain"])
    if rng.random() < 0.2:
        sky = words.word(rng, split)
    degrees = rng.randint(-15, 40)
    keys = rng.choice([("temperature", "condition"), ("temp", "conditions"), ("temp_c", "sky")])
    shapes = (
        f"{sky}, {degrees} degrees",
        f"{degrees} degrees, {sky}",
        json.dumps({keys[0]: degrees, keys[1]: sky}),
        json.dumps({"city": values["city"], keys[1]: sky, keys[0]: degrees}),
        json.dumps({"location": values["city"], keys[0]: degrees, keys[1]: sky}),
    )
    return rng.choice(shapes), f"The weather in {values['city']}: {sky}, {degrees} degrees."


def _calculator_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    result = rng.randint(-999, 99999) if rng.random() < 0.8 else round(rng.uniform(0, 999), 2)
    shapes = (str(result), json.dumps({"result": result}), json.dumps({"value": result}))
    return rng.choice(shapes), f"{values['expression']} = {result}."


def _fetch_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    text = words.phrase(rng, split, 2, 7).capitalize()
    title = words.phrase(rng, split, 1, 3).capitalize()
    shapes = (
        (text, f"The page says: {text}"),
        (f"# {title}\n\n{text}", f"The page {title} says: {text}"),
        (json.dumps({"title": title, "text": text}), f"The page {title} says: {text}"),
        (json.dumps({"status": 200, "content": text}), f"The page says: {text}"),
    )
    return rng.choice(shapes)


def _search_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    title, link = words.phrase(rng, split, 2, 4).capitalize(), words.url(rng, split)
    shapes = (
        json.dumps([{"title": title, "url": link}]),
        json.dumps({"results": [{"title": title, "url": link}]}),
        f"{title}\n{link}",
    )
    return rng.choice(shapes), f"I found: {title} ({link})"


def _convert_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    result = round(rng.uniform(0.1, 2000), 2)
    shapes = (str(result), json.dumps({"result": result}), json.dumps({"converted": result}))
    return rng.choice(
        shapes
    ), f"{values['amount']} {values['source']} = {result} {values['target']}."


def _done_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    return rng.choice(("ok", "done", "sent", '{"status": "ok"}', '{"success": true}')), "Done."


def _lookup_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    value = words.word(rng, split) if rng.random() < 0.6 else str(rng.randint(1, 9999))
    key = words.key_name(rng, split)
    shapes = (
        (value, f"The result is {value}."),
        (json.dumps({key: value}), f"The result: {key} = {value}."),
        (json.dumps({"status": value}), f"The result: status = {value}."),
    )
    return rng.choice(shapes)


def _translate_result(rng: Random, split: Split, values: Values) -> tuple[str, str]:
    text = words.phrase(rng, split, 1, 4)
    return rng.choice((text, json.dumps({"translation": text}))), f"In {values['language']}: {text}"


UNITS = listed("km miles meters feet kg pounds liters gallons inches cm celsius fahrenheit")
MONEY = listed("USD EUR GBP JPY CNY CHF CAD AUD INR KRW")


def _unit(rng: Random, split: Split) -> str:
    return rng.choice(UNITS + MONEY) if rng.random() < 0.8 else words.word(rng, split)


TEXT = "The text|Text|The message text|Content"
FAMILIES: tuple[Family, ...] = (
    Family(
        "the time",
        "get_current_time|get_time|current_time|time_now|clock|getTime|world_clock",
        "Get the current time in a timezone|Returns the current time|Tells the time in a place|"
        "Get current time in a specific timezone|What time it is now|Current time and date",
        {
            "zone": Role(
                "timezone|tz|zone|time_zone|location|city",
                "IANA timezone name|The timezone|Time zone|Timezone, e.g. Europe/London|"
                "IANA timezone name (e.g., 'America/New_York', 'Europe/London').",
                lambda r, s: _zone(r, s) if r.random() < 0.7 else words.proper_name(r, s),
            )
        },
        "What time is it in {zone}?|What's the time in {zone}?|Current time in {zone}?|"
        "Tell me the time in {zone}.|what time is it in {zone}|Time in {zone} now?|"
        "Can you check the time in {zone}?|Which time is it now in {zone}?|{zone} time?",
        _time_result,
        {},
    ),
    Family(
        "the weather",
        "get_weather|weather|get_current_weather|current_weather|forecast|getWeather",
        "Get the current weather for a city|Get the current weather in a given location|"
        "Returns the weather|Weather of a place|Weather forecast for a location|"
        "Tells the weather|Get weather information",
        {
            "city": Role(
                "location|city|place|town|where",
                "City name|The city|The location|Name of the city|The city and state, e.g. San "
                "Francisco, CA|Place to look up|City, e.g. Paris",
                words.proper_name,
            ),
            "unit": Role(
                "unit|units|scale|temperature_unit",
                "Temperature unit|The unit|The temperature unit to use|Unit of temperature",
                lambda r, s: r.choice(["celsius", "fahrenheit"]),
                choices=("celsius", "fahrenheit"),
                required=False,
            ),
        },
        "What is the weather in {city}|What's the weather like in {city}|How is the weather in "
        "{city}|"
        "Weather in {city}|Tell me the weather in {city}|Is it raining in {city}|"
        "What's the weather in {city} today|what is the weather in {city}|How warm is it in {city}|"
        "Give me the weather for {city}|Do I need an umbrella in {city}",
        _weather_result,
        {"unit": " in {unit}"},
    ),
    Family(
        "a calculation",
        "calculator|calculate|calc|evaluate|math|compute|eval_expression",
        "Evaluate a mathematical expression|Calculates an expression|A calculator|Do arithmetic|"
        "Evaluates a math expression and returns the result|Perform a calculation",
        {
            "expression": Role(
                "expression|expr|formula|input|calculation",
                "The expression to evaluate|Mathematical expression|Math expression, e.g. "
                "2 + 2|The formula|An arithmetic expression",
                _expression,
            )
        },
        "What is {expression}?|Calculate {expression}|Compute {expression}.|How much is "
        "{expression}?|"
        "{expression} = ?|Please evaluate {expression}|Work out {expression}|what's {expression}",
        _calculator_result,
        {},
    ),
    Family(
        "a web page",
        "fetch|fetch_url|get_page|read_page|open_url|web_fetch|fetchPage|browse",
        "Fetch a web page|Fetches a URL from the internet and returns its content|Read a web page|"
        "Download the content of a URL|Get the text of a page|Opens a web page",
        {
            "url": Role(
                "url|link|address|uri|page",
                "URL to fetch|The URL|The address of the page|Web address|Link to open",
                words.url,
            ),
            "limit": Role(
                "max_length|limit|max_chars",
                "Maximum number of characters to return.|"
                "Maximum length|How many characters at most",
                lambda r, s: r.randint(1, 90) * 100,
                "integer",
                required=False,
            ),
        },
        "Fetch {url}|What does {url} say|Read {url}|Open {url}|What is on {url}|"
        "Summarize {url}|Get the page {url}|Show me {url}|Please look at {url}",
        _fetch_result,
        {"limit": " with at most {limit} characters"},
    ),
    Family(
        "a search",
        "search|web_search|search_web|find|google|searchDocs|search_files|lookup_web",
        "Search the web|Searches the internet|Find documents for a query|Web search|"
        "Search for something|Finds pages about a topic",
        {
            "query": Role(
                "query|q|search_term|keywords|text|topic",
                "The search query|What to search for|Search terms|Keywords|The query",
                lambda r, s: words.phrase(r, s, 1, 4),
            ),
            "count": Role(
                "max_results|count|limit|num_results|n",
                "Number of results|How many results|Maximum number of results",
                lambda r, s: r.randint(1, 50),
                "integer",
                required=False,
            ),
        },
        "Search for {query}|Find {query}|Look up {query}|Search the web for {query}|"
        "Find pages about {query}|Please search {query}|Google {query}|search {query}",
        _search_result,
        {"count": " and show {count} results"},
    ),
    Family(
        "a conversion",
        "convert|convert_units|unit_converter|convert_currency|exchange|converter",
        "Convert between units|Converts an amount from one unit to another|Currency conversion|"
        "Unit conversion|Converts units or currencies",
        {
            "amount": Role(
                "amount|value|quantity|number",
                "The amount|Amount to convert|Value to convert|How much",
                _amount,
                "number",
            ),
            "source": Role(
                "from|from_unit|source|from_currency",
                "Unit to convert from|Source unit|From which unit|Original unit",
                _unit,
            ),
            "target": Role(
                "to|to_unit|target|to_currency",
                "Unit to convert to|Target unit|To which unit|New unit",
                _unit,
            ),
        },
        "Convert {amount} {source} to {target}.|How much is {amount} {source} in {target}?|"
        "What is {amount} {source} in {target}?|{amount} {source} to {target}|"
        "Please convert {amount} {source} into {target}.|How many {target} are {amount} {source}?",
        _convert_result,
        {},
    ),
    Family(
        "a message",
        "send_message|send_email|message|notify|sendMessage|text_someone|post_message",
        "Send a message to someone|Sends a message|Sends an email|Notify a person|"
        "Deliver a text message to a contact",
        {
            "to": Role(
                "to|recipient|contact|person|name|user",
                "Who gets it|The recipient|Name of the recipient|The person|Contact name",
                _person,
            ),
            "text": Role(
                "text|message|body|content|msg", TEXT, lambda r, s: words.phrase(r, s, 1, 6)
            ),
        },
        'Send {to} a message: {text}|Tell {to} "{text}"|Message {to}: {text}|Write to {to}: {text}|'
        "Send {to} the text {text}|Let {to} know: {text}|Notify {to}: {text}",
        _done_result,
        {},
    ),
    Family(
        "a timer",
        "set_timer|timer|start_timer|set_alarm|countdown|startTimer|remind_me",
        "Set a timer|Starts a countdown|Sets a timer for some minutes|A kitchen timer",
        {
            "minutes": Role(
                "minutes|duration|mins|length|duration_minutes",
                "Minutes|Duration in minutes|How many minutes|Length in minutes",
                lambda r, s: r.randint(1, 180),
                "integer",
            ),
            "label": Role(
                "label|name|title",
                "Name of the timer|Label|What the timer is for",
                words.word,
                required=False,
            ),
        },
        "Set a timer for {minutes} minutes|Start a {minutes} minute timer|Timer {minutes} minutes|"
        "Wake me in {minutes} minutes|Count down {minutes} minutes",
        _done_result,
        {"label": " called {label}"},
    ),
    Family(
        "a translation",
        "translate|translate_text|translator|translation",
        "Translate a text|Translates text into a language|Translation service",
        {
            "text": Role(
                "text|phrase|content|input",
                "Text to translate|The text|What to translate",
                lambda r, s: words.phrase(r, s, 1, 4),
            ),
            "language": Role(
                "language|target_language|to|lang",
                "Target language|Language to translate into|The language",
                lambda r, s: r.choice(LANGUAGES),
            ),
        },
        'Translate "{text}" into {language}.|Translate {text} to {language}|'
        "How do you say {text} in {language}?|What is {text} in {language}?",
        _translate_result,
        {},
    ),
    Family(
        "an order",
        "get_order|order_status|track_order|lookup_order|find_order|trackPackage",
        "Get the status of an order|Looks up an order|Track a package by its id|Order status",
        {
            "id": Role(
                "order_id|id|order|number|tracking_id",
                "The order id|Order number|Id of the order|Tracking number",
                lambda r, s: words.code(r),
            )
        },
        "Where is my order {id}?|What is the status of order {id}?|Track order {id}|"
        "Check order {id}.|Look up order {id}|Find package {id}",
        _lookup_result,
        {},
    ),
    Family(
        "a file",
        "read_file|open_file|cat|get_file|readFile|show_file|load_file",
        "Read a file|Returns the content of a file|Reads a text file from disk|Open a file",
        {
            "path": Role(
                "path|file|filename|file_path|name",
                "Path of the file|The file|File name|The path to read|Name of the file",
                lambda r, s: f"{words.word(r, s)}.{r.choice(['txt', 'md', 'py', 'json', 'csv'])}",
            )
        },
        "Read the file {path}|Show me {path}.|What is in {path}?|Open {path}|Read {path}|"
        "Print the content of {path}",
        _fetch_result,
        {},
    ),
)


def question(rng: Random, family: Family, values: Values) -> str:
    """The user's words for these values."""
    text = _pick(rng, family.questions)
    for role, suffix in family.extras.items():
        if role in values:
            text += suffix
    text = text.format(**{key: _said(value) for key, value in values.items()})
    return (
        text if text[-1] in "?.!" else text + rng.choice(["", ".", "?"][: 2 if ":" in text else 3])
    )


def _said(value: Value) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
