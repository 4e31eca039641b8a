"""The commands inside the chat."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..errors import InvalidRequestError, UsageError
from ..library import nearest
from .answer import stats_line
from .chat import Chat
from .guard import describe

_COMMAND = re.compile(r"/([a-z_]+|\?)(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_SWITCHES = ("think", "no_think")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line, taken apart."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Command:
    """One line of /help, and what it does."""

    usage: str
    help: str
    run: Callable[[Chat, str], None]


def parse(text: str) -> Typed | None:
    """The command in `text`, or None if it is a message.

    Paths (/usr/bin) are messages, and so is a soft switch with more text after it: the model
    understands those itself.
    """
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return None
    name, argument = match[1].lower(), (match[2] or "").strip()
    return None if name in _SWITCHES and argument else Typed(name, argument)


def run(chat: Chat, typed: Typed) -> None:
    """Do it; EOFError, as Ctrl-D gives, ends the chat."""
    name = _ALSO.get(typed.name, typed.name)
    command = COMMANDS.get(name)
    if command is None:
        guess = nearest(name, COMMANDS)
        hint = f"did you mean /{guess}?" if guess else "/help lists the commands."
        chat.say(f"There is no command /{typed.name}: {hint}")
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
    chat.say("No thinking budget." if budget is None else f"Thinking budget: {budget:,} tokens.")


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
    chat.say(f"Set: {chosen}." if chosen else "Everything is at the model's defaults.")


def _shown(value: object) -> str:
    return repr(value[0]) if isinstance(value, tuple) else str(value)


def _clear(chat: Chat, argument: str) -> None:
    chat.turns.clear()
    chat.last = None
    chat.say("The conversation starts anew.")


def _stats(chat: Chat, argument: str) -> None:
    if argument not in ("", "on", "off"):
        raise UsageError("/stats takes on, off, or nothing.")
    if argument:
        chat.show_stats = argument == "on"
        chat.say(f"Numbers after each answer: {argument}.")
    else:
        chat.say(stats_line(chat.last) if chat.last else "No answer yet.")


def _help(chat: Chat, argument: str) -> None:
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        chat.say(f"{command.usage:<{width}}  {command.help}")
    chat.say(
        "Enter sends; Alt-Enter begins a new line; so does Enter between two "
        '""". Ctrl-C stops an answer.'
    )


def _exit(chat: Chat, argument: str) -> None:
    raise EOFError


COMMANDS: dict[str, Command] = {
    "think": Command("/think", "think before answering, from the next message on", _think),
    "no_think": Command("/no_think", "answer at once, from the next message on", _no_think),
    "budget": Command("/budget N|off", "think at most N tokens", _budget),
    "system": Command("/system [TEXT|off]", "show or change the system message", _system),
    "set": Command("/set [NAME VALUE]", "show or change sampling: /set temperature 0.6", _set),
    "clear": Command("/clear", "forget the conversation", _clear),
    "stats": Command("/stats [on|off]", "speeds and counts: of the last answer, or always", _stats),
    "help": Command("/help", "this list", _help),
    "exit": Command("/exit", "leave (so does Ctrl-D)", _exit),
}
_ALSO = {"quit": "exit", "bye": "exit", "nothink": "no_think", "?": "help"}
