"""Checkpoints whose chat templates take all the time, memory or output they can get."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from . import Cases
from .mutations import read, write_demo


def cases(rng: random.Random) -> Cases:
    """A copy of the demo for each hostile template, in one of the places a template may have."""
    for name, text in texts(rng):
        yield f"template: {name}", _writer(text, rng.choice(("file", "config", "tool_use")))


def texts(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Hostile templates by name; sizes and spelling differ with each seed."""
    many = rng.choice((10**8, 10**9, 10**10, 2**40))
    wide = rng.randrange(20_000, 99_999)
    deep = rng.randrange(2_000, 200_000)
    word = rng.choice(("x", "北", "🙂", "<|im_end|>", "\\ud800"))
    loop = f"{{% for a in range({wide}) %}}"
    end = "{% endfor %}"
    yield "loops in loops", loop * 3 + end * 3
    yield "a loop that writes", f"{loop}{{{{ '{word}' * 10000 }}}}{end}"
    yield "a power", f"{{{{ {rng.randrange(7, 99)} ** (9 ** 9) }}}}"
    yield "a shift by powers", f"{{{{ (2 ** {many}) | string }}}}"
    yield "a long list", f"{{{{ [0] * {many} }}}}"
    yield "a long list, looked for", f"{{{{ 'a' in [0] * {many} }}}}"
    yield "a long text", f"{{{{ '{word}' * {many} }}}}"
    yield "a wide number", f"{{{{ '%0{many}d' % 1 }}}}"
    yield "a wide format", f"{{{{ '{{:>{many}}}'.format(1) }}}}"
    yield "a wide line", f"{{{{ '{word}'.ljust({many}) }}}}"
    yield "a wide centre", f"{{{{ '{word}' | center({many}) }}}}"
    yield "deep indents", f"{{{{ messages | tojson(indent={many}) }}}}"
    yield "tabs that expand", f"{{{{ '\\t'.expandtabs({many}) }}}}"
    yield "lorem ipsum", f"{{{{ lipsum(n={many}, html=false) }}}}"
    yield "a text that doubles", _doubling(rng.randrange(40, 64), f"'{word}'")
    yield "a list that doubles", _doubling(rng.randrange(40, 64), "[0]")
    yield "a text that is replaced", _replacing(rng.randrange(8, 12))
    yield "joined products", f"{{{{ (['{word}' * 1000] * {wide}) | join('{word}' * 1000) }}}}"
    yield "sorting", f"{loop}{{% set x = range({wide}) | sort(reverse=true) %}}{end}"
    yield "batches", f"{{{{ range({wide}) | batch({many}, 0) | list }}}}"
    yield "a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"
    yield "a macro that calls itself twice", _twice(rng.randrange(40, 200))
    yield "recursive loops", "{% for a in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}"
    yield "a template without end of parentheses", "{{ " + "(" * deep
    yield "deep lists", "{{ " + "[" * deep + "]" * deep + " }}"
    yield "deep conditions", "{% if true %}" * deep + "{% endif %}" * deep
    yield "deep sums", "{{ " + "1 + " * deep + "1 }}"
    yield "deep negations", "{{ " + "not " * deep + "true }}"
    yield "constants that multiply", "{{ " + "[0] * 99999 * " * 3 + "99999 }}"
    yield "a long template", "{# " + word * 10_000_000 + " #}"
    yield "many variables", "".join(f"{{% set v{i} = {i} %}}" for i in range(20_000))
    yield "a refusal without end", f"{{{{ raise_exception('{word}' * {wide * 100}) }}}}"
    yield "an error without end", f"{{{{ messages['{word}' * {wide * 100}].a }}}}"
    yield "a date without end", f"{{{{ strftime_now('%Y' * {many}) }}}}"
    yield "out of the sandbox", "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    yield "out by a filter", "{{ ['a'] | map(attribute='__class__.__mro__') | list }}"
    yield "out by format", "{{ '{0.__class__.__init__.__globals__}'.format(namespace) }}"
    yield "a file", "{% include '/etc/passwd' %}"
    yield "no syntax", rng.choice(("{% for %}", "{{", "{% macro %}", "{{ 1 | nothing }}", "{% raw"))


def _doubling(times: int, start: str) -> str:
    """Build a text or a list with `+`, as `set` inside a loop does not last."""
    return (
        f"{{% set ns = namespace(v={start}) %}}"
        f"{{% for a in range({times}) %}}{{% set ns.v = ns.v + ns.v %}}{{% endfor %}}"
        "{{ ns.v | length }}"
    )


def _replacing(times: int) -> str:
    return (
        "{% set ns = namespace(v='aaaaaaaa') %}"
        f"{{% for a in range({times}) %}}{{% set ns.v = ns.v.replace('a', ns.v) %}}{{% endfor %}}"
        "{{ ns.v | length }}"
    )


def _twice(depth: int) -> str:
    return (
        "{% macro f(n) %}{% if n %}{% set a = f(n - 1) %}{% set b = f(n - 1) %}{% endif %}"
        f"{{% endmacro %}}{{{{ f({depth}) }}}}"
    )


def _writer(text: str, place: str) -> Callable[[Path], None]:
    named = [{"name": name, "template": text} for name in ("default", "tool_use")]
    config = read("tokenizer_config.json") | {"chat_template": text if place == "config" else named}

    def write_case(folder: Path) -> None:
        if place == "file":
            write_demo(folder, {"chat_template.jinja": text.encode()})
            return
        write_demo(folder, {"tokenizer_config.json": json.dumps(config).encode()})
        (folder / "chat_template.jinja").unlink()

    return write_case
