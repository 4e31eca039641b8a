"""The commands inside the chat."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from ..errors import InvalidRequestError, UsageError
from ..library import nearest
from .answer import stats_line
from .chat import Chat
from .guard import describe

_COMMAND = re.compile(r"/([a-z_]+|\?)(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_SWITCHES = ("think", "no_think")


class Typed(NamedTuple):
    """A parsed command line."""

    name: str
    argument: str


class Command(NamedTuple):
    """A command's line in /help, and its function."""

    usage: str
    help: str
    run: Callable[[Chat, str], None]


def parse(text: str) -> Typed | None:
    """Return the command in `text`, or None if it is a message.

    Paths (/usr/bin) are messages, and so is a soft switch followed by more text: the model
    understands those itself.
    """
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return None
    name, argument = match[1].lower(), (match[2] or "").strip()
    return None if name in _SWITCHES and argument else Typed(name, argument)


def run(chat: Chat, typed: Typed) -> None:
    """Run the command. Raises EOFError, as Ctrl-D does, to end the chat."""
    name = _ALSO.get(typed.name, typed.name)
    command = COMMANDS.get(name)
    if command is None:
        guess = nearest(name, COMMANDS)
        hint = f"did you mean /{guess}?" if guess else "type /help for a list."
        chat.say(f"Unknown command /{typed.name}: {hint}")
        return
    try:
        command.run(chat, typed.argument)
    except (UsageError, InvalidRequestError) as error:
        chat.say(describe(error))


def _think(chat: Chat, argument: str) -> None:
    chat.settings = replace(chat.settings, think=True)
    chat.say("Thinking is on.")


def _no_think(chat: Chat, argument: str) -> None:
    chat.settings = replace(chat.settings, think=False)
    chat.say("Thinking is off.")


def _budget(chat: Chat, argument: str) -> None:
    if argument:
        if argument != "off" and not argument.isdecimal():
            raise UsageError("/budget takes a number of tokens, or off.")
        budget = None if argument == "off" else int(argument)
        chat.settings = replace(chat.settings, thinking_budget=budget)
    budget = chat.settings.thinking_budget
    chat.say(
        "The thinking budget is off." if budget is None else f"Thinking budget: {budget:,} tokens."
    )


def _system(chat: Chat, argument: str) -> None:
    if argument:
        chat.system = None if argument == "off" else argument
    chat.say(f"System message: {chat.system}" if chat.system else "No system message.")


def _set(chat: Chat, argument: str) -> None:
    name, _, value = argument.partition(" ")
    if name and not value:
        raise UsageError(f"/set {name} needs a value, or default.")
    if name:
        chat.settings = chat.settings.with_sampling(name, value.strip())
    chosen = ", ".join(f"{key} {_shown(value)}" for key, value in chat.settings.sampling.items())
    chat.say(f"Set: {chosen}." if chosen else "All settings are at the model's defaults.")


def _shown(value: object) -> str:
    return repr(value[0]) if isinstance(value, tuple) else str(value)


def _clear(chat: Chat, argument: str) -> None:
    chat.turns.clear()
    chat.last = None
    chat.say("Conversation cleared.")


def _stats(chat: Chat, argument: str) -> None:
    if argument not in ("", "on", "off"):
        raise UsageError("/stats takes on or off, or no argument.")
    if argument:
        chat.show_stats = argument == "on"
        chat.say(f"Statistics after each answer: {argument}.")
    else:
        chat.say(stats_line(chat.last) if chat.last else "No answer yet.")


def _help(chat: Chat, argument: str) -> None:
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        chat.say(f"{command.usage:<{width}}  {command.help}")
    chat.say(
        "Enter sends; Alt-Enter starts a new line, and so does Enter inside a "
        '""" block. Ctrl-C stops an answer.'
    )


def _exit(chat: Chat, argument: str) -> None:
    raise EOFError


COMMANDS: dict[str, Command] = {
    "think": Command("/think", "think before answering, starting with the next message", _think),
    "no_think": Command(
        "/no_think", "answer without thinking, starting with the next message", _no_think
    ),
    "budget": Command("/budget N|off", "think at most N tokens", _budget),
    "system": Command("/system [TEXT|off]", "show or change the system message", _system),
    "set": Command("/set [NAME VALUE]", "show or change sampling: /set temperature 0.6", _set),
    "clear": Command("/clear", "clear the conversation", _clear),
    "stats": Command("/stats [on|off]", "show speeds and counts, once or always", _stats),
    "help": Command("/help", "show this list", _help),
    "exit": Command("/exit", "leave (so does Ctrl-D)", _exit),
}
_ALSO = {"quit": "exit", "bye": "exit", "nothink": "no_think", "?": "help"}
