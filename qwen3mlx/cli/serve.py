"""`qwen3mlx serve`: the local endpoint."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import MOST, ContextLength, KvBits, RopeScaling, finite
from .terminal import Terminal

if TYPE_CHECKING:
    from ..config import LoadOptions
    from ..library import LocalModel

MOST_GIGABYTES = 1_000_000

Served = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Load it at the start; it is meant where an endpoint lets a request name none.",
    ),
]
Host = Annotated[
    str,
    typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 lets other computers in."),
]
Port = Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes a free one.")]
ApiKeys = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        envvar="QWEN3MLX_API_KEY",
        help="Ask for this key, beside those of `qwen3mlx keys`; repeatable.",
    ),
]
ParentKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        envvar="QWEN3MLX_PARENT_KEY",
        help="Accept this key of the program that starts the server; others need none for it.",
    ),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        help="Let this web page or app call (CORS): http://localhost:*, app://* ...; repeatable.",
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A further name the server is reached by; repeatable."),
]
IdleTtl = Annotated[
    float,
    typer.Option(
        "--ttl",
        metavar="SECONDS",
        min=0,
        max=MOST,
        callback=finite,
        help="Idle time after which a model leaves memory; 0: never.",
    ),
]
MemoryLimit = Annotated[
    float | None,
    typer.Option(
        metavar="GB",
        min=0,
        max=MOST_GIGABYTES,
        callback=finite,
        help="Memory for all; default: what the machine can give.",
    ),
]
PrefixCache = Annotated[
    float | None,
    typer.Option(
        metavar="GB",
        min=0,
        max=MOST_GIGABYTES,
        callback=finite,
        help="Memory for computed prompts to reuse.",
    ),
]
SharePrefixes = Annotated[
    bool,
    typer.Option(
        "--share-prefixes",
        help="Reuse prompts across keys, who can tell then what others have asked.",
    ),
]
MaxRunning = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=1024, help="Answers computed together.")
]
MaxWaiting = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, max=MOST, help="Requests that may wait for their turn."),
]
LogPrompts = Annotated[
    bool, typer.Option("--log-prompts", help="Write prompts and answers into the log.")
]
ExitWithParent = Annotated[
    bool, typer.Option("--exit-with-parent", help="Exit when stdin is closed.")
]


def serve(
    model: Served = None,
    host: Host = "127.0.0.1",
    port: Port = 1234,
    api_key: ApiKeys = None,
    parent_key: ParentKey = None,
    allow_origin: AllowOrigin = None,
    allow_host: AllowHost = None,
    context_length: ContextLength = None,
    rope_scaling: RopeScaling = None,
    kv_bits: KvBits = None,
    ttl: IdleTtl = 3600,
    memory_limit: MemoryLimit = None,
    prefix_cache: PrefixCache = None,
    share_prefixes: SharePrefixes = False,
    max_running: MaxRunning = None,
    max_waiting: MaxWaiting = None,
    log_prompts: LogPrompts = False,
    exit_with_parent: ExitWithParent = False,
) -> None:
    """Serve models to OpenAI, Anthropic, LM Studio and Ollama clients.

    When it is ready it prints one line to stdout, {"url": "http://127.0.0.1:1234"}; its log goes
    to stderr. Requests load the model they name, if it is on this computer. What "server" in
    settings.json says takes the place of the defaults.
    """
    # Until it is ready it makes many objects and no garbage: looking for some takes a tenth longer.
    gc.disable()
    from ..server.settings import ServerSettings

    loading = {"context_length": context_length, "rope_scaling": rope_scaling, "kv_bits": kv_bits}
    settings = ServerSettings(
        host=host,
        port=port,
        api_keys=tuple(api_key or ()),
        parent_key=parent_key,
        allowed_origins=tuple(allow_origin or ()),
        allowed_hosts=tuple(allow_host or ()),
        ttl_s=ttl,
        memory_limit=_bytes(memory_limit),
        prefix_cache_bytes=_bytes(prefix_cache),
        share_prefixes=share_prefixes,
        max_running=max_running,
        max_waiting=max_waiting,
        log_prompts=log_prompts,
        exit_with_parent=exit_with_parent,
    )
    from ..server.run import serve as run_server

    run_server(replace(settings, model=_prepared(model, loading)))


def defaults(context: typer.Context) -> dict[str, Any]:
    """Of the options, from settings.json. UsageError names the file and what is wrong.

    A key that is no option, as a newer version may have, is passed over with a note.
    """
    from ..errors import ConfigurationError, UsageError
    from ..library import nearest
    from ..quoting import quoted
    from ..settings.user import UserSettings

    settings = UserSettings()
    options = {str(option.name): option for option in _options(context)}
    try:
        settings.model_folders()  # while the server runs, a wrong one only hides what is in them
        given = settings.server()
    except ConfigurationError as error:
        raise UsageError(str(error)) from None  # starting it again would not help
    for name in [name for name in given if name not in options]:
        guess = nearest(name, options)
        hint = f" Did you mean {guess}?" if guess else ""
        where = f"{settings.path}: server has no option {quoted(name)}"
        Terminal.standard().note(f"{where}, which does nothing.{hint}")
        del given[name]
    for name, value in given.items():
        try:
            options[name].process_value(context, value)
        except typer.BadParameter as error:
            raise UsageError(
                f"{settings.path}: server.{name} is {quoted(value)}: {error.message}"
            ) from None
    return given


def _options(context: typer.Context) -> list[Any]:
    group: Any = context.command
    return list(group.commands["serve"].params)


def _prepared(model: str | None, loading: dict[str, Any]) -> str | None:
    """The name the server finds the model by, its load settings saved.

    A person at a terminal may have it downloaded first.
    """
    from ..errors import ModelNotFoundError, UsageError
    from .models import find_installed, load_options, locate

    given = any(value is not None for value in loading.values())
    if model is None:
        if given:
            raise UsageError("--context-length, --rope-scaling and --kv-bits need --model.")
        return None
    options = load_options(**loading)
    try:
        found = find_installed(model)
    except ModelNotFoundError:
        locate(model, Terminal.standard())
        found = find_installed(model)
    if given:
        _save(found, options)
    return str(found.path) if found.source == "folder" else found.id


def _save(model: LocalModel, options: LoadOptions) -> None:
    from ..config import ModelConfig
    from ..errors import InvalidRequestError, UsageError
    from ..library import ModelSettings

    try:
        ModelConfig.from_folder(model.path).with_options(options)
    except InvalidRequestError as error:
        raise UsageError(str(error)) from error
    ModelSettings().save(model.id, options)


def _bytes(gigabytes: float | None) -> int | None:
    return None if gigabytes is None else round(gigabytes * 1e9)
