"""Dependencies are pinned by hash without addresses, and every file has a known copyright."""

from __future__ import annotations

import fnmatch
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# The purpose of each lock file, as extras of the project.
EXTRAS = {"run": [], "app": ["app"], "dev": ["dev", "peer"], "training": ["training"]}
PLATFORMS = [
    {"sys_platform": platform, "platform_machine": machine, "python_version": version,
     "python_full_version": f"{version}.1", "platform_python_implementation": "CPython"}
    for platform, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    for version in ("3.10", "3.11", "3.13")
]  # fmt: skip
# What the jobs of a workflow may beyond reading: one publishes on PyPI, one on GitHub.
MORE_PERMISSIONS = {"release": {"pypi": {"id-token": "write"}, "announce": {"contents": "write"}}}
ACTION = r"(actions/[\w-]+|pypa/gh-action-pypi-publish)"
ADDRESS = re.compile(r"https?://|--(extra-)?index.url|--find-links")


def entries(lock: Path) -> Iterator[tuple[Requirement, list[str]]]:
    """Each requirement, and the hashes that its files may have."""
    for entry in lock.read_text().replace("\\\n", "").splitlines():
        if entry and not entry.startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
            yield Requirement(requirement), hashes


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_versions_and_hashes_and_names_no_address(lock: Path) -> None:
    assert not ADDRESS.search(lock.read_text())
    for requirement, hashes in entries(lock):
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: "-".join(list(p.values())[:3]))
@pytest.mark.parametrize("lock", EXTRAS)
def test_a_lock_has_what_the_project_asks_for(lock: str, platform: dict[str, str]) -> None:
    pinned = {
        requirement.name: str(requirement.specifier)[2:]
        for requirement, _ in entries(ROOT / "requirements" / f"{lock}.txt")
        if requirement.marker is None or requirement.marker.evaluate(platform)
    }
    asked = [*wanted(*EXTRAS[lock]), *map(Requirement, PROJECT["build-system"]["requires"])]
    for requirement in asked:
        if requirement.marker is None or requirement.marker.evaluate(platform):
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            assert requirement.specifier.contains(pinned[name]), requirement


def wanted(*extras: str) -> Iterator[Requirement]:
    """Return the project's dependencies with these extras, including nested extras."""
    optional = PROJECT["project"]["optional-dependencies"]
    for extra in extras:
        for requirement in map(Requirement, optional[extra]):
            if requirement.name == "qwen3mlx":
                yield from wanted(*requirement.extras)
            else:
                yield requirement
    yield from map(Requirement, PROJECT["project"]["dependencies"])


@pytest.mark.parametrize("folder", ["tests/agents", "benchmarks/conformance"])
def test_node_packages_are_locked_without_addresses(folder: str) -> None:
    asked = json.loads((ROOT / folder / "package.json").read_text())
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    root = packages.pop("")
    for kind in ("dependencies", "optionalDependencies"):
        assert root.get(kind) == asked.get(kind)
        for name, version in asked.get(kind, {}).items():
            assert packages[f"node_modules/{name}"]["version"] == version
    for name, package in packages.items():
        assert package.get("integrity", "").startswith("sha512-") or package.get("inBundle"), name
        assert "resolved" not in package, name


def test_whatever_is_installed_is_held_to_its_hashes() -> None:
    """pip by `--require-hashes`, npm by its lock; the project itself brings nothing along."""
    scripts = [*(ROOT / "scripts").iterdir(), *WORKFLOWS, ROOT / "Makefile"]
    installs = [
        line
        for script in scripts
        for line in script.read_text().replace("\\\n", " ").splitlines()
        if re.search(r"\bpip install\b|^\s*install |\bnpm (install|ci)\b|pip_audit", line)
        if not line.rstrip().endswith('"$@"; }')  # a function: its calls count
    ]
    assert len(installs) >= 8
    for line in installs:
        held = r"--require-hashes|--no-deps|\$locked|npm ci|--package-lock-only|--omit-lockfile"
        assert re.search(held, line), line


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_a_workflow_may_read_and_names_its_actions_by_commit(workflow: Path) -> None:
    described = yaml.safe_load(workflow.read_text())
    assert described["permissions"] == {"contents": "read"}
    more = {
        name: job["permissions"] for name, job in described["jobs"].items() if "permissions" in job
    }
    assert more == MORE_PERMISSIONS.get(workflow.stem, {})
    for line in workflow.read_text().splitlines():
        if "uses:" in line:
            assert re.search(rf"uses: {ACTION}@[0-9a-f]{{40}} # v\d+\.\d+\.\d+$", line), line
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_changes_are_checked_on_linux_and_on_apple_silicon() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["check"]
    assert {"ubuntu-24.04", "macos-15"} <= set(job["strategy"]["matrix"]["os"])
    assert job["steps"][-1] == {"run": ".ci/run"}


def test_each_lock_is_audited_for_known_faults_every_day() -> None:
    described = yaml.safe_load((ROOT / ".github/workflows/audit.yml").read_text())
    # YAML reads the key `on` as true.
    assert described[True]["schedule"]
    audited = described["jobs"]["python"]["strategy"]["matrix"]["locked"]
    assert {*audited, "run"} == {lock.stem for lock in LOCKS}  # run is within app


def data_files() -> Iterator[str]:
    """Return the wheel's files other than Python, as paths from the root."""
    for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                yield path.relative_to(ROOT).as_posix()


def test_every_data_file_says_whose_it_is_and_where_it_comes_from() -> None:
    table = tomllib.loads((ROOT / "REUSE.toml").read_text("utf-8"))["annotations"]
    found = sorted(data_files())
    assert len(found) > 80
    for path in found:
        entry = [one for one in table if _fits(one, path)][-1]
        assert entry["SPDX-License-Identifier"] == "Apache-2.0", path
        assert entry["SPDX-FileCopyrightText"], path
        assert entry.get("SPDX-FileComment"), f"{path}: REUSE.toml does not say where it is from."


def test_every_entry_is_of_files_that_are_there() -> None:
    table = tomllib.loads((ROOT / "REUSE.toml").read_text("utf-8"))["annotations"]
    paths = [path for entry in table[1:] for path in _paths(entry)]
    assert [path for path in paths if not any(ROOT.glob(path.replace("**.", "**/*.")))] == []
    assert "REUSE.toml" in PROJECT["project"]["license-files"]


def _fits(entry: dict[str, Any], path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in _paths(entry))


def _paths(entry: dict[str, Any]) -> list[str]:
    path = entry["path"]
    return [path] if isinstance(path, str) else path
