"""Going back and forward through places."""

from __future__ import annotations

from qwen3mlx_app.services.history import LONGEST, History


def test_it_goes_back_and_forward_and_forgets_what_was_ahead() -> None:
    history: History[str] = History()
    assert history.step(-1) is None
    for place in ("a", "b", "b", "c"):
        history.visit(place)
    assert [history.step(-1), history.step(-1), history.step(-1)] == ["b", "a", None]
    assert [history.step(1), history.step(1), history.step(1)] == ["b", "c", None]
    assert history.step(-1) == "b"
    history.visit("d")
    assert history.step(1) is None
    assert history.step(-1) == "b"


def test_it_keeps_the_latest_places() -> None:
    history: History[int] = History()
    for place in range(LONGEST + 5):
        history.visit(place)
    while (place := history.step(-1) or 0) > 5:
        pass
    assert place == 5
