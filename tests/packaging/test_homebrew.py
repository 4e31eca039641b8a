"""Homebrew's formula and cask, held against what its documentation says about their stanzas."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import contents
import homebrew
import pytest
from qwen3mlx_app.services import login_item

from tests.support.places import ROOT

# In the order that Homebrew's style asks for, from docs.brew.sh.
FORMULA_ORDER = [
    "desc", "homepage", "url", "mirror", "version", "sha256", "license", "revision", "head",
    "livecheck", "bottle", "keg_only", "depends_on", "uses_from_macos", "conflicts_with",
    "resource", "patch", "def", "service", "test",
]  # fmt: skip
CASK_ORDER = [
    "version", "sha256", "url", "name", "desc", "homepage", "livecheck", "auto_updates",
    "conflicts_with", "depends_on", "container", "suite", "app", "pkg", "installer", "binary",
    "manpage", "artifact", "preflight", "postflight", "uninstall", "zap", "caveats",
]  # fmt: skip
SERVICE = {"run", "keep_alive", "log_path", "error_log_path"}


@pytest.fixture
def tap(tmp_path: Path) -> Path:
    (tmp_path / "qwen3mlx.tar.gz").write_bytes(b"source")
    (tmp_path / "qwen3mlx.dmg").write_bytes(b"image")
    command = [sys.executable, str(ROOT / "packaging" / "homebrew.py")]
    command += ["--homepage", "https://example.org/qwen3mlx"]
    command += ["--download", "https://example.org/qwen3mlx/files/", "--out", str(tmp_path)]
    command += [str(tmp_path / "qwen3mlx.tar.gz"), str(tmp_path / "qwen3mlx.dmg")]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path


def stanzas(text: str) -> list[str]:
    """The words that begin the lines of the outermost block."""
    return re.findall(r"^  ([a-z_]+)\b", text, re.MULTILINE)


def in_order(found: list[str], order: list[str]) -> bool:
    found = [word for word in found if word != "end"]
    return [*found] == sorted(found, key=order.index)


def value(text: str, stanza: str) -> str:
    (found,) = re.findall(rf'^  {stanza} "([^"]*)"', text, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize(
    ("name", "data", "ending", "order"),
    [
        ("Formula/qwen3mlx.rb", b"source", ".tar.gz", FORMULA_ORDER),
        ("Casks/qwen3-mlx.rb", b"image", ".dmg", CASK_ORDER),
    ],
)
def test_its_stanzas_are_homebrews(
    tap: Path, name: str, data: bytes, ending: str, order: list[str]
) -> None:
    text = (tap / name).read_text("utf-8")
    assert in_order(stanzas(text), order)
    assert value(text, "sha256") == hashlib.sha256(data).hexdigest()
    assert re.fullmatch(
        rf"https://example\.org/qwen3mlx/files/qwen3mlx-\S+{ending}", value(text, "url")
    )
    assert value(text, "homepage") == "https://example.org/qwen3mlx"
    assert "$" not in text
    words = value(text, "desc")
    assert len(words) <= 80
    assert not words.endswith(".")
    assert not words.startswith(("A ", "An ", "The ", "Qwen3 MLX"))
    opened = len(re.findall(r"\bdo\b|^\s*(?:class|def) ", text, re.MULTILINE))
    assert opened == len(re.findall(r"^\s*end$", text, re.MULTILINE))
    if ruby := shutil.which("ruby"):
        subprocess.run([ruby, "-c", tap / name], check=True)


def test_the_formula_serves_from_locked_wheels(tap: Path) -> None:
    text = (tap / "Formula" / "qwen3mlx.rb").read_text("utf-8")
    (service,) = re.findall(r"^  service do\n(.*?)^  end", text, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^    ([a-z_]+)", service, re.MULTILINE)) <= SERVICE
    assert 'run [opt_bin/"qwen3mlx", "serve"]' in service
    assert "keep_alive successful_exit: false" in service
    assert "--require-hashes" in text
    assert (ROOT / "requirements" / "run.txt").is_file()


def test_the_cask_takes_away_what_the_app_makes(tap: Path) -> None:
    text = (tap / "Casks" / "qwen3-mlx.rb").read_text("utf-8")
    assert value(text, "app") == f"{contents.DISPLAY_NAME}.app"
    assert value(text, "name") == contents.DISPLAY_NAME
    assert f'launchctl: "{login_item.LABEL}"' in text
    assert f'"{contents.BUNDLE_ID}"' in text
    assert f"Contents/MacOS/{contents.NAME}" in text
    assert f"LaunchAgents/{login_item.LABEL}.plist" in text
    assert (contents.MINIMUM_MACOS, 'macos: ">= :sonoma"' in text) == ("14.0", True)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        homebrew.filled(homebrew.CASK, tmp_path / "none", "1", {"homepage": "", "download": ""})
