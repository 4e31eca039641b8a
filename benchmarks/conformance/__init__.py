"""Third-party conformance suites against a live server with the demo checkpoint."""
