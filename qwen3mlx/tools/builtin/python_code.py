"""Python code in a sandbox of the system: bubblewrap on Linux, sandbox-exec on macOS.

The code has no network, sees of the user's files none, and writes into a folder of its own that is
gone afterwards. Where the system has no sandbox, nothing runs.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...child_process import RUN_CHILD, child_environment, own_command
from .made import BuiltIn, ToolFault

# Seconds, bytes of memory (which only Linux limits), of a file, and of what is printed.
PATIENCE, MOST_MEMORY, LARGEST_FILE, MOST_PRINTED = 60.0, 2 << 30, 64 << 20, 64 << 10
MISSING = {
    "linux": "There is no sandbox here to run code in: install bubblewrap.",
    "darwin": "There is no sandbox here to run code in: sandbox-exec is missing.",
}
# What a program on Linux needs of the system.
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
)
# Reading is allowed but for what is the user's; of that, only our own program.
_PROFILE = """\
(version 1)
(allow default)
(deny network*)
(deny mach-lookup)
(deny file-write*)
(deny file-read* (subpath (param "HOME")) (subpath "/Volumes") (subpath "/Users"))
(allow file-read* {own})
(allow file-read-metadata)
(allow file-read* file-write* (subpath (param "WORK")))
(allow file-write* (literal "/dev/null"))
"""


def main() -> None:
    """Run the code in the environment's CODE; the system's sandbox is around this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(PATIENCE), int(PATIENCE)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    code = sys.stdin.read()
    try:
        exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})  # its purpose
    except Exception as error:
        own = error.__traceback__ and error.__traceback__.tb_next  # without this line
        traceback.print_exception(type(error), error, own)
        sys.exit(1)


def run(
    arguments: Mapping[str, Any],
    which: Callable[[str], str | None] = shutil.which,
    seconds: float = PATIENCE,
) -> str:
    """What the code prints, within these seconds. Raises ToolFault if there is no sandbox."""
    with tempfile.TemporaryDirectory(prefix="qwen3mlx-") as made:
        work = Path(made).resolve()
        command = sandboxed(sys.platform, work, which)
        with tempfile.TemporaryFile() as printed:
            code = _finish(command, arguments["code"], work, printed.fileno(), seconds)
            printed.seek(0)
            data = printed.read(MOST_PRINTED + 1)
    text = data[:MOST_PRINTED].decode("utf-8", "replace").rstrip()
    if len(data) > MOST_PRINTED:
        text += "\n(Cut: it printed more than that.)"
    if code is None:
        text += f"\n(The code ran for more than {seconds:g} seconds, and was ended.)"
    elif code != 0:
        text += f"\n(The code ended with {code}.)"
    return text.strip() or "(The code printed nothing: print what you want to see.)"


def has_sandbox(platform: str = sys.platform) -> bool:
    """Whether code could run here."""
    return _sandbox(platform, shutil.which) is not None


def sandboxed(platform: str, work: Path, which: Callable[[str], str | None]) -> list[str]:
    """The command that runs `main` in a sandbox with the folder `work`. Raises ToolFault."""
    program = _sandbox(platform, which)
    if program is None:
        raise ToolFault(MISSING.get(platform, MISSING["linux"]))
    own = [*own_command(), RUN_CHILD, __name__]
    places = _own_places()
    if platform == "darwin":
        profile = _PROFILE.format(own=" ".join(f'(subpath "{place}")' for place in places))
        home = os.path.expanduser("~")
        return [program, "-D", f"HOME={home}", "-D", f"WORK={work}", "-p", profile, *own]
    binds = [part for place in (*_SYSTEM, *places) for part in ("--ro-bind-try", place, place)]
    return [
        *(program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", *binds),
        *("--bind", str(work), str(work), "--chdir", str(work), "--", *own),
    ]


def _sandbox(platform: str, which: Callable[[str], str | None]) -> str | None:
    """The system's program that makes one."""
    return which("sandbox-exec" if platform == "darwin" else "bwrap")


def _own_places() -> Sequence[str]:
    """The folders of Python and of this program, which the sandbox may read."""
    folders = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent)}
    folders |= {os.path.abspath(one) for one in sys.path if one and os.path.isdir(one)}
    return sorted(folders - {"/", os.path.expanduser("~")})


def _finish(
    command: Sequence[str], code: str, work: Path, printed: int, seconds: float
) -> int | None:
    """Run it to its end, with all it has started; return its exit code, None if it was too long."""
    environment = {**child_environment(), "HOME": str(work), "TMPDIR": str(work)}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            cwd=work,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFault(f"The sandbox cannot be started: {error.strerror}.") from None
    with process:
        try:
            process.communicate(code.encode("utf-8", "replace"), seconds)
            return process.returncode
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)


PYTHON = BuiltIn(
    name="run_python",
    description="Run Python code in a sandbox without network or files, and return what it prints.",
    properties={"code": {"type": "string", "maxLength": 100_000}},
    required=("code",),
    work=run,
    is_read_only=False,
)
