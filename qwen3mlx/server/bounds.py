"""How much of anything a client may send, and how long it may take: every limit, and its reason."""

from __future__ import annotations

# Connections -------------------------------------------------------------------------------------

# More than the clients of one computer or one household keep open; each costs about 50 kB.
MAX_CONNECTIONS = 1000
# Beyond these, so many may still ask how the server is; more are closed before they have asked.
MAX_CROWDED = 32
# macOS gives a process 256 descriptors, of which a model's files need some.
DESCRIPTORS = 8192
# Seconds in which a request's head has to come, an idle connection has to ask again, a body has to
# go on, and a client has to read on.
PATIENCE = 30.0
# Bytes a second that a body, or the reader of an answer, must do in the long run.
LEAST_RATE = 4096
# Bytes of a request's head, and so of a path, a query and all headers together.
MAX_HEAD = 64 * 1024
# Seconds for which the rest of a body that was refused is read, so that the refusal is seen.
LINGER = 5.0
# Bytes read from a connection at a time: so many chunks of one byte take 50 ms.
READ_SIZE = 16 * 1024

# Bodies ------------------------------------------------------------------------------------------

# So many times the largest body is the most that all together may hold: four long conversations
# full of pictures, or a hundred of the usual ones.
MAX_BODIES = 4
