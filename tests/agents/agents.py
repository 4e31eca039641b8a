"""Point each coding agent at a server, and run one task without a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Files = Mapping[str, str]


@dataclass(frozen=True)
class Agent:
    """`program` is its name in node_modules/.bin, `arguments` come before the question.

    `tool` is the one that runs a command, which it takes as `key` beside `extra`. `variables` and
    `files` (by their path below HOME) are made for the server's URL and the model's name.
    """

    program: str
    arguments: tuple[str, ...]
    tool: str
    key: str = "command"
    extra: Mapping[str, Any] = field(default_factory=dict)
    variables: Callable[[str, str], Mapping[str, str]] = lambda url, model: {}
    files: Callable[[str, str], Files] = lambda url, model: {}


def _claude(url: str, model: str) -> Mapping[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": "none",
        "ANTHROPIC_MODEL": model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        # Without it, root may not skip the permissions.
        "IS_SANDBOX": "1",
    }


def _codex(url: str, model: str) -> Files:
    config = f"""
model = "{model}"
model_provider = "local"

[model_providers.local]
name = "Local"
base_url = "{url}/v1"
wire_api = "responses"
"""
    return {".codex/config.toml": config}


def _qwen(url: str, model: str) -> Mapping[str, str]:
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none", "OPENAI_MODEL": model}


def _opencode(url: str, model: str) -> Files:
    config = {
        "autoupdate": False,
        "share": "disabled",
        "provider": {
            "local": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Local",
                "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
                "models": {
                    model: {
                        "name": model,
                        "reasoning": True,
                        "tool_call": True,
                        "interleaved": {"field": "reasoning_content"},
                        "limit": {"context": 131_072, "output": 8_192},
                    }
                },
            }
        },
    }
    return {".config/opencode/opencode.json": json.dumps(config)}


def _pi(url: str, model: str) -> Files:
    provider = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": "none",
        "models": [{"id": model, "reasoning": True, "contextWindow": 131_072, "maxTokens": 8_192}],
    }
    return {".pi/agent/models.json": json.dumps({"providers": {"local": provider}})}


CODEX_EXEC = ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
AGENTS = {
    "claude-code": Agent(
        "claude",
        ("--output-format", "json", "--dangerously-skip-permissions", "-p"),
        "Bash",
        extra={"description": "Take the next step"},
        variables=_claude,
    ),
    "codex": Agent("codex", CODEX_EXEC, "exec_command", key="cmd", files=_codex),
    "codex-oss": Agent(
        "codex",
        (*CODEX_EXEC, "--oss", "--local-provider", "ollama", "--model", "scripted"),
        "exec_command",
        key="cmd",
        variables=lambda url, model: {"CODEX_OSS_BASE_URL": f"{url}/v1"},
    ),
    "qwen-code": Agent(
        "qwen",
        ("--auth-type", "openai", "--yolo", "-p"),
        "run_shell_command",
        extra={"is_background": False},
        variables=_qwen,
    ),
    "opencode": Agent(
        "opencode",
        # Without a title it asks the model for one.
        ("run", "--title", "Steps", "--model", "local/scripted"),
        "bash",
        files=_opencode,
    ),
    "pi": Agent(
        "pi",
        ("--provider", "local", "--model", "scripted", "-p"),
        "bash",
        files=_pi,
        variables=lambda url, model: {"PI_OFFLINE": "1", "PI_TELEMETRY": "0"},
    ),
}


def command(agent: Agent, number: int) -> tuple[str, dict[str, Any]]:
    """Return its tool call for step `number`."""
    line = f"echo done {number} >> steps.txt; cat steps.txt"
    return agent.tool, {agent.key: line, **agent.extra}


def prepare(agent: Agent, home: Path, url: str, model: str) -> dict[str, str]:
    """Writes the agent's settings into an empty HOME; returns its environment variables."""
    for name, text in agent.files(url, model).items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # A proxy that is not there: what reaches for the network fails at once.
    nowhere = "http://127.0.0.1:9"
    return {
        "HOME": str(home),
        "TMPDIR": str(home),
        "HTTPS_PROXY": nowhere,
        "HTTP_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
        **agent.variables(url, model),
    }
