"""How a documented command is run in a test: what its words stand for, what is made smaller, and what is run elsewhere.

A command that no rule names is run as it stands, in a copy of the tree where RUN holds every experiment once and LITTLE
one, measured with a plug-in.
"""

from __future__ import annotations

import re

# Words of a synopsis, in this order, each everywhere; those that are not here are files, new ones or of the sandbox.
WORDS = [
    (r"--allow \{\}|--allow CHECK\b", "--allow debug_build"),
    (r"\{.*?\}+", "RUN"),  # a field of a message
    (r"\[options[^\]]*\]", ""),
    (r"…|(?<!\d)\.\.\.|[\[\]<]|>(?! )", ""),  # what is optional is given; a redirection stays
    (r"\bRUN_DIR\b", "RUN"),
    (r"(?<=\.py )A B\b", "RUN results/RUN"),
    (r"\bNAME,NAME\b", "junit,csv"),
    (r"analysis/NAME", "analysis/life_cycle"),
    (r"--format (NAME|F)\b", "--format junit"),
    (r"\bexperiment\b", "life_cycle"),
    (r"(--(?:keep|keep-nights|nights|seconds)) N\b", r"\1 9"),
    (r"--days D\b", "--days 99999"),
    (r"--binary FILE", "--binary build/release/bench/ipcmark"),
    (r"--plugin FILE", "--plugin libmine.so"),
    (r"--history FILE", "--history results/history.sqlite"),
    (r"--as NAME\b", "--as RUN"),
    (r" --machine KEY", ""),  # the newest run's
    (r"--threshold PERCENT", "--threshold 50"),
    (r"--message-bytes SIZE", "--message-bytes 64"),
    (r"--rate R\b", "--rate 10k"),
    (r"--(latency|cpu) T\b", r"--\1 1s"),
    (r"--percentile P\b", "--percentile 50"),
    (r"--need A,B", "--need order,lossless"),
    (r"\bsmoke\|FILE", "smoke|own.toml"),
    (r"\bmine,pipe\b", "behaves,pipe"),
    (r"\bPROGRAM\b", "build/release/bench/ipcmark"),
    (r"\bPACKAGE\b", "coreutils"),
    (r"\bLOCK COMMAND\b", "apart.lock true"),
    (r"--cpus 2,4", "--cpus $CPUS"),
]

ALTERNATIVES = r"(?<=\s)[\w.,]+(?:\|[\w.,]+)+(?=\s|$)"
SMOKE = "--plan smoke --blocks 1 --quiet"
# A command, as a pattern; what is run instead; why. The first that fits.
SMALLER = [
    (r"(ipcmark (?:run|advise|list))", r"\1 --help", "a command's name and no more"),
    (r"(ipcmark run .*--like) \S+", r"\1 LITTLE --quiet", "repeats its second, not ten"),
    (r"(ipcmark run --resume) \S+", r"\1 results/STOPPED.partial", "one that is short"),
    (r"(ipcmark run .*--dry-run.*)", r"\1", "short as it is"),
    (r"(ipcmark run (?:all|mixture|.*--plan (?!smoke)).*)", r"\1 --dry-run", "minutes to hours, mixture seconds"),
    (r"(ipcmark run .*--transport .*)", rf"\1 {SMOKE}", "a tiny plan in the place of quick"),
    (r"(ipcmark run (?:instrument|tlb_shootdown))", rf"\1 {SMOKE}", "a tiny plan; they have no transports to choose from"),
    (r"(ipcmark run .*)", rf"\1 {SMOKE} --transport pipe", "and one transport"),
    (r"(\./run_all\.sh(?: --.*)?)", r"\1 --dry-run", "minutes to hours; what builds is a double"),
    (r"(analysis/report\.py|ipcmark-analysis report) RUN(.*)", r"\1 LITTLE\2", "its figures are each drawn by themselves"),
    (r"(analysis/gate\.py) RUN (.*--plugin .*)", r"\1 LITTLE \2 --history NEW.sqlite --store NEW", "the run must have had it"),
    (r"(analysis/gate\.py .*)", r"\1 --history NEW.sqlite --store NEW", "a first night: nothing is measured again"),
    (r"(analysis/history\.py export.* -o) OUT", r"\1 NEW", "a file or a folder"),
    (r"(ctest .*)", r"\1 -N", "named, not run: they are run beside this one"),
    (r"(\S*(?:ipcmark_micro|fault_matrix\.py|peers\.py|speed\.py))( .*)?", r"\1 --help", "minutes; its help must know the options"),
]  # fmt: skip

