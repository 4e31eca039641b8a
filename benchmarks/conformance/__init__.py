"""Other people's suites against a running server with the demo checkpoint: `scripts/conformance`."""
