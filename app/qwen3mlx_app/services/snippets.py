"""Snippets for connecting other programs, with the server's real address."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

# Placeholder for a person's own key.
KEY_PLACEHOLDER = "YOUR_API_KEY"
# For clients that require a key where none is needed.
_NO_KEY = "not-needed"

Language = Literal["sh", "python", "text"]


@dataclass(frozen=True, slots=True)
class Snippet:
    """`id` is independent of the language; `note` says what to know first, or is empty."""

    id: str
    title: str
    language: Language
    code: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a client connects; `url` has no path: `http://127.0.0.1:1234`."""

    url: str
    model: str
    needs_key: bool = False

    @property
    def key(self) -> str:
        return KEY_PLACEHOLDER if self.needs_key else _NO_KEY


def snippets(address: ServerAddress) -> list[Snippet]:
    """A snippet for each kind of client, those that are ready to run first."""
    builders: list[Callable[[ServerAddress], Snippet]] = [
        _curl,
        _openai,
        _qwen_agent,
        _claude_code,
        _ollama,
        _ollama_python,
        _cursor,
    ]
    return [build(address) for build in builders]


def _curl(address: ServerAddress) -> Snippet:
    body = {"model": address.model, "messages": [{"role": "user", "content": "Hello!"}]}
    lines = [
        f"curl {shlex.quote(address.url + '/v1/chat/completions')}",
        "-H 'Content-Type: application/json'",
        *([f"-H 'Authorization: Bearer {address.key}'"] if address.needs_key else []),
        f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
    ]
    return Snippet("curl", "curl", "sh", " \\\n  ".join(lines))


def _openai(address: ServerAddress) -> Snippet:
    code = f"""\
from openai import OpenAI

client = OpenAI(base_url={_text(address.url + "/v1")}, api_key={_text(address.key)})
stream = client.chat.completions.create(
    model={_text(address.model)},
    messages=[{{"role": "user", "content": "Hello!"}}],
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)
"""
    return Snippet("openai", "OpenAI Python", "python", code, _install("pip install openai"))


def _qwen_agent(address: ServerAddress) -> Snippet:
    code = f"""\
from qwen_agent.agents import Assistant

agent = Assistant(
    llm={{
        "model": {_text(address.model)},
        "model_server": {_text(address.url + "/v1")},
        "api_key": {_text(address.key)},
    }}
)
for messages in agent.run([{{"role": "user", "content": "Hello!"}}]):
    pass
print(messages[-1]["content"])
"""
    return Snippet("qwen-agent", "Qwen-Agent", "python", code, _install("pip install qwen-agent"))


def _claude_code(address: ServerAddress) -> Snippet:
    code = f"""\
export ANTHROPIC_BASE_URL={shlex.quote(address.url)}
export ANTHROPIC_AUTH_TOKEN={address.key}
export ANTHROPIC_MODEL={shlex.quote(address.model)}
export ANTHROPIC_DEFAULT_HAIKU_MODEL={shlex.quote(address.model)}
claude
"""
    note = translate(
        "snippets",
        "Claude Code sends long prompts. Load the model with a context of at least 32,768 tokens.",
    )
    return Snippet("claude-code", "Claude Code", "sh", code, note)


def _ollama(address: ServerAddress) -> Snippet:
    code = (
        f"OLLAMA_HOST={shlex.quote(address.url)} ollama run {shlex.quote(address.model)} 'Hello!'\n"
    )
    note = (
        translate("snippets", "The ollama command does not send a key.")
        if address.needs_key
        else ""
    )
    return Snippet("ollama", "Ollama", "sh", code, note)


def _ollama_python(address: ServerAddress) -> Snippet:
    headers = f', headers={{"Authorization": "Bearer {address.key}"}}' if address.needs_key else ""
    code = f"""\
from ollama import Client

client = Client({_text(address.url)}{headers})
reply = client.chat({_text(address.model)}, [{{"role": "user", "content": "Hello!"}}])
print(reply.message.content)
"""
    return Snippet("ollama-python", "Ollama Python", "python", code, _install("pip install ollama"))


def _cursor(address: ServerAddress) -> Snippet:
    code = f"""\
Override OpenAI Base URL: {address.url}/v1
OpenAI API Key: {address.key}
Model: {address.model}
"""
    note = translate(
        "snippets",
        "Enter these in Cursor's settings under Models. Cursor sends requests from its own"
        " servers, which cannot reach this computer: set up a tunnel and a key, and use the"
        " tunnel's address here. Nothing on this page opens a tunnel.",
    )
    return Snippet("cursor", "Cursor", "text", code, note)


def _install(command: str) -> str:
    return translate("snippets", "Requires {command}").format(command=command)


def _text(value: str) -> str:
    """A Python string literal in double quotes, whatever the value holds."""
    return json.dumps(value, ensure_ascii=False)
