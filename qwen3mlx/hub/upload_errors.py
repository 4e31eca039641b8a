"""One sentence for each way an upload can fail."""

from __future__ import annotations

from collections.abc import Iterator

from ..quoting import shortened

_AGAIN = "run it again: what has arrived is not sent again."


def explain(error: BaseException, repo_id: str) -> str:
    """Return the sentence for an exception that `huggingface_hub` raised for `repo_id`."""
    from huggingface_hub import constants, errors

    hub = constants.ENDPOINT
    chain = list(_causes(error))
    for each in chain:
        if isinstance(each, errors.HfHubHTTPError):
            return _answer(each, hub, repo_id)
    for each in chain:
        if isinstance(each, FileNotFoundError | IsADirectoryError) and each.filename:
            return f"{each.filename} cannot be read ({each.strerror}): {_AGAIN}"
    if isinstance(error, ValueError) or "Data processing" in str(error):
        return f"{hub} did not take the files of {repo_id} ({shortened(str(error))}): {_AGAIN}"
    name = type(chain[-1]).__name__
    return f"{hub} cannot be reached ({name}): check the connection, then {_AGAIN}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _answer(error: BaseException, hub: str, repo_id: str) -> str:
    from huggingface_hub import errors

    assert isinstance(error, errors.HfHubHTTPError)
    status, said = error.response.status_code, shortened(error.server_message or "")
    why = f"{status}: {said}" if said else str(status)
    if error.response.request.method == "PUT":  # at a store, by an address that expires
        return f"The store of {hub} did not take a file ({why}): {_AGAIN}"
    if isinstance(error, errors.RepositoryNotFoundError) or status == 404:
        return f"{hub} has no {repo_id} that this token may see ({why}): check name and token."
    if status == 401:
        return f"{hub} does not accept the token ({why}): set HF_TOKEN to a valid one."
    if status == 402 or status == 413:
        return f"{hub} has no room for this in the account ({why})."
    if status == 403:
        return (
            f"The token may not write to {repo_id} ({why}): make one that may at "
            "https://huggingface.co/settings/tokens."
        )
    if status == 409 or status == 412:
        return f"{repo_id} is taken, or changed meanwhile ({why}): look at its page, and {_AGAIN}"
    if status == 429:
        return f"{hub} is rate-limiting requests ({why}): wait a few minutes, then {_AGAIN}"
    if status < 500:
        return f"{hub} refused the upload ({why})."
    return f"{hub} failed ({why}): wait a while, then {_AGAIN}"
