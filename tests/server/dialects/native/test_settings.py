"""Folders, keys and the server's startup settings: read, changed, refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qwen3mlx.library import DEMOS

from ...live import LiveServer, live_server
from .support import BASE, get, refused, send


def added(server: LiveServer) -> list[str]:
    return [f["path"] for f in get(server, "/folders")["folders"] if f["source"] == "user"]


def test_a_folder_that_is_added_brings_its_models_and_takes_them_away(
    own: LiveServer, home: Path
) -> None:
    folder = home / "my models"
    shutil.copytree(DEMOS["demo"], folder / "maker" / "copy")
    listed = send(own, "POST", "/folders", {"path": f"{folder}/"})["folders"]
    mine = [entry for entry in listed if entry["source"] == "user"]
    assert mine == [{"path": str(folder), "source": "user", "exists": True, "num_models": 1}]
    assert [entry["source"] for entry in listed] == ["cache", "user"]
    send(own, "POST", "/folders", {"path": str(folder)})
    assert json.loads((home / "settings.json").read_text())["model_folders"] == [str(folder)]
    assert "maker/copy" in [m["id"] for m in get(own, "/models")["models"]]
    send(own, "DELETE", "/folders", path=str(folder))
    assert added(own) == []
    assert (folder / "maker" / "copy" / "config.json").exists()
    assert "maker/copy" not in [m["id"] for m in get(own, "/models")["models"]]


def test_a_folder_that_is_gone_is_listed_and_can_be_removed(own: LiveServer, home: Path) -> None:
    (home / "settings.json").write_text(json.dumps({"model_folders": ["/no/such", "~/models"]}))
    entries = {entry["path"]: entry for entry in get(own, "/folders")["folders"]}
    assert entries["/no/such"]["exists"] is False
    send(own, "DELETE", "/folders", path="/no/such")
    send(own, "DELETE", "/folders", path="~/models")
    assert added(own) == []


def test_rows_that_name_no_folder_stay_as_they_are_written(own: LiveServer, home: Path) -> None:
    wrong = ["relative", 7, None, "/a\0b", {}]
    folder = home / "models"
    folder.mkdir()
    rows = ["~/models", *wrong, "/" + "x" * 300]
    (home / "settings.json").write_text(json.dumps({"model_folders": rows}))
    send(own, "POST", "/folders", {"path": str(folder)})
    stored = json.loads((home / "settings.json").read_text())
    assert stored["model_folders"] == [*rows, str(folder)]
    assert str(folder) in added(own)
    assert len(added(own)) == 3
    skipped = get(own, "/models")["skipped"]
    assert [entry["name"] for entry in skipped].count("settings.json") == len(wrong)
    send(own, "DELETE", "/folders", path="~/models")
    stored = json.loads((home / "settings.json").read_text())
    assert stored["model_folders"] == [*rows[1:], str(folder)]


@pytest.mark.parametrize("path", ["relative", "", "/no/such/folder", "~nobody-at-all/x", "/a\0b"])
def test_a_folder_that_cannot_be_is_refused(own: LiveServer, home: Path, path: str) -> None:
    assert refused(own, "POST", "/folders", {"path": path})["param"] == "path"
    assert refused(own, "DELETE", "/folders", path=path or "x")["param"] == "path"
    assert refused(own, "DELETE", "/folders")["param"] == "path"
    assert not (home / "settings.json").exists() or added(own) == []


def test_the_life_of_a_key(own: LiveServer, home: Path) -> None:
    assert get(own, "/keys") == {"keys": [], "required": False}
    created = send(own, "POST", "/keys", {"name": "laptop", "scope": "admin"})
    secret = created.pop("key")
    assert secret.startswith("sk-qwen3mlx-")
    assert created["scope"] == "admin"
    assert created["last_used"] is None
    assert own.http.get(f"{BASE}/keys").status_code == 401
    reply = own.http.get(f"{BASE}/keys", headers={"x-api-key": secret}).json()
    assert reply["required"] is True
    (listed,) = reply["keys"]
    assert listed.pop("last_used") is not None
    assert listed == {name: value for name, value in created.items() if name != "last_used"}
    assert get(own, "/keys")["required"] is True
    assert refused(own, "POST", "/keys", {"name": "laptop"})["param"] == "name"
    assert refused(own, "POST", "/keys", {"name": " "})["param"] == "name"
    assert refused(own, "POST", "/keys", {"name": "x", "scope": "root"})["param"] == "scope"
    assert refused(own, "DELETE", "/keys", name="other")["param"] == "name"
    assert send(own, "DELETE", "/keys", name="laptop") == {"keys": [], "required": True}
    assert secret not in (home / "api-keys.json").read_text()


def test_a_parents_key_is_needed_by_nobody(home: Path) -> None:
    with live_server(parent_key="the window's") as own:
        assert own.http.get("/v1/models").status_code == 200
        reply = own.http.get("/v1/models", headers={"Authorization": "Bearer wrong"})
        assert reply.status_code == 200


def test_settings_are_saved_for_the_next_start(own: LiveServer, home: Path) -> None:
    (home / "settings.json").write_text('{"server": {"max_running": 4, "host": "::1"}, "x": 1}')
    before = get(own, "/settings")
    assert before["saved"] == before["running"] | {"port": 1234, "max_running": 4}
    changes = {"port": 8080, "allow_origin": ["http://localhost:3000"], "memory_limit": 12.5}
    changed = send(own, "PATCH", "/settings", {**changes, "max_running": None})
    assert changed["saved"] == before["saved"] | changes | {"max_running": 16}
    assert changed["running"] == before["running"]
    assert changed["restart_needed"] is True
    stored = json.loads((home / "settings.json").read_text())
    assert stored == {"server": {"host": "::1", **changes}, "x": 1}
    with live_server(allow_origin=("http://localhost:3000",), memory_limit=12.5) as new:
        send(new, "PATCH", "/settings", {"port": 0})
        assert get(new, "/settings")["restart_needed"] is False


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"port": 70000}, "port"),
        ({"port": "1234"}, "port"),
        ({"ttl": -1}, "ttl"),
        ({"memory_limit": 0}, "memory_limit"),
        ({"host": "0.0.0.0"}, "host"),
        ({"allow_origin": ["chat.example.com"]}, "allow_origin"),
        ({"allow_origin": "http://localhost:3000"}, "allow_origin"),
        ({"allow_origin": [""]}, "allow_origin"),
        ({"max_running": True}, "max_running"),
        ({"max_waiting": 2.5}, "max_waiting"),
        ({"ttl": 1e300}, "ttl"),
        ({"prot": 1}, "prot"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    own: LiveServer, home: Path, body: dict[str, object], param: str | None
) -> None:
    error = refused(own, "PATCH", "/settings", body)
    assert error["param"] == param
    assert not (home / "settings.json").exists()


def test_the_schema_tells_what_each_setting_may_be(own: LiveServer, home: Path) -> None:
    schemas = own.http.get(f"{BASE}/settings/schema").json()  # any key may see it
    assert schemas.keys() == {"server", "load", "sampling"}
    port = schemas["server"]["properties"]["port"]
    assert (port["minimum"], port["maximum"], port["default"]) == (0, 65535, 1234)
    assert schemas["server"]["properties"]["memory_limit"]["unit"] == "GB"
    assert schemas["sampling"]["properties"]["seed"]["maximum"] == 2**64 - 1
    told = {n for n, s in schemas["server"]["properties"].items() if "http" in s["where"]}
    assert told == get(own, "/settings")["saved"].keys()


def test_a_saved_setting_that_cannot_be_is_named(own: LiveServer, home: Path) -> None:
    (home / "settings.json").write_text('{"server": {"port": "many"}}')
    reply = own.http.get(f"{BASE}/settings", headers=own.person)
    assert reply.status_code == 500
    assert "server.port is 'many'" in reply.json()["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_the_guards_hold(server: LiveServer, method: str) -> None:
    path = f"{BASE}/models" + ("/settings" if method == "PUT" else "")
    rebound = server.http.request(method, path, headers={"Host": "evil.example"}, json={})
    assert rebound.json()["error"]["code"] == "forbidden_host"
    page = server.http.request(method, path, headers={"Origin": "http://evil.example"}, json={})
    if method == "GET":
        assert "access-control-allow-origin" not in page.headers
    else:
        assert page.json()["error"]["code"] == "forbidden_origin"
