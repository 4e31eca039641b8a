"""A program for an interpreter with Qwen-Agent.

`python qwen_agent_driver.py URL MODEL prompt|raw QUESTION...`
"""

from __future__ import annotations

import json
import sys
from typing import Any

from qwen_agent.agents import Assistant
from qwen_agent.tools.base import BaseTool, register_tool


@register_tool("get_weather")
class GetWeather(BaseTool):
    description = "Get the current weather for a city"
    parameters = {  # noqa: RUF012  # as Qwen-Agent's own tools write it
        "type": "object",
        "properties": {"city": {"type": "string", "description": "City name"}},
        "required": ["city"],
    }

    def call(self, params: str, **kwargs: Any) -> str:
        return f"sunny, 21 degrees in {json.loads(params)['city']}"


def assistant(url: str, model: str, mode: str) -> Assistant:
    clock = ["-m", "mcp_server_time", "--local-timezone=Europe/Berlin"]
    return Assistant(
        llm={
            "model": model,
            "model_server": f"{url}/v1",
            "api_key": "lm-studio",
            "generate_cfg": {"temperature": 0, **({"use_raw_api": True} if mode == "raw" else {})},
        },
        function_list=[
            "get_weather",
            {"mcpServers": {"time": {"command": sys.executable, "args": clock}}},
        ],
    )


def main(url: str, model: str, mode: str, *questions: str) -> None:
    agent = assistant(url, model, mode)
    history: list[Any] = []
    turns = []
    for question in questions:
        history.append({"role": "user", "content": question})
        *_, (looks, messages) = enumerate(agent.run(history), 1)
        history += messages
        turns.append({"looks": looks, "messages": messages})
    print(json.dumps(turns))


if __name__ == "__main__":
    main(*sys.argv[1:])
