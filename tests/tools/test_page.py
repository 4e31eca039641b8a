"""Pages of the web, served by a local server that stands for the internet."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.tools.builtin import page as page_module
from qwen3mlx.tools.builtin import web as web_module
from qwen3mlx.tools.builtin.made import ToolFault
from qwen3mlx.tools.builtin.page import fetch
from qwen3mlx.tools.builtin.page_text import markdown
from qwen3mlx.tools.builtin.web import Web, is_public

PAGE = """<html><head><title>Tools &amp; more</title><style>p {}</style></head><body>
<script>alert(1)</script><h1>Hello</h1><p>A <b>bold</b> <a href="/next">link</a>.</p>
<ul><li>one<li>two<ol><li>deep</ol></ul><pre>  x = 1\n  y</pre>
<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>"""
MARKDOWN = """# Tools & more

# Hello

A bold [link](http://site.test/next).

- one
- two
  1. deep

```
  x = 1
  y
```

| a | b
| 1 | 2"""


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, body, status, headers = "text/html; charset=utf-8", PAGE.encode(), 200, {}
        if self.path == "/big":
            body = b"x" * 5000
        elif self.path == "/latin":
            kind, body = "text/plain; charset=iso-8859-1", "é".encode("latin-1")
        elif self.path == "/meta":
            kind, body = "text/html", b"<meta charset=latin-1><p>\xe9"
        elif self.path == "/binary":
            kind = "image/png"
        elif self.path == "/packed":
            headers = {"Content-Encoding": "gzip"}
        elif self.path == "/missing":
            status = 404
        elif self.path == "/round":
            status, headers = 302, {"Location": "/round"}
        elif self.path.startswith("/to?"):
            status, headers = 302, {"Location": self.path[4:]}
        elif self.path == "/slow":
            return self._drip()
        self.send_response(status)
        for key, value in {"Content-Type": kind, **headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


# The name of the site, whose address the tests declare to be public.
WEB = Web(
    resolve=lambda host, port: {"site.test": ["127.0.0.1"], "both.test": ["8.8.8.8", "10.0.0.1"]}[
        host
    ],
    may_reach=lambda address: str(address) == "127.0.0.1",
)


def numeric(host: str, port: int) -> list[str]:
    """The address that a number means, in all of its forms; no name means any."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        numbers = {"localhost": "127.0.0.1"}
        return [socket.inet_ntoa(socket.inet_aton(numbers.get(host, host)))]


def get(path: str, site: int, web: Web = WEB) -> str:
    return fetch({"url": f"http://site.test:{site}{path}"}, web)


def test_a_page_becomes_markdown(site: int) -> None:
    url = f"http://site.test:{site}"
    assert get("/", site) == f"{url}/\n\n{MARKDOWN.replace('http://site.test', url)}"
    assert get(f"/to?{url}/latin", site) == f"{url}/latin\n\né"
    assert get("/to?/meta", site).endswith("é")
    text = fetch({"url": f"{url}/latin", "start": 0}, WEB)
    assert text.endswith("é")
    with pytest.raises(ToolFault, match="only 1 characters"):
        fetch({"url": f"{url}/latin", "start": 1}, WEB)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/binary", "which is no text"),
        ("/packed", "is compressed"),
        ("/missing", "status 404"),
        ("/round", "redirects too often"),
        ("/big", "has more than"),
        ("/to?ftp://site.test/", "is no address of a web page"),
        ("/to?http://both.test/", "is not on the public internet"),
        ("/to?http://user@site.test/", "is no address"),
    ],
)
def test_what_cannot_be_read_is_told(
    site: int, path: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "LARGEST", 4000)
    with pytest.raises(ToolFault, match=told):
        get(path, site)


def test_a_server_that_drips_is_given_up(site: int) -> None:
    begin = time.monotonic()
    with pytest.raises(ToolFault, match="takes longer"):
        WEB.get(f"http://site.test:{site}/slow", 0.3)
    assert time.monotonic() - begin < 4


def test_another_address_is_tried_where_one_is_dead(site: int) -> None:
    web = Web(lambda host, port: ["127.0.0.9", "127.0.0.1"], lambda address: True)
    assert get("/latin", site, web).endswith("é")


def test_a_redirect_to_this_computer_is_not_followed(site: int) -> None:
    """The name is checked again, and the connection is made to the address that was checked."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if asked.count(host) == 1 else ["127.0.0.2"]

    web = WEB._replace(resolve=resolve)
    with pytest.raises(ToolFault, match="is not on the public internet"):
        get("/to?/again", site, web)
    assert asked == ["site.test", "site.test"]  # once for each connection


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost/", "http://127.0.0.1:80/", "http://[::1]/", "http://2130706433/"),
        *("http://0x7f.1/", "http://127.1/", "http://0/", "http://[::ffff:127.0.0.1]/"),
        *("http://169.254.169.254/latest/meta-data/", "http://192.168.0.1/", "http://[fe80::1]/"),
        *("file:///etc/passwd", "ftp://example.com/", "http://u:p@example.com/", "http://a:b/"),
        *("", "https://", "example.com", "http://ex\nample.com/", "http://" + "a" * 70 + ".com/"),
    ],
)
def test_only_public_addresses_are_read(url: str) -> None:
    with pytest.raises(ToolFault):
        fetch({"url": url}, Web(resolve=numeric))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((one, True) for one in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8")),
        *((one, True) for one in ("64:ff9b::808:808", "2002:808:808::1")),
        *((one, False) for one in ("10.0.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0")),
        *((one, False) for one in ("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1")),
        *((one, False) for one in ("240.0.0.1", "::", "::1", "fc00::1", "fe80::1", "ff02::1")),
        *((one, False) for one in ("::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1")),
        *((one, False) for one in ("64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "fec0::1")),
    ],
)
def test_which_addresses_are_public(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) == expected


def test_a_page_that_takes_too_long_costs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "READ_PATIENCE", 0.0)
    with pytest.raises(ToolFault, match="takes too long"):
        page_module._markdown("http://a/", "<p>x")


@given(st.text(alphabet="<>/=\"' &;!-[]abhilprtu1\n", max_size=200))
def test_any_text_is_a_page(html: str) -> None:
    assert isinstance(markdown(html, "http://a.test/"), str)
