"""Conformance suites of others against a live server with the demo checkpoint."""
