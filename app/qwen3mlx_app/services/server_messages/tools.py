"""Of MCP servers and tools."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

MESSAGES = (
    # The file of tool servers.
    QT_TRANSLATE_NOOP("server_errors", "{0} is there twice"),
    QT_TRANSLATE_NOOP("server_errors", "there are more than {0} servers"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be a JSON object"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must have either a command or a url"),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is no name for a server: it must have up to {1} characters and no /"
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is the name of the program's own tools: choose another"
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} is {1}; it must be {2}"),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} must be a name or a whole path, as the current folder is never run"
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be an address such as https://example.com/mcp"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be a non-empty string"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be a list of strings"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be an object of strings"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be the whole path of a folder"),
    QT_TRANSLATE_NOOP("server_errors", "{0} must be true or false"),
    QT_TRANSLATE_NOOP("server_errors", "{0} has a key that cannot be the name of a variable"),
    QT_TRANSLATE_NOOP("server_errors", "{0} has a header that cannot be sent: {1}"),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no effect here"),
    QT_TRANSLATE_NOOP("server_errors", "it must be a JSON object"),
    QT_TRANSLATE_NOOP("server_errors", "a value cannot be read"),
    QT_TRANSLATE_NOOP("server_errors", "a comma or }} is missing"),
    QT_TRANSLATE_NOOP("server_errors", 'a key in " is missing'),
    QT_TRANSLATE_NOOP("server_errors", "a colon is missing"),
    QT_TRANSLATE_NOOP("server_errors", "expecting value"),
    QT_TRANSLATE_NOOP("server_errors", "expecting ',' delimiter"),
    QT_TRANSLATE_NOOP("server_errors", "expecting ':' delimiter"),
    QT_TRANSLATE_NOOP("server_errors", "expecting property name enclosed in double quotes"),
    QT_TRANSLATE_NOOP("server_errors", "unterminated string starting at"),
    QT_TRANSLATE_NOOP("server_errors", "invalid control character at"),
    QT_TRANSLATE_NOOP("server_errors", "invalid \\escape: "),
    QT_TRANSLATE_NOOP("server_errors", "invalid \\uXXXX escape"),
    QT_TRANSLATE_NOOP("server_errors", "illegal trailing comma before end of object"),
    QT_TRANSLATE_NOOP("server_errors", "illegal trailing comma before end of array"),
    QT_TRANSLATE_NOOP("server_errors", "The entry of a server must be a JSON object."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} has a server {1} already: choose another name, or remove it with `qwen3mlx mcp "
        "remove {2}`.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "There is a server {0} in {1} already."),
    QT_TRANSLATE_NOOP(
        "server_errors", "There are no servers in it: they belong into an object mcpServers."
    ),
    QT_TRANSLATE_NOOP("server_errors", "Line {0}: {1}."),
    QT_TRANSLATE_NOOP("server_errors", "line {0}: {1}"),
    QT_TRANSLATE_NOOP("server_errors", "There is no server {0}."),
    # Why a tool server fails.
    QT_TRANSLATE_NOOP("server_errors", "The MCP server {0} failed: {1}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} It will be started again in {1} seconds at the earliest."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "the command {0} was not found: install it, or write its whole path"
    ),
    QT_TRANSLATE_NOOP("server_errors", "it has ended"),
    QT_TRANSLATE_NOOP("server_errors", "it does not answer"),
    QT_TRANSLATE_NOOP("server_errors", "All connection attempts failed"),
    QT_TRANSLATE_NOOP("server_errors", "the variable {0} that it needs is not set"),
    QT_TRANSLATE_NOOP("server_errors", "its answer is too large"),
    QT_TRANSLATE_NOOP("server_errors", "it compresses its answers, which was not asked for"),
    QT_TRANSLATE_NOOP("server_errors", "it does not know who you are: {0}"),
    QT_TRANSLATE_NOOP("server_errors", "give it a key in headers"),
    QT_TRANSLATE_NOOP("server_errors", "sign in with `{0}`, or {1}"),
    QT_TRANSLATE_NOOP("server_errors", "The tools have been closed."),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no server {1}: {2}."),
    QT_TRANSLATE_NOOP("server_errors", "it is not there"),
    QT_TRANSLATE_NOOP("server_errors", "The MCP server {0} is disabled in {1}."),
    QT_TRANSLATE_NOOP("server_errors", "The MCP server {0} has been ended."),
    QT_TRANSLATE_NOOP("server_errors", "The MCP server {0} does not answer."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "The MCP server {0} has more than {1} tools: the first {2} can be used, the others are "
        "left out.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "The MCP server {0} is another one now: list its tools again."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "The MCP server {0} runs here: there is nothing to sign in."
    ),
    QT_TRANSLATE_NOOP("server_errors", "its address for signing in is no web address"),
    QT_TRANSLATE_NOOP("server_errors", "nobody has signed in within 5 minutes"),
    QT_TRANSLATE_NOOP("server_errors", "signing in was given up"),
    QT_TRANSLATE_NOOP("server_errors", "signing in has failed ({0})"),
    QT_TRANSLATE_NOOP("server_errors", "it refers to {0}, which is not safe to ask"),
    # Tools: why one cannot be offered or called.
    QT_TRANSLATE_NOOP("server_errors", "its name must have 1 to {0} visible characters"),
    QT_TRANSLATE_NOOP("server_errors", "its schema has more than {0} characters"),
    QT_TRANSLATE_NOOP("server_errors", "its inputSchema is not a JSON Schema"),
    QT_TRANSLATE_NOOP("server_errors", "its inputSchema must describe an object"),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be called: {1}."),
    QT_TRANSLATE_NOOP("server_errors", "The server has no tool {0}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "The arguments do not fit the tool's schema ({0}): correct them."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} needs the folders that may be read."),
    QT_TRANSLATE_NOOP("server_errors", "{0} takes no folder."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is no folder."),
    # What the built-in tools say of themselves.
    QT_TRANSLATE_NOOP(
        "server_errors", "Get the current date, time and weekday, here or in a time zone."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "IANA name such as Asia/Tokyo; left out for the user's own."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "Calculate an expression exactly: + - * / // % **, comparisons, and functions ({0}).",
    ),
    QT_TRANSLATE_NOOP("server_errors", "For example (17 * 23) / 4 + sqrt(2)."),
    QT_TRANSLATE_NOOP("server_errors", "Read a page of the public web, as markdown."),
    QT_TRANSLATE_NOOP("server_errors", "Begin at this character, to read on in a long page."),
    QT_TRANSLATE_NOOP("server_errors", "List the files and folders in {0}."),
    QT_TRANSLATE_NOOP("server_errors", "Read a text file in {0}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "Find the lines that contain a text, and names of files, in {0}."
    ),
    QT_TRANSLATE_NOOP("server_errors", "A whole path, or one within an allowed folder."),
    QT_TRANSLATE_NOOP("server_errors", "Begin at this line, to read on in a long file."),
    QT_TRANSLATE_NOOP("server_errors", "Only in this folder."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "Run Python code in a sandbox without network or files, and return what it prints.",
    ),
)
