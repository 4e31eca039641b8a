"""Every error the runtime raises on purpose.

    Qwen3MLXError
    ├── UsageError            the call itself makes no sense (exit code 2)
    ├── ModelNotFoundError    no such folder, alias or hub id, or it is not on disk
    ├── DownloadError         a hub failed, or returned something other than the files
    │   └── UnreachableError     no connection, or a busy or failing hub: it may pass
    ├── UploadError           a hub refused the files of a checkpoint, or cannot be reached
    ├── DeletionError         a model's files cannot be deleted
    ├── CheckpointError       a file of the checkpoint is missing, broken or not supported
    │   └── TemplateError     its chat template does not compile or does not render
    ├── InvalidRequestError   a value in a request cannot be fulfilled
    │   └── ContextLengthError   prompt and answer do not fit the context
    ├── ConfigurationError    a file of the program's own settings is broken
    │   └── NotSavedError        it cannot be written: a full or read-only disk, no home
    ├── MemoryBudgetError     the model or the request does not fit in memory
    ├── OverloadedError       too many requests are waiting; try again later
    ├── UnavailableError      the model was unloaded or the engine closed during the request
    │   └── ModelGoneError       it was unloaded before the request arrived: load it again
    └── ListenError           the server cannot listen at the given address and port

The message is one sentence that says what is wrong and what to do; `code` is for programs.
"""

from __future__ import annotations


class Qwen3MLXError(Exception):
    """Base class; `str(error)` is meant for a person."""

    code = "internal_error"


class UsageError(Qwen3MLXError):
    code = "usage"


class ModelNotFoundError(Qwen3MLXError):
    code = "model_not_found"


class DownloadError(Qwen3MLXError):
    code = "download_failed"


class UnreachableError(DownloadError):
    """The same download may succeed later."""

    code = "hub_unreachable"


class UploadError(Qwen3MLXError):
    code = "upload_failed"


class DeletionError(Qwen3MLXError):
    code = "not_deleted"


class CheckpointError(Qwen3MLXError):
    code = "invalid_checkpoint"


class TemplateError(CheckpointError):
    code = "invalid_chat_template"


class InvalidRequestError(Qwen3MLXError):
    """`param` names the field of the request."""

    code = "invalid_request"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class ContextLengthError(InvalidRequestError):
    """The prompt plus one token does not fit the context; both lengths are in tokens.

    `at_least` means that the rest of the prompt was not counted. The wording is OpenAI's: agents
    search for it, and for the numbers, to shorten the conversation.
    """

    code = "context_length_exceeded"

    def __init__(
        self,
        prompt_tokens: int,
        context_length: int,
        *,
        param: str = "messages",
        at_least: bool = False,
    ) -> None:
        super().__init__(
            f"This model's maximum context length is {context_length} tokens. However, your "
            f"messages resulted in {prompt_tokens} tokens{' or more' if at_least else ''}. Please "
            "reduce the length of the messages, or load the model with a larger context length.",
            param=param,
        )
        self.prompt_tokens = prompt_tokens
        self.context_length = context_length


class ConfigurationError(Qwen3MLXError):
    code = "invalid_configuration"


class NotSavedError(ConfigurationError):
    code = "not_saved"


class MemoryBudgetError(Qwen3MLXError):
    code = "insufficient_memory"


class OverloadedError(Qwen3MLXError):
    code = "overloaded"


class UnavailableError(Qwen3MLXError):
    code = "unavailable"


class ModelGoneError(UnavailableError):
    """Nothing has been computed yet: the caller may load the model again and retry."""


class ListenError(Qwen3MLXError):
    code = "cannot_listen"
