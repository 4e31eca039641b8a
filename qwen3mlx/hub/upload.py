"""Send a checkpoint's files to a repository of Hugging Face, using `huggingface_hub`.

First all large files are stored, then one commit makes every file appear: nobody ever sees half a
checkpoint. What has been stored is not sent again by another run, be it by the hub's Xet or by LFS.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UploadError, UsageError
from ..library.names import is_repository
from ..quoting import printable, quoted, shortened
from .environment import check_hub, check_token
from .offline import is_offline
from .upload_errors import explain

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# Called with the place of a file, from 0, before it is sent, and at the end with their number.
OnFile = Callable[[int], None]
CARD = "README.md"


class Target(NamedTuple):
    """A repository to send to, as the hub describes it to the owner of the token.

    `exists` is False for one that `send` creates; `others` are the files there already.
    """

    repo_id: str
    url: str
    is_private: bool
    exists: bool = False
    others: tuple[str, ...] = ()


def target(repo_id: str, *, is_private: bool) -> Target:
    """Ask the hub about the repository and the token, and change nothing.

    Raises UsageError for what is no name of a repository; UploadError without a token that may
    write there, for a repository whose visibility is the other one, and without the hub.
    """
    if not is_repository(repo_id):
        raise UsageError(f"{quoted(repo_id)} is not the name of a repository: USER/NAME is.")
    with _asking(repo_id) as api:
        _check_account(api.whoami(), repo_id)
        return _existing(api, repo_id, is_private=is_private) or Target(
            repo_id, f"{api.endpoint}/{repo_id}", is_private
        )


def send(to: Target, files: Sequence[Path], on_file: OnFile) -> str:
    """Create the repository if it does not exist, and send the files; return the commit's URL.

    Raises UploadError. After that, and after an interruption, another call sends what is missing.
    """
    from huggingface_hub import CommitOperationAdd

    with _asking(to.repo_id) as api:
        _check_card(files)
        if not to.exists:
            api.create_repo(to.repo_id, private=to.is_private)
        operations = [CommitOperationAdd(file.name, file) for file in files]
        for place, operation in enumerate(operations):
            on_file(place)
            api.preupload_lfs_files(to.repo_id, [operation], free_memory=False)
        commit = api.create_commit(
            to.repo_id, operations, commit_message="Upload by qwen3mlx"
        ).commit_url
        on_file(len(files))
        _check_arrived(api, to.repo_id, files)
    return commit


@contextmanager
def _asking(repo_id: str) -> Iterator[HfApi]:
    """Return the hub's interface; its errors become ours, and none of them shows the token."""
    import httpx2
    from huggingface_hub import constants

    if is_offline():
        raise UploadError("HF_HUB_OFFLINE forbids to send anything: unset it.")
    check_hub(constants.ENDPOINT)
    from huggingface_hub import HfApi, get_token

    if (token := get_token()) is None:
        raise UploadError(
            "There is no Hugging Face token here: make one that may write at "
            "https://huggingface.co/settings/tokens, and set HF_TOKEN, or run `hf auth login`."
        )
    check_token(token, constants.ENDPOINT)
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it logs each retry
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield HfApi(token=token, library_name="qwen3mlx")
    except (UploadError, httpx2.HTTPError, OSError, RuntimeError, ValueError) as error:
        said = str(error) if isinstance(error, UploadError) else explain(error, repo_id)
        raise UploadError(printable(said.replace(token, "..."))) from None
    finally:
        logger.setLevel(level)


def _check_account(found: object, repo_id: str) -> None:
    """Raise UploadError unless the token's owner may write to the name's user or organization."""
    known = found if isinstance(found, dict) else {}
    owner = repo_id.partition("/")[0]
    mine = [known.get("name"), *(_name(org) for org in known.get("orgs") or ())]
    names = [name for name in mine if isinstance(name, str)]
    if owner not in names:
        raise UploadError(
            f"{owner} is neither the owner of this token nor one of its organizations: use one of "
            f"{shortened(printable(', '.join(names)))}, or another token."
        )
    access = (known.get("auth") or {}).get("accessToken") or {}
    if access.get("role") == "read":
        raise UploadError(
            "The token can only read: make one that may write at "
            "https://huggingface.co/settings/tokens."
        )


def _name(organization: object) -> object:
    return organization.get("name") if isinstance(organization, dict) else None


def _existing(api: HfApi, repo_id: str, *, is_private: bool) -> Target | None:
    """Return the repository as it is; None if there is none. Raises UploadError."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        info = api.model_info(repo_id)
    except RepositoryNotFoundError:
        return None
    if bool(info.private) != is_private:
        now, advice = ("private", "leave out") if info.private else ("public", "use")
        raise UploadError(
            f"{repo_id} exists and is {now}: {advice} --public, or change that in its settings on "
            "the hub."
        )
    others = tuple(file.rfilename for file in info.siblings or ())
    return Target(info.id, f"{api.endpoint}/{info.id}", is_private, True, others)


def _check_card(files: Sequence[Path]) -> None:
    """Have the hub check the card, before gigabytes are sent. Raises UploadError."""
    import yaml
    from huggingface_hub import ModelCard

    for file in files:
        if file.name == CARD:
            try:
                ModelCard(file.read_text(encoding="utf-8"), ignore_metadata_errors=True).validate()
            except (ValueError, yaml.YAMLError) as error:
                said = shortened(" ".join(str(error).split()))
                raise UploadError(
                    f"The lines between `---` in {CARD} are not valid: {said}"
                ) from None


def _check_arrived(api: HfApi, repo_id: str, files: Sequence[Path]) -> None:
    """Raise UploadError unless the repository has all files in their sizes."""
    info = api.model_info(repo_id, files_metadata=True)
    sizes = {file.rfilename: file.size for file in info.siblings or ()}
    missing = [file.name for file in files if sizes.get(file.name) != file.stat().st_size]
    if missing:
        raise UploadError(
            f"{repo_id} does not have {', '.join(missing[:3])} as sent: look at its page, and run "
            "it again."
        )
