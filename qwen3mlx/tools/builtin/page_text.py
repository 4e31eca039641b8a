"""The child process that turns HTML into markdown: headings, lists, tables, code and links."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import urljoin

# Seconds of the processor, and bytes of memory, where the system limits that.
MOST_CPU, MOST_MEMORY = 15, 1 << 30
# Elements without text for a reader.
_SILENT = frozenset(
    ("script", "style", "noscript", "template", "svg", "iframe", "canvas", "object", "select")
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = frozenset(
    (
        *("p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "form"),
        *("ul", "ol", "dl", "dt", "dd", "figure", "figcaption", "blockquote", "address", "body"),
        *("li", "table", "tr", "hr", "details", "summary", "fieldset", "pre", *_HEADINGS),
    )
)
# Blocks that follow each other without an empty line.
_CLOSE = frozenset(("li", "tr", "dt", "dd"))
_DEEPEST = 10


def main() -> None:
    """Read an address, a line break and a page from stdin; write markdown to stdout."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU))
    with suppress(ValueError, OSError):  # macOS has no limit of memory
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    url, _, html = sys.stdin.buffer.read().decode("utf-8", "replace").partition("\n")
    sys.stdout.buffer.write(markdown(html, url).encode("utf-8", "replace"))


def markdown(html: str, url: str = "") -> str:
    """The page's title and text; links are completed with its own address."""
    page = _Page(url)
    page.feed(html)
    page.close()
    return page.text()


class _Page(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._url = url
        self._title = ""
        self._blocks: list[tuple[str, str]] = []  # a kind, and its text
        self._words: list[str] = []  # of the block that is being read
        self._kind = "p"
        self._silent = ""
        self._depth = 0  # of elements named as the silent one in it
        self._lists: list[int | None] = []  # the number of the last item; None without numbers
        self._link: tuple[str, int] | None = None
        self._is_title = self._is_code = False

    def text(self) -> str:
        self._end_block()
        lines = [f"# {self._title}"] if self._title else []
        before = ""
        for kind, text in self._blocks:
            if lines and not (kind in _CLOSE and before in _CLOSE):
                lines.append("")
            lines.append(text)
            before = kind
        return "\n".join(lines).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent:
            self._depth += tag == self._silent
        elif tag in _SILENT:
            self._silent, self._depth = tag, 1
        elif tag in _BLOCKS:
            self._begin_block(tag)
        elif tag == "title":
            self._is_title = not self._title
        elif tag == "br":
            self._words.append("\n")
        elif tag in ("td", "th"):
            self._words.append("| ")
        elif tag == "a":
            self._link = dict(attrs).get("href") or "", len(self._words)
        elif tag == "img" and (about := dict(attrs).get("alt")):
            self._words.append(f" {about} ")
        elif tag == "code" and not self._is_code:
            self._words.append("`")

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._depth -= tag == self._silent
            if self._depth == 0:
                self._silent = ""
        elif tag in _BLOCKS:
            self._end_block()
            self._kind = "p"
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            self._is_code = self._is_code and tag != "pre"
        elif tag == "title":
            self._is_title = False
        elif tag in ("td", "th"):
            self._words.append(" ")
        elif tag == "a":
            self._end_link()
        elif tag == "code" and not self._is_code:
            self._words.append("`")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._is_title:
            self._title = " ".join(f"{self._title} {data}".split())
        elif self._is_code:
            self._words.append(data)
        else:
            space = " "
            begin, end = space * data[:1].isspace(), space * data[-1:].isspace()
            self._words.append(f"{begin}{space.join(data.split())}{end}")

    def _begin_block(self, tag: str) -> None:
        self._end_block()
        self._kind = tag
        if tag in ("ul", "ol"):
            self._lists = [*self._lists, 0 if tag == "ol" else None][-_DEEPEST:]
        elif tag == "pre":
            self._is_code = True
        elif tag == "hr":
            self._blocks.append(("hr", "---"))

    def _end_block(self) -> None:
        self._end_link()
        text, self._words = "".join(self._words), []
        if self._kind == "pre":
            if text.strip():
                self._blocks.append(("pre", f"```\n{text.strip(chr(10))}\n```"))
            return
        lines = [" ".join(line.split()) for line in text.splitlines()]
        told = "\n".join(line for line in lines if line)
        if told.strip("|` "):
            self._blocks.append((self._kind, self._prefix() + told))

    def _prefix(self) -> str:
        if self._kind != "li" or not self._lists:
            return _HEADINGS.get(self._kind, "")
        indent = "  " * (len(self._lists) - 1)
        number = self._lists[-1]
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number + 1}. "

    def _end_link(self) -> None:
        if self._link is None:
            return
        (target, begin), self._link = self._link, None
        words = "".join(self._words[begin:])
        try:
            whole = urljoin(self._url, target)
        except ValueError:
            return
        if words.strip() and target[:1] != "#" and whole.startswith(("http://", "https://")):
            self._words[begin:] = [
                words[: len(words) - len(words.lstrip())],
                f"[{words.strip()}]({whole})",
            ]
            self._words.append(" " * words[-1:].isspace())