# What ends otherwise than with 0, as it should.
ENDS = [
    (r"ipcmark run .*--inject .*", (4,), "a launch failed, as was asked"),
    (
        r"ipcmark run counters --counters coherence.*",
        (0, 4, 77),
        "a guest may have no PMU: skipped",
    ),
    (
        r"ipcmark run .*",
        (0, 4),
        "a launch may fail on a busy machine, which is no mistake of the document's",
    ),
]

NOTHING = "Total Tests: 0"  # ctest ends with 0 for a label that no test has

# Run by others: the file that does and the words in it, both of which are looked at.
ELSEWHERE = {
    "ipcmark run backing": ("bench/tests/test_new_experiment.py", '"run", "backing"'),
    ".ci/nightly [RUN_DIR] [options of ./run_all.sh]": (".ci/run", '.ci/nightly "$folder/results/smoke"'),
    "/usr/bin/python3 -m pytest analysis": ("run_all.sh", "/usr/bin/python3 -m pytest -q -p no:cacheprovider analysis"),
    "cmake --install build/release": ("bench/tests/test_package.py", '"--install", BUILD'),
    "cpack --config build/release/CPackConfig.cmake": ("bench/tests/test_package.py", '"--config", BUILD / "CPackConfig.cmake"'),
    "cmake -B build -DCMAKE_PREFIX_PATH=/usr/local": ("bench/tests/test_package.py", "-DCMAKE_PREFIX_PATH={prefix}"),
    "cmake --build build": ("bench/tests/test_package.py", '"--build", build'),
    "conformance_test --plugin libmine.so --gtest_filter='*mine*'": ("bench/tests/CMakeLists.txt", "conformance_test --plugin $"),
}  # fmt: skip

# Never run by a test, and why.
NEVER = {
    ".ci/run": "runs this test",
    ".ci/nights [FOLDER]": "two builds and ten nights: a quarter of an hour, by hand",
    ".ci/arm64": "installs a compiler and an emulator: half an hour, weekly",
    "systemctl enable --now ipcmark-nightly.timer": "starts a service here; test_recipes.py runs what the service does",
    "analysis/tests/history_speed.py [FOLDER]": "builds a year of nights: minutes, by hand",
}


# Files that the examples add, which are in no tree (test_new_experiment.py).
ADDED = ("bench/backing.cpp", "analysis/backing.py")


def filled(text: str) -> list[str]:
    """What a synopsis stands for: one command for each of its alternatives (`a|b`)."""
    for pattern, word in WORDS:
        text = re.sub(pattern, word, text)
    choices = [found.split("|") for found in re.findall(ALTERNATIVES, text)]
    variants = []
    for i in range(max(map(len, choices), default=1)):
        nth = iter([choice[i % len(choice)] for choice in choices])
        variants.append(re.sub(ALTERNATIVES, lambda _: next(nth), text))
    return [re.sub(r" +", " ", variant).strip() for variant in variants]


def files(name: str) -> list[str]:
    """What a file's name may stand for, as patterns: NAME and <name> any, {a,b} each."""
    name = re.sub(r"NAME|<\w+>", "*", name)
    if not (braces := re.search(r"\{(.*?)\}", name)):
        return [name.rstrip("/")]
    return [name.replace(braces[0], part) for part in braces[1].split(",")]


def ends(command: str) -> tuple[int, ...]:
    return next((codes for pattern, codes, _ in ENDS if re.fullmatch(pattern, command)), (0,))


def made_small(command: str) -> str:
    for pattern, instead, _ in SMALLER:
        if found := re.fullmatch(pattern, command):
            return found.expand(instead)
    return command
