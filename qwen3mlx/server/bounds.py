"""Limits on what clients may send and how long they may take, each with its reason."""

from __future__ import annotations

# Connections -------------------------------------------------------------------------------------

# More than the clients of a computer or a household keep open; each costs about 50 kB.
MAX_CONNECTIONS = 1000
# Connections over that limit that may still request /health; any more are closed at once.
MAX_CROWDED = 32
# macOS limits a process to 256 descriptors by default, and a model's files need some of them.
DESCRIPTORS = 8192
# Seconds within which a request head must arrive, an idle connection must send another request, a
# body must continue, and a client must read.
PATIENCE = 30.0
# Bytes per second that a client must send or read on average.
LEAST_RATE = 4096
# Bytes of a request head: path, query and all headers together.
MAX_HEAD = 64 * 1024
# Every guard searches all of them.
MAX_HEADERS = 200
# Seconds for which the rest of a refused body is read, so that the client sees the refusal.
LINGER = 5.0
# Chunks of a body. The largest bodies that clients send have 4,000.
MAX_PIECES = 50_000
# Bytes read from a connection at a time: as chunks of one byte, they take 50 ms to parse.
READ_SIZE = 16 * 1024

# Bodies ------------------------------------------------------------------------------------------

# All bodies together may take this many times the largest one: four long conversations full of
# images, or a hundred ordinary ones.
MAX_BODIES = 4
# Values in a body, including lists and objects: that many take 50 MB and a tenth of a second. Also
# the limit on token ids.
MAX_VALUES = 300_000
# Objects among them: each is turned into another object and validated.
MAX_OBJECTS = 50_000
# Characters of a text: no body is larger.
MAX_TEXT = 32 * 2**20
# Characters of texts whose tokens are counted: no context is longer, and counting takes seconds.
MAX_COUNTED = 2_000_000
# Characters of a name, an id, or an object's key.
MAX_NAME = 1024
# Characters of a path on this computer: the operating systems' limit.
MAX_PATH = 4096
# Keys of a free-form object, and of one with declared fields.
MAX_KEYS, MAX_FIELDS = 10_000, 1000
# Integers: 64 bits, signed or unsigned. Other numbers: more than any setting needs.
LEAST_WHOLE, MOST_WHOLE, MOST_NUMBER = -(2**63), 2**64 - 1, 1e12

# Requests ----------------------------------------------------------------------------------------

# Messages of a conversation, content blocks or images of a message.
MAX_ITEMS = 10_000
# Each is described in the prompt: hundreds already fill a context.
MAX_TOOLS = 1024
# Texts of an embeddings request, as in OpenAI's API; prompts of a completions request.
MAX_PROMPTS = 2048
# Answers to one request: prompts times `n`.
MAX_ANSWERS = 2048
MAX_STOP_IDS = 10_000
MAX_BIASES = 10_000
# Characters of a regex or a grammar; choices for the answer.
MAX_RULES, MAX_CHOICES = 1_000_000, 10_000
# Entries of `include`.
MAX_INCLUDED = 64
