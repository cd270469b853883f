"""What every script's command line shares: how it ends, and how it says what a number may be."""

from __future__ import annotations

import argparse
import signal
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

DEFECT = 4  # what a script ends with that breaks: Python's 1 is the gate's word for a regression


def ended(main: Callable[[], int]) -> int:
    """Run a script's main; a reader that has seen enough (`| head`) ends it without a traceback.

    By the signal's default and not by an exception: a script that reports OSErrors would report this one too.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        return main()
    except Exception:
        traceback.print_exc()
        return DEFECT


class Parser(argparse.ArgumentParser):
    """A script's command line: its docstring is its help, and what is wrong is one line, as the program's own."""

    def __init__(self, doc: str | None = None, **more: Any) -> None:
        more = {"formatter_class": argparse.RawDescriptionHelpFormatter, "description": doc, **more}
        super().__init__(**more)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help says more\n")


def within(least: float, most: float) -> Callable[[str], float]:
    """What reads a number from `least` up to `most`; nan lies nowhere. argparse names the flag."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text}: a number from {least:g} to {most:g}")
        return value

    return read


def count(text: str) -> int:
    """At least one; argparse names the flag."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a count from 1")
    return int(text)
