"""One sentence for each way a download can fail."""

from __future__ import annotations

import errno

from ..errors import DownloadError, ModelNotFoundError, Qwen3MLXError, UnreachableError

# What reading an answer raises that lacks a key or has a value of another type. To ask again would
# give the same answer.
_MALFORMED = (AttributeError, LookupError, TypeError, ValueError)


def explain(error: BaseException, repo_id: str) -> Qwen3MLXError:
    """Return our error for an exception that `huggingface_hub` raised for `repo_id`."""
    from huggingface_hub import constants, errors

    if isinstance(error, Qwen3MLXError):
        return error
    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ is not None:
        return explain(error.__cause__, repo_id)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return DownloadError(offline(repo_id))
    if isinstance(error, errors.HfHubHTTPError):
        return _explain_answer(error, repo_id)
    if isinstance(error, OSError) and error.errno is not None:
        return DownloadError(_explain_disk(error))
    if "Consistency check failed" in str(error):
        # All of the answer arrived, so another attempt would get the same.
        return DownloadError(
            f"A file of {repo_id} is not of the size that the hub announced: run it again later, "
            "or use another hub; finished files are kept."
        )
    if isinstance(error, _MALFORMED):
        return DownloadError(
            f"{constants.ENDPOINT} gave an answer about {repo_id} that is not of the hub's form "
            f"({type(error).__name__}): use another hub; finished files are kept."
        )
    return UnreachableError(
        f"{constants.ENDPOINT} cannot be reached ({type(error).__name__}): check the connection, "
        "then run it again; finished files are kept."
    )


def offline(repo_id: str) -> str:
    """Return the error for a download that HF_HUB_OFFLINE forbids."""
    return f"{repo_id} is not on this computer, and HF_HUB_OFFLINE forbids downloads: unset it."


def _explain_answer(error: Exception, repo_id: str) -> Qwen3MLXError:
    from huggingface_hub import constants, errors

    assert isinstance(error, errors.HfHubHTTPError)
    hub, status = constants.ENDPOINT, error.response.status_code
    if isinstance(error, errors.GatedRepoError):
        return DownloadError(
            f"{repo_id} is gated: accept its terms at {hub}/{repo_id}, "
            "then set HF_TOKEN to a token of that account."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelNotFoundError(f"{repo_id} has no such revision: see {hub}/{repo_id}/tree/main.")
    if isinstance(error, errors.RepositoryNotFoundError) or status == 404:
        from ..library.refusals import near_repository

        near = near_repository(repo_id)
        check = f"did you mean {near}" if near else "check the name"
        return ModelNotFoundError(
            f"{hub} has no model {repo_id}, or it is private: {check}, or set HF_TOKEN."
        )
    if status in (401, 403):
        return DownloadError(
            f"{hub} denied access to {repo_id} ({status}): check the token in HF_TOKEN."
        )
    if status == 429:
        return UnreachableError(
            f"{hub} is rate-limiting requests (429): wait a few minutes, or set HF_TOKEN."
        )
    if status < 500:
        return DownloadError(f"{hub} refused the request with status {status}: check the name.")
    return UnreachableError(f"{hub} failed with status {status}: try again later.")


def _explain_disk(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: free some space, then run it again; finished files are kept."
    if error.filename:
        return f"{error.filename} cannot be written: {error.strerror}."
    return f"The download cannot be written: {error.strerror}."
