"""The core that every dialect uses: models, answers and tokens, the caller, and the activity."""
