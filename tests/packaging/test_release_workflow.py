"""What a tag sets in motion: tests, packages, signatures, then the upload; secrets where needed."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.support.places import ROOT

FILE = ROOT / ".github" / "workflows" / "release.yml"
RELEASE: dict[Any, Any] = yaml.safe_load(FILE.read_text("utf-8"))
JOBS: dict[str, dict[str, Any]] = RELEASE["jobs"]
SECRET = re.compile(r"secrets\.(\w+)")


def lines(job: str) -> str:
    """All that the job runs."""
    return "\n".join(step["run"] for step in JOBS[job]["steps"] if "run" in step)


def before(job: str) -> set[str]:
    """The jobs that must have succeeded before this one."""
    needed = set(JOBS[job].get("needs", ()))
    return needed.union(*map(before, needed))


def test_only_a_tag_makes_a_release() -> None:
    assert RELEASE[True] == {"push": {"tags": ["v*"]}}  # YAML reads the key `on` as true


def test_nothing_is_published_before_all_is_tested_and_built() -> None:
    assert before("pypi") == {"test", "package", "linux", "macos"}
    assert before("announce") == {"test", "package", "linux", "macos", "pypi"}
    assert before("macos") == {"test", "package"}
    assert JOBS["test"]["strategy"]["matrix"]["os"] == ["ubuntu-24.04", "macos-15"]
    assert lines("test") == ".ci/run"


def test_the_upload_is_by_trusted_publishing() -> None:
    assert JOBS["pypi"]["permissions"] == {"id-token": "write"}
    assert JOBS["pypi"]["environment"] == "pypi"
    assert lines("pypi") == ""  # whoever may publish runs nothing of its own
    download, publish = JOBS["pypi"]["steps"]
    assert download["with"] == {"name": "python", "path": "dist"}
    assert publish["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert "with" not in publish  # no password


def test_secrets_are_given_to_single_steps_and_never_written_out() -> None:
    named = set(SECRET.findall(FILE.read_text("utf-8")))
    described = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert named == set(re.findall(r"`(APPLE_\w+)`", described))
    for name, job in JOBS.items():
        outside = {key: value for key, value in job.items() if key != "steps"}
        assert not SECRET.search(str(outside))
        for step in job["steps"]:
            given = step.pop("env", {})
            assert not SECRET.search(str(step)), "a secret in a command line shows in the log"
            assert name == "macos" or not SECRET.search(str(given))


def test_the_app_is_signed_notarized_and_put_into_an_image() -> None:
    said = lines("macos")
    assert 'packaging/build.py --sign "$IDENTITY" --notarize release --dmg' in said
    assert "notarytool store-credentials release" in said
    assert said.index("security import") < said.index("packaging/build.py")
    removal = next(step for step in JOBS["macos"]["steps"] if "delete-keychain" in str(step))
    assert removal["if"] == "always()"


def test_a_release_without_an_address_for_updates_is_refused() -> None:
    check = lines("package").split("\n")[1]
    assert check == "! grep --fixed-strings '.invalid/' app/qwen3mlx_app/services/updates.py"
    assert (ROOT / check.split()[-1]).is_file()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("job", JOBS)
def test_every_script_is_one(job: str) -> None:
    subprocess.run(["bash", "-n"], input=lines(job), text=True, check=True)
