"""The server's HTTP API: paths, and JSON <-> values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ..domain import (
    ApiKey,
    BrokenModel,
    LogEntry,
    Memory,
    ModelEntry,
    ModelFolder,
    ModelSettings,
    RunningRequest,
    ServerSettings,
)
from ..limits import SettingLimits, limits_from
from .chat import ChatReader, Delta, MalformedError
from .endpoint_json import as_model, as_value
from .http import Call, EndpointError, Failed, interrupted, malformed
from .json_api import OWN, JsonApi, json_object, read_value
from .server_errors import said
from .sse import Comment, Event

OnModels = Callable[[list[ModelEntry], list[BrokenModel]], None]


class Endpoint(JsonApi):
    """Each call ends with `done` or `failed`, later, on the event loop."""

    # Chat

    def chat(
        self,
        body: Mapping[str, Any],
        *,
        on_delta: Callable[[Delta], None],
        done: Callable[[], None],
        failed: Failed,
    ) -> Call:
        """Stream an answer; `done` is called only if the server completed it.

        `servers` in the body are those whose tools run meanwhile.
        """
        reader = ChatReader()

        def read(item: Event | Comment) -> None:
            try:
                deltas = reader.read(item)
            except MalformedError:
                call.abort()
                failed(malformed())
                return
            for delta in deltas:
                on_delta(delta)

        def end() -> None:
            if reader.is_complete:
                done()
            else:
                failed(interrupted())

        usage = {"include_usage": True, "continuous_usage_stats": True}
        streamed = {**body, "stream": True, "stream_options": usage}
        path = f"{OWN}/tools/chat" if "servers" in body else "/v1/chat/completions"
        call = self._http.stream("POST", path, streamed, on_item=read, done=end, failed=failed)
        return call

    def short_answer(
        self, body: Mapping[str, Any], *, done: Callable[[str], None], failed: Failed
    ) -> Call:
        """Ask for an answer as a whole, and get its text."""
        return self._ask(
            "POST",
            "/v1/chat/completions",
            body,
            read=lambda reply: str(reply["choices"][0]["message"]["content"] or ""),
            done=done,
            failed=failed,
        )

    def count_tokens(
        self,
        *,
        model: str | None,
        texts: Sequence[str],
        messages: Sequence[Mapping[str, Any]] | None,
        servers: Sequence[str] = (),
        enable_thinking: bool | None,
        done: Callable[[list[int], int | None, int, bool], None],
        failed: Failed,
    ) -> Call:
        """Calls `done(tokens of each text, tokens of the chat, context length, is least)`.

        A chat that is too long to be counted has more tokens than told: `is least`.
        Those of the `servers` that run are counted with their tools.
        """
        body = {
            "model": model,
            "texts": list(texts),
            "messages": None if messages is None else list(messages),
            "servers": list(servers),
            "enable_thinking": enable_thinking,
        }
        return self._ask(
            "POST",
            f"{OWN}/tokens",
            body,
            read=lambda reply: (
                [int(count) for count in reply["texts"]],
                reply["chat"],
                int(reply["context_length"]),
                bool(reply["at_least"]),
            ),
            done=lambda counts: done(*counts),
            failed=failed,
        )

    # Models

    def models(self, *, done: OnModels, failed: Failed) -> Call:
        return self._ask(
            "GET",
            f"{OWN}/models",
            read=_models,
            done=lambda models: done(*models),
            failed=failed,
        )

    def watch_models(self, *, on_models: OnModels, ended: Failed) -> Call:
        """Report all models, and again whenever one has changed, until the call is aborted."""

        return self._watch(
            f"{OWN}/models/events",
            "models",
            read=_models,
            on_value=lambda models: on_models(*models),
            ended=ended,
        )

    def save_model_settings(
        self,
        model_id: str,
        settings: ModelSettings,
        *,
        done: Callable[[ModelEntry], None],
        failed: Failed,
    ) -> Call:
        body = {"model": model_id, **dataclasses.asdict(settings)}
        return self._ask(
            "PUT", f"{OWN}/models/settings", body, read=as_model, done=done, failed=failed
        )

    def load(
        self,
        model_id: str,
        *,
        on_progress: Callable[[float], None],
        done: Callable[[ModelEntry], None],
        failed: Failed,
    ) -> Call:
        """Load a model; aborting the call does not cancel the load, `unload` does."""
        outcome: list[ModelEntry | EndpointError] = []

        def read(item: Event | Comment) -> None:
            if isinstance(item, Comment):
                return
            value = json_object(item.data)
            if item.name == "progress":
                on_progress(float(value.get("progress", 0.0)))
            elif item.name == "loaded":
                outcome.append(read_value(as_model, value.get("model")))
            elif item.name == "error":
                error = value.get("error") or {}
                code = str(error.get("code"))
                outcome.append(EndpointError(said(code, str(error.get("message"))), code))

        def end() -> None:
            last = outcome[-1] if outcome else malformed()
            if isinstance(last, EndpointError):
                failed(last)
            else:
                done(last)

        return self._http.stream(
            "POST",
            f"{OWN}/models/load",
            {"model": model_id},
            on_item=read,
            done=end,
            failed=failed,
        )

    def unload(self, model_id: str, *, done: Callable[[ModelEntry], None], failed: Failed) -> Call:
        body = {"model": model_id}
        return self._ask(
            "POST", f"{OWN}/models/unload", body, read=as_model, done=done, failed=failed
        )

    def delete(self, model_id: str, *, done: Callable[[str], None], failed: Failed) -> Call:
        """Delete a model; `done` gets the id to restore it by."""
        return self._ask(
            "POST",
            f"{OWN}/models/delete",
            {"model": model_id},
            read=lambda reply: str(reply["id"]),
            done=done,
            failed=failed,
        )

    def restore(
        self, deleted_id: str, *, done: Callable[[ModelEntry], None], failed: Failed
    ) -> Call:
        body = {"id": deleted_id}
        return self._ask(
            "POST", f"{OWN}/models/restore", body, read=as_model, done=done, failed=failed
        )

    def folders(self, *, done: Callable[[list[ModelFolder]], None], failed: Failed) -> Call:
        return self._ask("GET", f"{OWN}/folders", read=_folders, done=done, failed=failed)

    def add_folder(
        self, path: str, *, done: Callable[[list[ModelFolder]], None], failed: Failed
    ) -> Call:
        body = {"path": path}
        return self._ask("POST", f"{OWN}/folders", body, read=_folders, done=done, failed=failed)

    def remove_folder(
        self, path: str, *, done: Callable[[list[ModelFolder]], None], failed: Failed
    ) -> Call:
        """Take the folder off the list; its files stay."""
        url = f"{OWN}/folders?path={quote(path, safe='')}"
        return self._ask("DELETE", url, read=_folders, done=done, failed=failed)

    # Server

    def status(
        self,
        *,
        done: Callable[[Memory, list[RunningRequest]], None],
        failed: Failed,
    ) -> Call:
        return self._ask(
            "GET",
            f"{OWN}/status",
            read=lambda reply: (
                as_value(Memory, reply["memory"]),
                [as_value(RunningRequest, request) for request in reply["requests"]],
            ),
            done=lambda status: done(*status),
            failed=failed,
        )

    def log(self, after: int, *, on_entry: Callable[[LogEntry], None], failed: Failed) -> Call:
        """Report past requests, then each new one, until the call is aborted or the server ends."""

        return self._watch(
            f"{OWN}/log?{urlencode({'after': after})}",
            "request",
            read=lambda value: as_value(LogEntry, value),
            on_value=on_entry,
            ended=failed,
        )

    def keys(self, *, done: Callable[[list[ApiKey], bool], None], failed: Failed) -> Call:
        """`done` gets the keys, and whether the server needs one: after the last, too."""
        return self._ask(
            "GET", f"{OWN}/keys", read=_keys, done=lambda told: done(*told), failed=failed
        )

    def create_key(
        self, name: str, scope: str, *, done: Callable[[str], None], failed: Failed
    ) -> Call:
        """Create a key; `done` gets it, and it cannot be read again."""
        return self._ask(
            "POST",
            f"{OWN}/keys",
            {"name": name, "scope": scope},
            read=lambda reply: str(reply["key"]),
            done=done,
            failed=failed,
        )

    def revoke_key(
        self, name: str, *, done: Callable[[list[ApiKey], bool], None], failed: Failed
    ) -> Call:
        path = f"{OWN}/keys?name={quote(name, safe='')}"
        return self._ask("DELETE", path, read=_keys, done=lambda told: done(*told), failed=failed)

    def settings(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        done: Callable[[ServerSettings, bool], None],
        failed: Failed,
    ) -> Call:
        """Apply `changes`; `done` gets the saved settings and whether a restart is needed."""
        return self._ask(
            "GET" if changes is None else "PATCH",
            f"{OWN}/settings",
            changes,
            read=lambda reply: (_server_settings(reply["saved"]), bool(reply["restart_needed"])),
            done=lambda settings: done(*settings),
            failed=failed,
        )

    def limits(self, *, done: Callable[[SettingLimits], None], failed: Failed) -> Call:
        return self._ask(
            "GET", f"{OWN}/settings/schema", read=limits_from, done=done, failed=failed
        )


def _models(reply: Any) -> tuple[list[ModelEntry], list[BrokenModel]]:
    broken = [as_value(BrokenModel, model) for model in reply["skipped"]]
    return [as_model(model) for model in reply["models"]], list(dict.fromkeys(broken))


def _folders(reply: Any) -> list[ModelFolder]:
    return [as_value(ModelFolder, folder) for folder in reply["folders"]]


def _keys(reply: Any) -> tuple[list[ApiKey], bool]:
    return [as_value(ApiKey, key) for key in reply["keys"]], bool(reply["required"])


def _server_settings(saved: Mapping[str, Any]) -> ServerSettings:
    return as_value(ServerSettings, {**saved, "allow_origin": tuple(saved["allow_origin"])})
