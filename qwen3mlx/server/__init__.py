"""HTTP dialects over the engine: OpenAI, Anthropic, LM Studio, Ollama."""
