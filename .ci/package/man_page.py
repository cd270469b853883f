#!/usr/bin/python3
"""The man page, from what the program says of itself: its help and that of each of its commands.

    .ci/package/man_page.py PROGRAM > ipcmark.1
"""

from __future__ import annotations

import re
import subprocess
import sys

ITEM = re.compile(r"  (\S.*?)(?:  +(\S.*))?$")  # of a section: two spaces, what it is, its text


def main() -> int:
    program = sys.argv[1]
    whole = told(program, "--help")
    if whole is None:
        print(f"man_page.py: {program} --help failed", file=sys.stderr)
        return 1
    version = (told(program, "--version") or "").strip()
    head, sections = parts(whole)
    page = [
        f'.TH IPCMARK 1 "" "{escaped(version)}"',
        ".SH NAME",
        f"ipcmark \\- {escaped(head[2])}",
    ]
    page += [".SH SYNOPSIS", escaped(head[0].removeprefix("usage: "))]
    for title, items in sections:
        page += [f'.SH "{title.upper()}"', *entries(items)]
    for name in [left for left, _ in dict(sections)["commands"]]:
        page += command(name, told(program, name, "--help"))
    print(
        "\n".join(
            [
                *page,
                ".SH SEE ALSO",
                "ipcmark\\-analysis, the figures and reports: each script has \\-\\-help",
            ]
        )
    )
    return 0


def told(*words: str) -> str | None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else None


def parts(text: str) -> tuple[list[str], list[tuple[str, list[tuple[str, str]]]]]:
    """The lines before the first section, and each section's items with their texts."""
    head: list[str] = []
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            sections.append((line[:-1], []))
        elif not sections:
            head.append(line)
        elif found := ITEM.match(line) if not line.startswith("   ") else None:
            sections[-1][1].append((found[1], found[2] or ""))
        elif line.strip():
            left, right = sections[-1][1].pop()
            sections[-1][1].append((left, f"{right} {line.strip()}".strip()))
    return head, sections


def command(name: str, text: str | None) -> list[str]:
    """One command: ours as sections, the analysis's as it prints it."""
    page = [f'.SH "ipcmark {name}"']
    if text is None:
        return [*page, f"has a help of its own: ipcmark {name} \\-\\-help"]
    if "\noptional arguments:" in text or "positional arguments:" in text:
        return [*page, ".nf", *map(escaped, text.splitlines()), ".fi"]
    head, sections = parts(text)
    page += [".nf", escaped(head[0].removeprefix("usage: ")), ".fi", ".PP", *(escaped(line) or ".PP" for line in head[2:])]
    for title, items in sections:
        page += [f'.SS "{escaped(title)}"', *entries(items)]
    return page


def entries(items: list[tuple[str, str]]) -> list[str]:
    return [
        line
        for left, right in items
        for line in (".TP", f"\\fB{escaped(left)}\\fR", escaped(right))
    ]


def escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


if __name__ == "__main__":
    sys.exit(main())
