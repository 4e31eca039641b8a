"""What several dialects share: request fields, tools, structured output."""
