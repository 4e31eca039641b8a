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
# Each is looked through by every guard.
MAX_HEADERS = 200
# Seconds for which the rest of a body that was refused is read, so that the refusal is seen.
LINGER = 5.0
# Chunks of a body. One of the largest size comes in 4,000, by what clients send.
MAX_PIECES = 50_000
# Bytes read from a connection at a time: so many chunks of one byte take 50 ms.
READ_SIZE = 16 * 1024

# Bodies ------------------------------------------------------------------------------------------

# So many times the largest body is the most that all together may hold: four long conversations
# full of pictures, or a hundred of the usual ones.
MAX_BODIES = 4
# Values in a body, each list and object being one, too: 50 MB and a tenth of a second where they
# are as many. It is also how many token ids there may be.
MAX_VALUES = 300_000
# Objects among them: each becomes another that is checked.
MAX_OBJECTS = 50_000
# Characters of a text: no body holds more.
MAX_TEXT = 32 * 2**20
# Characters of the texts that are only counted: no context is as long, and it takes seconds.
MAX_COUNTED = 2_000_000
# Characters of a name, of an id, and of any key.
MAX_NAME = 1024
# Characters of a path on this computer: what systems allow.
MAX_PATH = 4096
# Keys of an object that holds what it likes, and of one whose fields are known.
MAX_KEYS, MAX_FIELDS = 10_000, 1000
# Whole numbers: 64 bits, with a sign or without. Others: what no setting here ever needs.
LEAST_WHOLE, MOST_WHOLE, MOST_NUMBER = -(2**63), 2**64 - 1, 1e12

# Requests ----------------------------------------------------------------------------------------

# Messages of a conversation, blocks of a message, pictures beside it.
MAX_ITEMS = 10_000
# Each is described to the model: hundreds already fill a context.
MAX_TOOLS = 1024
# Texts of one request for embeddings, as OpenAI has it; prompts of one for completions.
MAX_PROMPTS = 2048
# Answers to one request, prompts times `n`.
MAX_ANSWERS = 2048
# All are looked for after each token: as many characters cost a millisecond.
MAX_STOPS, MAX_STOP = 64, 256
MAX_STOP_IDS = 10_000
MAX_BIASES = 10_000
# Characters of a regex or a grammar; texts of which the answer is one.
MAX_RULES, MAX_CHOICES = 1_000_000, 10_000
# Names of what a reply shall include; web pages and apps that may call.
MAX_INCLUDED, MAX_ORIGINS = 64, 100
