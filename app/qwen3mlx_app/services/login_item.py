"""The server as a part of the login: a launchd agent on macOS, a systemd user unit on Linux.

Without Qt, so that `qwen3mlx autostart` has it, too.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LABEL = "org.qwen3mlx.server"
UNIT = "qwen3mlx.service"
# The first line of a unit of ours: others are never replaced or deleted.
_MARK = "# Made by `qwen3mlx autostart on`."
# Variables that say where the server's files are.
_KEPT = ("QWEN3MLX_HOME", "HF_HOME")
# Seconds between restarts by launchd, which has no limit on their number.
_PAUSE = 10


class LoginItemError(Exception):
    """One sentence about what is in the way, and what to do."""


def path() -> Path:
    """Return the path of the agent or unit, whether it is there or not.

    Raises LoginItemError for a user without a home.
    """
    try:
        home = Path.home()
    except RuntimeError:
        raise LoginItemError("You have no home folder: set HOME.") from None
    if sys.platform == "darwin":
        return home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    config = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    return Path(config) / "systemd" / "user" / UNIT


def is_on() -> bool:
    try:
        return _is_ours(path())
    except LoginItemError:
        return False


def turn_on(command: Sequence[str]) -> None:
    """Run `command`, which starts `qwen3mlx`, with `serve` from the next login on.

    Raises LoginItemError if another program's file is there, OSError if it cannot be written.
    """
    place = path()
    _refuse_others(place)
    kept = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    place.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "darwin":
        place.write_bytes(agent([*command, "serve"], kept, Path.home()))
    else:
        place.write_text(unit([*command, "serve"], kept), encoding="utf-8")
        try:
            _tell_systemd("enable")
        except LoginItemError:
            place.unlink()
            raise


def turn_off() -> None:
    """Stop the server that the login started, and start none at the next one.

    Raises LoginItemError if the file is another program's.
    """
    place = path()
    _refuse_others(place)
    if sys.platform == "darwin":
        agent_now = f"gui/{os.getuid()}/{LABEL}"
        # It fails if the agent is not running.
        subprocess.run(["launchctl", "bootout", agent_now], check=False, capture_output=True)
    elif place.exists():
        _tell_systemd("disable", "--now")
    place.unlink(missing_ok=True)


def agent(command: Sequence[str], variables: Mapping[str, str], home: Path) -> bytes:
    """Return the property list of an agent, as launchd.plist(5) describes it."""
    values = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(variables),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": _PAUSE,
        "ProcessType": "Interactive",
        "StandardErrorPath": str(home / "Library" / "Logs" / "qwen3mlx.log"),
    }
    return plistlib.dumps(values)


def unit(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """Return a unit, as systemd.service(5) and systemd.exec(5) describe it."""
    first, *rest = command
    # A `$` is special in arguments alone.
    words = [_quoted(first), *(_quoted(word).replace("$", "$$") for word in rest)]
    lines = [
        _MARK,
        "[Unit]",
        "Description=Qwen3 models on this computer",
        "StartLimitIntervalSec=300",
        "StartLimitBurst=5",
        "",
        "[Service]",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in variables.items()),
        f"ExecStart={' '.join(words)}",
        "Restart=on-failure",
        "RestartPreventExitStatus=2",
        "RestartSec=2",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    return "\n".join(lines)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + escaped.replace("%", "%%") + '"'


def _is_ours(place: Path) -> bool:
    try:
        start = place.read_bytes()
    except OSError:
        return False
    return LABEL.encode() in start if place.suffix == ".plist" else start.startswith(_MARK.encode())


def _refuse_others(place: Path) -> None:
    if os.path.lexists(place) and not _is_ours(place):
        raise LoginItemError(f"{place} was not made by qwen3mlx: rename it, then try again.")


def _tell_systemd(*words: str) -> None:
    """Raises LoginItemError, also where there is no systemd."""
    if shutil.which("systemctl") is None:
        raise LoginItemError("This computer has no systemd: start `qwen3mlx serve` yourself.")
    done = subprocess.run(
        ["systemctl", "--user", *words, UNIT], check=False, capture_output=True, text=True
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise LoginItemError(f"systemctl --user {' '.join(words)} {UNIT} failed: {reason}")
