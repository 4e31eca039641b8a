"""The hub's fixture, for the tests of downloads."""

from ....hub.conftest import fake_hub

__all__ = ["fake_hub"]
