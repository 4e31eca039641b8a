"""Serving at login: the files that launchd and systemd read, written and taken away."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services import login_item

from qwen3mlx.cli.autostart import off, on, status
from qwen3mlx.errors import ConfigurationError

COMMAND = ("/opt/a 文件夹/qwen3mlx",)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for `systemctl` and `launchctl`, which note what they are told."""
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    for tool in ("systemctl", "launchctl"):
        script = folder / tool
        script.write_text(f'#!/bin/sh\necho {tool} "$@" >>{log}\n')
        script.chmod(0o755)
    for name, value in {
        "PATH": str(folder),
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": "",
        "QWEN3MLX_HOME": str(tmp_path / "state"),
        "QWEN3MLX_DEBUG": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HF_HOME", raising=False)
    return log


@pytest.fixture
def linux(tools: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "linux")
    return tools


@pytest.fixture
def mac(tools: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "darwin")
    return tools


def told(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def is_on(capsys: pytest.CaptureFixture[str]) -> bool:
    capsys.readouterr()
    status()
    return {"on\n": True, "off\n": False}[capsys.readouterr().out]


def test_a_unit_is_enabled_and_disabled(linux: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not is_on(capsys)
    on()
    assert is_on(capsys)
    text = login_item.path().read_text("utf-8")
    assert login_item.path().name == "qwen3mlx.service"
    assert f'Environment="QWEN3MLX_HOME={linux.parent / "state"}"' in text
    on()  # again: the same file
    off()
    assert not is_on(capsys)
    assert not login_item.path().exists()
    off()  # again: nothing to do
    enabled = "systemctl --user enable qwen3mlx.service"
    assert told(linux) == [enabled, enabled, "systemctl --user disable --now qwen3mlx.service"]


def test_an_agent_is_written_and_taken_away(mac: Path, capsys: pytest.CaptureFixture[str]) -> None:
    on()
    assert is_on(capsys)
    place = login_item.path()
    assert place.parts[-3:] == ("Library", "LaunchAgents", "org.qwen3mlx.server.plist")
    assert told(mac) == []  # launchd reads the folder at login
    off()
    assert not is_on(capsys)
    (line,) = told(mac)
    assert re.fullmatch(r"launchctl bootout gui/\d+/org\.qwen3mlx\.server", line)


def test_the_agent_has_only_keys_of_launchd_with_their_types() -> None:
    home = Path("/Users/a")
    plist = plistlib.loads(login_item.agent([*COMMAND, "serve"], {"HF_HOME": "/m"}, home))
    types = {
        "Label": str, "ProgramArguments": list, "EnvironmentVariables": dict, "RunAtLoad": bool,
        "KeepAlive": dict, "ThrottleInterval": int, "ProcessType": str, "StandardErrorPath": str,
    }  # fmt: skip
    assert {name: type(value) for name, value in plist.items()} == types
    assert plist["ProgramArguments"] == ["/opt/a 文件夹/qwen3mlx", "serve"]
    assert plist["EnvironmentVariables"] == {"HF_HOME": "/m"}
    assert plist["KeepAlive"] == {"SuccessfulExit": False}
    assert plist["ProcessType"] in {"Background", "Standard", "Adaptive", "Interactive"}
    assert Path(plist["StandardErrorPath"]).is_absolute()


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)))
def test_systemd_reads_the_words_back(words: list[str]) -> None:
    """Unquoted by the rules of systemd.syntax(7): \\\\, \\", \\n; then %% and, in arguments, $$."""
    (line,) = re.findall(r"^ExecStart=.*$", login_item.unit(["/a", *words], {}), re.MULTILINE)
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    assert line == "ExecStart=" + " ".join(f'"{word}"' for word in quoted)
    read = [re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), word) for word in quoted]
    assert [word.replace("%%", "%").replace("$$", "$") for word in read] == ["/a", *words]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    place = tmp_path / login_item.UNIT
    command = [sys.executable, "-c", "import sys\nprint('50% \"of\" $HOME')", "serve"]
    place.write_text(login_item.unit(command, {"QWEN3MLX_HOME": "/a b"}), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert login_item.UNIT not in done.stderr, done.stderr


@pytest.mark.parametrize("content", ["[Service]\nExecStart=/mine\n", ""])
def test_another_programs_file_stays(linux: Path, content: str) -> None:
    place = login_item.path()
    place.parent.mkdir(parents=True)
    place.write_text(content)
    for verb in (on, off):
        with pytest.raises(ConfigurationError, match="was not made by qwen3mlx"):
            verb()
    assert place.read_text() == content
    assert told(linux) == []


@pytest.mark.usefixtures("linux")
def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    place = login_item.path()
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="was not made by qwen3mlx"):
        on()
    assert not (tmp_path / "elsewhere").exists()


def test_a_refusal_of_systemd_is_told_and_leaves_nothing(linux: Path) -> None:
    script = linux.parent / "bin" / "systemctl"
    script.write_text("#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n")
    with pytest.raises(ConfigurationError, match=r"enable .*failed: Failed to connect to bus"):
        on()
    assert not login_item.is_on()
    script.unlink()
    with pytest.raises(ConfigurationError, match="has no systemd"):
        on()
    assert not login_item.is_on()


def test_a_user_without_a_home_is_told(linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert not login_item.is_on()
    with pytest.raises(ConfigurationError, match="no home folder"):
        on()
    assert told(linux) == []
