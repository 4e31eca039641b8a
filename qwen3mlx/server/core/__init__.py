"""What every dialect asks for: models, answers, tokens; who calls, and what runs."""
