"""T as other figures show it: a band per hybrid."""


def bands(ax, run, panel):
    pass
