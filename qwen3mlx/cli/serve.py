"""`qwen3mlx serve`: the local endpoint."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..settings.table import COMMAND_BUFFER_VARIABLES, LOAD, SERVER
from .options import ContextLength, KvBits, Quantize, RopeScaling, option
from .terminal import Terminal

if TYPE_CHECKING:
    from ..config import LoadOptions
    from ..library import LocalModel
    from ..server.settings import ServerSettings

Model = Annotated[str | None, option(SERVER["model"], metavar="MODEL")]
Hosts = Annotated[str | None, option(SERVER["hosts"], metavar="FILE")]
Alias = Annotated[list[str] | None, option(SERVER["alias"], metavar="NAME=MODEL")]
Source = Annotated[str, option(SERVER["source"], metavar="HUB")]
Adapter = Annotated[list[str] | None, option(SERVER["adapter"], metavar="PATH")]
Host = Annotated[str, option(SERVER["host"], metavar="ADDRESS")]
Port = Annotated[int, option(SERVER["port"], metavar="PORT")]
ApiKeys = Annotated[
    list[str] | None, option(SERVER["api_key"], metavar="KEY", envvar="QWEN3MLX_API_KEY")
]
ParentKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        envvar="QWEN3MLX_PARENT_KEY",
        help="Also accept this key, from the program that starts the server.",
    ),
]
AllowOrigin = Annotated[list[str] | None, option(SERVER["allow_origin"], metavar="ORIGIN")]
AllowHost = Annotated[list[str] | None, option(SERVER["allow_host"], metavar="NAME")]
IdleTtl = Annotated[float, option(SERVER["ttl"], metavar="SECONDS")]
MemoryLimit = Annotated[float | None, option(SERVER["memory_limit"], metavar="GB")]
PrefixCache = Annotated[float | None, option(SERVER["prefix_cache"], metavar="GB")]
SharePrefixes = Annotated[bool, option(SERVER["share_prefixes"], "--share-prefixes")]
MaxRunning = Annotated[int, option(SERVER["max_running"], metavar="N")]
MaxWaiting = Annotated[int, option(SERVER["max_waiting"], metavar="N")]
CommandBuffer = Annotated[int | None, option(SERVER["command_buffer"], metavar="N")]
Tools = Annotated[bool, option(SERVER["tools"], "--tools/--no-tools")]
RemoteTools = Annotated[bool, option(SERVER["remote_tools"], "--remote-tools/--no-remote-tools")]
LogPrompts = Annotated[bool, option(SERVER["log_prompts"], "--log-prompts/--no-log-prompts")]
PortFallback = Annotated[
    bool, typer.Option("--port-fallback", help="If the port is taken, pick a free one.")
]
ExitWithParent = Annotated[
    bool, typer.Option("--exit-with-parent", help="Exit when stdin is closed.")
]


def serve(
    model: Model = None,
    hosts: Hosts = None,
    alias: Alias = None,
    source: Source = SERVER["source"].default,
    adapter: Adapter = None,
    host: Host = SERVER["host"].default,
    port: Port = SERVER["port"].default,
    api_key: ApiKeys = None,
    parent_key: ParentKey = None,
    allow_origin: AllowOrigin = None,
    allow_host: AllowHost = None,
    context_length: ContextLength = None,
    rope_scaling: RopeScaling = None,
    kv_bits: KvBits = None,
    quantize: Quantize = None,
    ttl: IdleTtl = SERVER["ttl"].default,
    memory_limit: MemoryLimit = SERVER["memory_limit"].default,
    prefix_cache: PrefixCache = SERVER["prefix_cache"].default,
    share_prefixes: SharePrefixes = SERVER["share_prefixes"].default,
    max_running: MaxRunning = SERVER["max_running"].default,
    max_waiting: MaxWaiting = SERVER["max_waiting"].default,
    command_buffer: CommandBuffer = SERVER["command_buffer"].default,
    tools: Tools = SERVER["tools"].default,
    remote_tools: RemoteTools = SERVER["remote_tools"].default,
    log_prompts: LogPrompts = SERVER["log_prompts"].default,
    port_fallback: PortFallback = False,
    exit_with_parent: ExitWithParent = False,
) -> None:
    """Serve models to OpenAI, Anthropic, LM Studio and Ollama clients.

    When ready, it prints one line to stdout, {"url": "http://127.0.0.1:1234"}; the log goes to
    stderr. A request loads the model it names if that is on this computer. "server" in
    settings.json changes the defaults.
    """
    # Until it is ready it makes many objects and no garbage: looking for some takes a tenth longer.
    gc.disable()
    # Pydantic would look for plugins in all installed packages, and run what it finds.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from ..server.settings import ServerSettings

    loading = {
        "context_length": context_length,
        "rope_scaling": rope_scaling,
        "kv_bits": kv_bits,
        "quantize": quantize,
    }
    settings = ServerSettings(
        hosts=hosts,
        model=model,
        alias=tuple(alias or ()),
        source=source,
        adapter=tuple(_folders(adapter or (), model)),
        host=host,
        port=port,
        api_key=tuple(api_key or ()),
        parent_key=parent_key,
        allow_origin=tuple(allow_origin or ()),
        allow_host=tuple(allow_host or ()),
        ttl=ttl,
        memory_limit=memory_limit,
        prefix_cache=prefix_cache,
        share_prefixes=share_prefixes,
        max_running=max_running,
        max_waiting=max_waiting,
        command_buffer=command_buffer,
        tools=tools,
        remote_tools=remote_tools,
        log_prompts=log_prompts,
        port_fallback=port_fallback,
        exit_with_parent=exit_with_parent,
    )
    if command_buffer is not None:
        os.environ.update(dict.fromkeys(COMMAND_BUFFER_VARIABLES, str(command_buffer)))
    from ..errors import ListenError
    from ..library.user_aliases import aliased
    from ..server.run import serve as run_server

    try:
        meant = None if model is None else aliased(model, settings.aliases)
        prepared = _prepared(meant, loading)
        _check_adapters(prepared, settings)
        run_server(replace(settings, model=prepared))
    except ListenError as error:
        about_host = _saved("host", host) if host in str(error) else ""
        raise ListenError(f"{about_host}{error}") from None


def _folders(adapters: Sequence[str], model: str | None) -> Iterator[str]:
    """Yield the whole paths of adapters for the model."""
    if adapters and model is None:
        from ..errors import UsageError

        raise UsageError("--adapter needs --model, the model that it is for.")
    for adapter in adapters:
        from ..library import adapter_folder

        yield str(adapter_folder(adapter).absolute())


def saved_defaults() -> dict[str, Any]:
    """Return defaults of the options from settings.json. UsageError names the file and the fault.

    An unknown key, which a newer version may have saved, is ignored with a note.
    """
    from ..errors import ConfigurationError, InvalidRequestError, UsageError
    from ..library import nearest
    from ..quoting import quoted
    from ..settings.user import UserSettings

    user, known = UserSettings(), SERVER | LOAD
    try:
        faults = user.model_folders().faults
        given = user.server()
    except ConfigurationError as error:
        raise UsageError(str(error)) from None  # starting it again would not help
    for fault in faults:
        Terminal.standard().note(f"{user.path}: {fault} This row is ignored.")
    for name, value in given.items():
        if name not in known:
            guess = nearest(name, known)
            hint = f" Did you mean {guess}?" if guess else ""
            Terminal.standard().note(
                f"{user.path}: unknown server setting {quoted(name)} is ignored.{hint}"
            )
            continue
        try:
            known[name].check(value)
            _check_meaning(name, value)
        except InvalidRequestError as error:
            raise UsageError(f"{user.path}: server.{error}") from None
        except UsageError as error:
            raise UsageError(f"{user.path}: server.{name}: {error}") from None
    return {name: value for name, value in given.items() if name in known}


def _check_meaning(name: str, value: Any) -> None:
    """Check what the table of settings cannot. Raises UsageError or InvalidRequestError."""
    if name in ("alias", "allow_origin", "allow_host"):
        from ..server.settings import ServerSettings

        ServerSettings.of({name: value})
    elif name in LOAD:
        from .models import load_options

        load_options(**{name: value})


def _saved(name: str, value: object) -> str:
    """Return the beginning of an error about `value`, if that is the one in settings.json."""
    from ..settings.user import UserSettings

    user = UserSettings()
    return f"{user.path}: server.{name}: " if user.server().get(name) == value else ""


def _prepared(model: str | None, loading: dict[str, Any]) -> str | None:
    """Save the load settings, and return the name by which the server finds the model.

    A person at a terminal is asked whether to download it first.
    """
    from ..errors import ModelNotFoundError, UsageError
    from .models import find_installed, load_options, locate

    given = any(value is not None for value in loading.values())
    if model is None:
        for name, value in loading.items():
            if value is not None and (where := _saved(name, value)):
                raise UsageError(f"{where}it needs a model; add server.model, or pass --model.")
        if given:
            raise UsageError(
                "--context-length, --rope-scaling, --kv-bits and --quantize need --model."
            )
        return None
    options = load_options(**loading)
    try:
        found = find_installed(model)
    except ModelNotFoundError:
        try:
            locate(model, Terminal.standard())
        except ModelNotFoundError as error:
            raise ModelNotFoundError(f"{_saved('model', model)}{error}") from None
        found = find_installed(model)
    if given:
        _save(found, options)
    is_path = found.source == "folder" and found.adapter is None
    return str(found.path) if is_path else found.id


def _check_adapters(model: str | None, settings: ServerSettings) -> None:
    """Raise CheckpointError for an adapter that does not fit the model, UsageError for any of a
    model that several computers share.
    """
    from .models import find_installed

    if settings.hosts is not None and (settings.adapter or find_installed(model or "").adapter):
        from ..errors import UsageError

        raise UsageError(
            "Several computers cannot share a model with an adapter: make one model of both with "
            "`qwen3mlx fuse`, or leave out --hosts."
        )
    for adapter in settings.adapter:
        from ..model.adapter import check_adapter

        check_adapter(Path(adapter), find_installed(model or "").path)


def _save(model: LocalModel, options: LoadOptions) -> None:
    from ..config import ModelConfig
    from ..errors import InvalidRequestError, UsageError
    from ..library import ModelSettings

    try:
        ModelConfig.from_folder(model.path).with_options(options)
    except InvalidRequestError as error:
        name = str(error.param)
        where = _saved(name, getattr(options, name, None)) if name in LOAD else ""
        raise UsageError(f"{where}{error}") from error
    ModelSettings().save(model.id, options)
