"""Request fields, tools and structured output that several dialects share."""
