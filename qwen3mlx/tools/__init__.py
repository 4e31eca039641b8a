"""Tools that run on this computer: MCP servers, a few built-in ones, and the loop of an agent.

`Host` has the servers of `mcp.json`; `Toolbox` is what a model is offered of their tools;
`ToolLoop` says what to ask the model next and which calls to make before that; `Consents` knows
which tools a person has allowed.
"""
