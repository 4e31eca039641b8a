"""The colours of the light and the dark theme."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colours:
    """`#rrggbb` each. Text and muted text have a contrast of at least 4.5:1 on every background.

    Grounds: `window` is the sidebar's, `surface` the page's, `sunken` that of code and fields,
    `bubble` a question's, `hover` under the pointer, `selection` what is chosen. `faint` is for
    what cannot be used now; `mark` is behind what was found, `found` behind the match looked at.
    """

    name: str
    window: str
    surface: str
    sunken: str
    bubble: str
    hover: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    on_accent: str
    selection: str
    error: str
    warning: str
    good: str
    mark: str
    found: str
    code_style: str


LIGHT = Colours(
    name="light",
    window="#f5f5f8",
    surface="#ffffff",
    sunken="#f6f6f9",
    bubble="#f0effc",
    hover="#ebebf0",
    line="#e3e3e9",
    text="#1c1c21",
    muted="#636369",
    faint="#b4b4bb",
    accent="#5b50e0",
    on_accent="#ffffff",
    selection="#e3e0fb",
    error="#b3261e",
    warning="#8a5a00",
    good="#1f7a3d",
    mark="#fdf0b3",
    found="#ffc93c",
    code_style="friendly",
)
DARK = Colours(
    name="dark",
    window="#1b1b1f",
    surface="#232327",
    sunken="#2a2a2f",
    bubble="#34334a",
    hover="#313137",
    line="#38383f",
    text="#ececf0",
    muted="#a5a5ad",
    faint="#66666e",
    accent="#9a8cff",
    on_accent="#17171a",
    selection="#3d3a5e",
    error="#ff8a80",
    warning="#f0c060",
    good="#7bd88f",
    mark="#57491c",
    found="#8f6a00",
    code_style="github-dark",
)
