"""Paths beside OpenAI's that clients of llama.cpp and vLLM request."""

from __future__ import annotations

from typing import Any

from qwen3mlx import __version__

from ...live import LiveServer


def test_a_model_says_how_much_it_holds_by_both_names(server: LiveServer) -> None:
    for model in server.http.get("/v1/models").json()["data"]:
        assert model["context_length"] == model["max_model_len"] > 0


def test_version_and_ping(server: LiveServer) -> None:
    assert server.http.get("/version").json() == {"version": __version__}
    for method in ("GET", "POST"):
        answer = server.http.request(method, "/ping")
        assert (answer.status_code, answer.content) == (200, b"")


def test_props(server: LiveServer) -> None:
    props = server.http.get("/props").json()
    assert props["model_alias"] == "demo"
    assert props["default_generation_settings"]["n_ctx"] == 4096
    assert "<|im_start|>" in props["chat_template"]
    assert props["total_slots"] == server.service.engine.config.max_running
    assert (
        server.http.get("/props", params={"model": "demo-moe"}).json()["model_alias"] == "demo-moe"
    )
    assert server.http.get("/props", params={"model": "none"}).status_code == 404


def test_tokenize_takes_content(server: LiveServer) -> None:
    def ask(**body: object) -> dict[str, Any]:
        return server.http.post("/tokenize", json=body).json()

    text = "héllo 🙂<|im_end|>"
    told = ask(content=text, add_special=True)
    assert told["tokens"] == ask(prompt=text)["tokens"]
    pieces = ask(content=text, with_pieces=True)["tokens"]
    assert [token["id"] for token in pieces] == told["tokens"]
    whole = b"".join(
        piece.encode() if isinstance(piece, str) else bytes(piece)
        for piece in (token["piece"] for token in pieces)
    )
    assert whole.decode() == text
    back = server.http.post("/detokenize", json={"tokens": told["tokens"]}).json()
    assert back == {"prompt": text, "content": text}
    assert ask(content="a", prompt="b")["error"]["param"] == "content"
    assert ask(content="a", parse_special=False)["error"]["param"] == "parse_special"
