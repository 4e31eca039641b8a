"""HTTP itself: connections, bodies and their limits, guards, replies and streams."""
