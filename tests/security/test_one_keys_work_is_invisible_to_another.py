"""A key's requests, stored data and jobs are invisible to other keys in every way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3mlx.server.http.keys import KeyStore

from ..server.live import LiveServer, live_server

LONG = " ".join(f"The secret word number {number} is {number * 37 % 1009}." for number in range(9))
Two = tuple[LiveServer, httpx.Client, httpx.Client]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """A server, and the clients of two keys, which may do all but administer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("state")))
        secrets = [KeyStore().create(name, "models") for name in ("ada", "bob")]
        with live_server(model="demo") as server:
            clients = [
                httpx.Client(base_url=server.url, timeout=60, headers={"x-api-key": secret})
                for secret in secrets
            ]
            yield server, clients[0], clients[1]
            for client in clients:
                client.close()


def response(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    body = {"model": "demo", "input": "My secret is 42.", "max_output_tokens": 2, **fields}
    reply = client.post("/v1/responses", json=body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def same_but_for_the_id(replies: Sequence[httpx.Response], ids: tuple[str, str]) -> bool:
    one, other = (
        (reply.status_code, reply.text.replace(name, "ID"))
        for reply, name in zip(replies, ids, strict=True)
    )
    return one == other


def test_stored_responses_are_their_keys(two: Two) -> None:
    _, ada, bob = two
    hers = response(ada)["id"]
    nothing = "resp_" + "0" * len(hers.removeprefix("resp_"))
    for method, path in [
        ("GET", "/v1/responses/{}"),
        ("GET", "/v1/responses/{}/input_items"),
        ("POST", "/v1/responses/{}/cancel"),
        ("DELETE", "/v1/responses/{}"),
    ]:
        replies = [bob.request(method, path.format(name)) for name in (hers, nothing)]
        assert replies[0].status_code == 404
        assert same_but_for_the_id(replies, (hers, nothing)), path
    for field in ("previous_response_id",):
        replies = [
            bob.post("/v1/responses", json={"model": "demo", "input": "Hi", field: name})
            for name in (hers, nothing)
        ]
        assert replies[0].status_code == 400
        assert same_but_for_the_id(replies, (hers, nothing))
    assert ada.get(f"/v1/responses/{hers}").status_code == 200


def test_items_are_found_by_their_own_key_only(two: Two) -> None:
    _, ada, bob = two
    items = ada.get(f"/v1/responses/{response(ada)['id']}/input_items").json()["data"]
    hers = items[0]["id"]
    body = {"model": "demo", "max_output_tokens": 1}
    reference = [{"type": "item_reference", "id": hers}, {"role": "user", "content": "So?"}]
    assert ada.post("/v1/responses", json={**body, "input": reference}).status_code == 200
    for path in ("/v1/responses", "/v1/responses/input_tokens"):
        assert bob.post(path, json={**body, "input": reference}).status_code == 400


def test_conversations_are_their_keys(two: Two) -> None:
    _, ada, bob = two
    items = [{"role": "user", "content": "My secret is 42."}]
    hers = ada.post("/v1/conversations", json={"items": items}).json()["id"]
    item = ada.get(f"/v1/conversations/{hers}/items").json()["data"][0]["id"]
    nothing = "conv_" + "0" * len(hers.removeprefix("conv_"))
    for method, path, body in [
        ("GET", "", None),
        ("POST", "", {"metadata": {"mine": "now"}}),
        ("GET", "/items", None),
        ("POST", "/items", {"items": items}),
        ("GET", f"/items/{item}", None),
        ("DELETE", f"/items/{item}", None),
        ("DELETE", "", None),
    ]:
        replies = [
            bob.request(method, f"/v1/conversations/{name}{path}", json=body)
            for name in (hers, nothing)
        ]
        assert replies[0].status_code == 404, (method, path)
        assert same_but_for_the_id(replies, (hers, nothing))
    body = {"model": "demo", "input": "Hi", "conversation": hers, "max_output_tokens": 1}
    assert bob.post("/v1/responses", json=body).status_code == 404
    assert len(ada.get(f"/v1/conversations/{hers}/items").json()["data"]) == 1


def test_threads_of_anthropics_are_their_keys(two: Two) -> None:
    _, ada, bob = two
    ask = {"role": "user", "content": "My secret is 42."}
    body = {"model": "demo", "max_tokens": 2, "messages": [ask]}
    begun = ada.post("/v1/messages", json={**body, "thread": {"type": "create"}})
    assert begun.status_code == 200, begun.text
    hers = begun.json()["id"]
    thread = {"type": "continue", "previous_message_id": hers}
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        sent = {**body, "thread": thread}
        if path.endswith("count_tokens"):
            del sent["max_tokens"]
        replies = [client.post(path, json=sent) for client in (bob, ada)]
        assert [reply.status_code for reply in replies] == [404, 200], path
        assert replies[0].json()["error"]["details"]["error_code"] == "thread_not_found"


def test_chats_of_lm_studios_are_their_keys(two: Two) -> None:
    _, ada, bob = two
    body = {"model": "demo", "input": "My secret is 42.", "max_output_tokens": 2}
    hers = ada.post("/api/v1/chat", json=body).json()["response_id"]
    sent = {**body, "previous_response_id": hers}
    assert [client.post("/api/v1/chat", json=sent).status_code for client in (bob, ada)] == [
        400,
        200,
    ]


def test_downloads_are_their_keys(two: Two) -> None:
    """The hub is offline here: the download fails, and only its requester sees it."""
    server, ada, bob = two
    ada.post("/api/v1/models/download", json={"model": "org/Nothing-Here"})
    (job,) = [job for job in server.service.downloads._jobs.values() if "Nothing" in job.repo_id]
    job.begun.wait(20)
    path = f"/api/v1/models/download/status/{job.id}"
    assert ada.get(path).status_code == 200
    assert bob.get(path).status_code == 404
    assert (
        bob.get(path).text.replace(job.id, "job_0") == bob.get(path.replace(job.id, "job_0")).text
    )


def cached(client: httpx.Client, text: str) -> int:
    """Tokens of the prompt that the prefix cache had."""
    body = {"model": "demo", "prompt": text, "max_tokens": 1}
    usage = client.post("/v1/completions", json=body).json()["usage"]
    return int(usage["prompt_tokens_details"]["cached_tokens"])


def test_no_hit_in_the_prefix_cache_tells_of_another(two: Two) -> None:
    _, ada, bob = two
    assert cached(ada, LONG) == 0
    assert cached(ada, LONG) > 50
    assert cached(bob, LONG) == 0
    assert cached(bob, LONG[: len(LONG) // 2]) > 20  # of his own


@pytest.fixture
def no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))


@pytest.mark.usefixtures("no_keys")
def test_who_has_no_key_sees_nothing_of_the_window_either() -> None:
    with live_server(model="demo", parent_key="the window's") as server:
        window = httpx.Client(
            base_url=server.url, timeout=60, headers={"x-api-key": "the window's"}
        )
        with window:
            assert cached(window, LONG) == 0
            assert cached(server.http, LONG) == 0
            assert cached(server.http, LONG) > 50


@pytest.mark.usefixtures("no_keys")
def test_keys_may_be_set_to_share() -> None:
    with live_server(model="demo", parent_key="the window's", share_prefixes=True) as server:
        window = httpx.Client(
            base_url=server.url, timeout=60, headers={"x-api-key": "the window's"}
        )
        with window:
            assert cached(window, LONG) == 0
            assert cached(server.http, LONG) > 50


def test_a_recreated_key_is_another_owner(two: Two) -> None:
    server, _, _ = two
    store = KeyStore()
    ids: list[str] = []
    for _ in range(2):
        headers = {"x-api-key": store.create("guest")}
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as guest:
            if ids:
                assert guest.get(f"/v1/responses/{ids[0]}").status_code == 404
            else:
                ids.append(response(guest)["id"])
        store.revoke("guest")


def test_requests_of_others_are_in_no_list(two: Two) -> None:
    server, ada, bob = two
    body = {"model": "demo", "prompt": "Once", "max_tokens": 4000, "min_tokens": 3999}
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        headers = {"User-Agent": "adas-client/1.0"}
        with ada.stream(
            "POST", "/v1/completions", json={**body, "stream": True}, headers=headers
        ) as r:
            for _ in r.iter_lines():
                begun.set()
                if stop.is_set():
                    return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert begun.wait(20)
        status = "/api/qwen3mlx/status"
        assert bob.get(status).json()["requests"] == []
        assert len(ada.get(status).json()["requests"]) == 1
        everything = server.http.get(status, headers=server.person).json()["requests"]
        assert [request["client"] for request in everything] == ["adas-client/1.0"]
    finally:
        stop.set()
        thread.join()
    server.wait_until_idle()
    bob.get("/v1/models/bobs-own", headers={"User-Agent": "bobs-client/1.0"})
    his = {"bobs-client/1.0", bob.headers["user-agent"]}
    assert clients_in_log(bob, "bobs-client/1.0") <= his
    seen = clients_in_log(
        httpx.Client(base_url=server.url, headers=server.person), "bobs-client/1.0"
    )
    assert {"adas-client/1.0", "bobs-client/1.0"} <= seen


def clients_in_log(client: httpx.Client, last: str) -> set[str]:
    """Return the rows in the log of requests, up to the latest."""
    found = set()
    with client.stream("GET", "/api/qwen3mlx/log") as reply:
        for line in reply.iter_lines():
            if line.startswith("data: "):
                entry = json.loads(line.removeprefix("data: "))
                assert "owner" not in entry
                found.add(entry["client"])
                if entry["client"] == last:
                    return found
    raise AssertionError(f"the log ended before {last}: {found}")
