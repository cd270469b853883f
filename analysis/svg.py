"""Put a figure's SVG into a page: no ids that collide, colours that follow the page's theme."""

from __future__ import annotations

import html
import re
from pathlib import Path

import style

THEME = {style.INK: "var(--ink)", style.MUTED: "var(--muted)", style.GRID: "var(--grid)"}
THEME |= {style.PAPER: "var(--paper)"}


def inline(file: Path, name: str, title: str) -> str:
    """The `<svg>` element of a file, fit to be one of many in a page."""
    text = file.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r'((?:href="|url\()#)', rf"\g<1>{name}-", text)
    for colour, variable in THEME.items():
        text = text.replace(colour, variable)
    head, body = text.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{html.escape(title)}">{body}'
