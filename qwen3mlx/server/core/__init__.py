"""What every dialect uses: models, answers and tokens, the caller, and what is running."""
