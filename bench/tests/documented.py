"""The commands that the documents tell people to type, as they stand there.

Where they stand: in fenced blocks of Markdown without a language, between backticks, indented in the docstrings of scripts
that can be run and in the head comments of shell scripts, and in what the program and the report say. A block of anything
else names its language.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

SKIPPED = ("build", "results", ".git")  # of the tree's top; results/README.md is read all the same
PROGRAMS = ("ipcmark", "ipcmark-analysis", "conformance_test", "run_all.sh", "man_page.py", "cmake", "cpack", "ctest",
            "python3", "/usr/bin/python3", "systemctl", "zcat", "zgrep", "clang-format", "black", "git", "sudo", "pytest")  # fmt: skip
FOLDERS = ("./", "analysis/", "bench/", "harness/", "transports/", ".ci/", ".github/", "build/")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)+)"|<code>(.+?)</code>')
ADVISED = re.compile(r"ipcmark (?:run|doctor|clean|list|advise)\b[^`;,:\\]*")
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")


@dataclass(frozen=True)
class Said:
    """A command, or a file's name alone, and the document it stands in."""

    text: str
    where: str
    in_block: bool = True

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def is_command(self) -> bool:
        """Between backticks one word is a name; in a block it is typed."""
        return self.in_block or len(self.words) > 1


def said(root: Path) -> list[Said]:
    found: list[Said] = []
    for file in sorted(p for p in root.rglob("*") if p.is_file() and _is_ours(p, root)):
        where = str(file.relative_to(root))
        if file.suffix == ".md":
            found += of_markdown(file.read_text(), where)
        elif file.suffix in ("", ".py", ".sh") and (text := _text(file)).startswith("#!"):
            found += of_python(text, where) if "python" in text.split("\n")[0] else of_shell(text, where)  # fmt: skip
        if where.count("/") == 1 and where.endswith((".cpp", ".j2", ".py")):
            found += of_messages(_text(file), where)
    return list({(one.text, one.where): one for one in found}.values())


def _is_ours(file: Path, root: Path) -> bool:
    parts = file.relative_to(root).parts
    return parts[0] not in SKIPPED and not parts[0].startswith("build") or parts == ("results", "README.md")  # fmt: skip


def _text(file: Path) -> str:
    return file.read_bytes().decode(errors="replace")


def of_markdown(text: str, where: str) -> list[Said]:
    """Every line of a block without a language is a command; a span is one when it begins like one."""
    blocks = [body for language, body in FENCE.findall(text) if not language]
    lines = [line for body in blocks for line in body.splitlines() if line.strip()]
    spans = [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]
    return [Said(typed(line), where) for line in lines] + [
        Said(span, where, in_block=False) for span in spans if begins_like_one(span)
    ]


def of_python(text: str, where: str) -> list[Said]:
    """What a script says of itself: lines of its docstring that begin with its path or name."""
    lines = (ast.get_docstring(ast.parse(text)) or "").splitlines()
    names = (where, Path(where).name)
    return [Said(typed(s), where) for line in lines if (s := line.strip()).split(" ")[0] in names]


def of_shell(text: str, where: str) -> list[Said]:
    """The same of a script's head: indented comments."""
    lines = re.findall(r"^#   (\S.*)$", text, re.MULTILINE)
    return [Said(typed(line), where) for line in lines if begins_like_one(line)]


def of_messages(text: str, where: str) -> list[Said]:
    """What the program, the analysis and the report tell people to do."""
    literals = [a or b for a, b in LITERAL.findall(text)]
    return [Said(c.strip(), where) for line in literals for c in ADVISED.findall(line)]


def dead_links(root: Path) -> list[str]:
    """Links between documents whose file or heading is not there."""
    found = []
    for page in (p for p in root.rglob("*.md") if _is_ours(p, root)):
        for target, heading in re.findall(r"\]\((?!http)([^)#\s]*)#?([\w-]*)\)", page.read_text()):
            file = page.parent / target if target else page
            if not file.exists() or (heading and heading not in _headings(file.read_text())):
                found.append(f"{page.relative_to(root)}: {target}#{heading}")
    return found


def _headings(text: str) -> list[str]:
    """As a link names them: in lower case, with hyphens, without punctuation."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def options(text: str) -> dict[str, str]:
    """Of `ipcmark run --help`: each option with a list of values that its text says are valid.

    All words of "what it is: one, two"; the bounds of "0 to 1h or inf, in ns, us, ms, s, min, h" and of "0; 0 to 16".
    """
    found = {}
    for item in re.split(r"\n(?=  -|\S|$)", text):
        option = re.match(
            r"  (--[\w-]+) (WORDS|VALUES|N)\s+(.*)", " ".join(item.split("\n")) + "\n", re.DOTALL
        )
        if not option:
            continue
        name, kind, said = option[1], option[2], " ".join(option[3].split())
        if kind == "WORDS":
            found[name] = re.sub(", or a .*", "", said.rsplit(": ", 1)[1]).replace(", ", ",")
        elif listed := re.search(r": (\d\w*(?:, \d\w*)+)", said):
            found[name] = listed[1].replace(", ", ",")
        elif bounds := re.search(r"(\d\w*) to (\d\w*)", said):
            found[name] = bounds[1] if kind == "N" else f"{bounds[1]},{bounds[2]}"
    return found


def typed(line: str) -> str:
    """Without what it is said to do, which stands after two spaces."""
    return re.split(r"\s{2,}", line.strip())[0]


def begins_like_one(text: str) -> bool:
    first = text.split(" ")[0]
    return first in PROGRAMS or first.startswith(FOLDERS)
