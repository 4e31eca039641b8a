"""Of models, hubs, folders, keys and settings."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

MESSAGES = (
    # Models, folders, keys and settings.
    QT_TRANSLATE_NOOP("server_errors", "{0} is not a folder."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is not one of the added folders."),
    QT_TRANSLATE_NOOP("server_errors", "{0}; it must be absolute."),
    QT_TRANSLATE_NOOP("server_errors", "path is {0}"),
    QT_TRANSLATE_NOOP("server_errors", "There is no download with the id {0}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is being downloaded: remove its download first."),
    QT_TRANSLATE_NOOP("server_errors", "This model is deleted for good: download it again."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is a model with the adapter in {1}: delete that folder."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} ({1}); only models in the Hugging Face cache are deleted."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} comes with the program"),
    QT_TRANSLATE_NOOP("server_errors", "{0} is in one of your folders"),
    QT_TRANSLATE_NOOP("server_errors", "{0} is a link: delete it, and what it leads to."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is there again: delete it to restore the earlier one."),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be restored ({1}): its files are in {2}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be deleted ({1}): check who may write there."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is not a valid key name; use a word such as laptop."),
    QT_TRANSLATE_NOOP("server_errors", "A key named {0} already exists; revoke it first."),
    QT_TRANSLATE_NOOP("server_errors", "There is no key named {0}; existing keys: {1}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0}: the entry of key {1} is broken; delete it and create a new key."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} is not supported; use {1}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is not JSON ({1}): correct it, or delete it to start anew."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} must hold a JSON object, not {1}: correct it, or delete it to start anew.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be read ({1}): check who may read it."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is not an ordinary file: delete it."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} has {1}, too much for such a file: correct it, or delete it to start anew.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} names the folder of a user who has none here: write the whole path."
    ),
    QT_TRANSLATE_NOOP("server_errors", "Nothing can be saved in {0} ({1}): {2}."),
    QT_TRANSLATE_NOOP("server_errors", "set QWEN3MLX_HOME to a folder that may be written"),
    QT_TRANSLATE_NOOP("server_errors", "the fault is at line {0}, column {1}"),
    QT_TRANSLATE_NOOP("server_errors", "byte {0} is not UTF-8"),
    QT_TRANSLATE_NOOP("server_errors", "a number is too long"),
    QT_TRANSLATE_NOOP("server_errors", "it is nested too deeply"),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be read ({1})."),
    QT_TRANSLATE_NOOP("server_errors", "make room on that disk"),
    QT_TRANSLATE_NOOP("server_errors", "another program writes there and does not end; end it"),
    QT_TRANSLATE_NOOP("server_errors", "{0} is not a valid host name."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "Port {0} is in use by {1}, or choose another with --port (0 picks a free one).",
    ),
    QT_TRANSLATE_NOOP("server_errors", "a qwen3mlx server; use or stop it"),
    QT_TRANSLATE_NOOP("server_errors", "another program; stop it"),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "Port {0} requires administrator rights; choose one above 1023 with --port.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "Cannot listen on {0} ({1}); choose an address of this computer."
    ),
    # Hubs and downloads.
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} is not on this computer, and HF_HUB_OFFLINE forbids downloads: unset it.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "HF_HUB_OFFLINE forbids to ask the hub: unset it."),
    QT_TRANSLATE_NOOP("server_errors", "HF_HUB_OFFLINE forbids to search: unset it."),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be searched: use hf or modelscope."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} returned no list of models (a page to log in?): try later."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} does not have this: check the name."),
    QT_TRANSLATE_NOOP("server_errors", "{0} failed with status {1}: try again later."),
    QT_TRANSLATE_NOOP("server_errors", "{0} sent an answer without end: use another hub."),
    QT_TRANSLATE_NOOP("server_errors", "{0} answers too slowly: try again later."),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be reached ({1}): check the connection."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} cannot be reached ({1}): check the connection, then run it again; finished files are "
        "kept.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "Kaggle's model cards cannot be read here: see its page."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is not the name of a repository: org/repo is."),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no model card."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} is no address of a hub: write it as in https://huggingface.co.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "The token for {0} holds characters that no token has: copy it again.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "A SOCKS proxy cannot be used: set ALL_PROXY and HTTPS_PROXY to the proxy's address for "
        "HTTP, as in http://127.0.0.1:7890.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "The proxy in ALL_PROXY, HTTP_PROXY or HTTPS_PROXY cannot be used ({0}): correct its "
        "address.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} gave an answer about {1} that is not of the hub's form ({2}): use another hub; "
        "finished files are kept.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "A file of {0} is not of the size that the hub announced: run it again later, or use "
        "another hub; finished files are kept.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} is gated: accept its terms at {1}, then set HF_TOKEN to a token of that account.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no such revision: see {1}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} has no model {1}, or it is private: {2}, or set HF_TOKEN."
    ),
    QT_TRANSLATE_NOOP("server_errors", "check the name"),
    QT_TRANSLATE_NOOP("server_errors", "did you mean {0}"),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} denied access to {1} ({2}): check the token in HF_TOKEN."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is rate-limiting requests (429): wait a few minutes, or set HF_TOKEN."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} refused the request with status {1}: check the name."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "The disk is full: free some space, then run it again; finished files are kept.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be written: {1}."),
    QT_TRANSLATE_NOOP("server_errors", "The download cannot be written: {0}."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} needs {1} more, and {2} has {3} free: free some space, or set {4} to a folder on "
        "another disk.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} has {1}, and no safetensors: take {2}."),
    QT_TRANSLATE_NOOP("server_errors", "no weights"),
    QT_TRANSLATE_NOOP("server_errors", "its weights as pickles only, which can run code"),
    QT_TRANSLATE_NOOP(
        "server_errors", "its weights as GGUF only, which `qwen3mlx import` takes as files"
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no {1}, which qwen3mlx needs: take {2}."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is {1} ({2}), and qwen3mlx runs Qwen3's text models: take {3}."
    ),
    QT_TRANSLATE_NOOP("server_errors", "a vision model"),
    QT_TRANSLATE_NOOP("server_errors", "of another family"),
    QT_TRANSLATE_NOOP("server_errors", "{0} has a config.json of {1}."),
    # Memory and load.
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} needs {1} for its weights and {2} can be used here: use a smaller model or fewer "
        "bits.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} needs {1} more, which other models use: try again when they are idle."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "The prompt's {0} tokens need {1} of memory and {2} are left beside the model: shorten "
        "it, load the model with quantized keys and values (kv_bits), or use a smaller model.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is being unloaded for another model: send the request again."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} was unloaded: send the request again to load it."),
    QT_TRANSLATE_NOOP("server_errors", "{0} was unloaded: send the request again."),
    QT_TRANSLATE_NOOP("server_errors", "{0}: send the request again."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} requests are running or waiting for {1} already: try again later."
    ),
)
