"""One model on several computers: a server plans, and the processes of a group carry it out.

Each computer of a hosts file runs one rank, which holds its part of the model
(`qwen3mlx.model.parallel`). The server's process holds none: it keeps the schedule, sends every
plan to all ranks, and ends the whole group when one is lost. Ranks speak with the server through
their standard streams, which SSH carries to other computers, and with each other through MLX.
"""

from .hosts import Hosts, read_hosts
from .shared_model import GroupLoader

__all__ = ["GroupLoader", "Hosts", "read_hosts"]
