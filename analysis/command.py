"""What every script's command line shares: how it ends, and how it says what a number may be."""

from __future__ import annotations

import argparse
import signal
import traceback
from collections.abc import Callable


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


def count(text: str) -> int:
    """At least one; argparse names the flag."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a count from 1")
    return int(text)
