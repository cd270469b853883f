"""What is installed and packaged works where it lies: program, plans, analysis, and plug-ins built against it.

Run by CTest with IPCMARK_BUILD naming the build tree, IPCMARK_SOURCE the source tree and IPCMARK_CXX the compiler.
"""

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

BUILD = Path(os.environ["IPCMARK_BUILD"])
SOURCE = Path(os.environ["IPCMARK_SOURCE"])
CXX = os.environ["IPCMARK_CXX"]


def call(*arguments: object, **options) -> str:
    done = subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def prefix(tmp_path_factory) -> Path:
    """An installed tree that was moved since."""
    first = tmp_path_factory.mktemp("installed") / "first"
    call("cmake", "--install", BUILD, "--prefix", first)
    return first.rename(first.with_name("moved"))


@pytest.fixture(scope="session")
def plugin(prefix, tmp_path_factory) -> Path:
    """The example, built in a project of its own against the installed tree."""
    build = tmp_path_factory.mktemp("example")
    example = prefix / "share/doc/ipcmark/examples/plugin"
    call(
        "cmake",
        "-S",
        example,
        "-B",
        build,
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={CXX}",
    )
    call("cmake", "--build", build)
    return build / "libpty.so"


def test_an_installed_program_finds_what_lies_beside_it(prefix):
    plans = prefix / "share/ipcmark/plans"
    (plans / "mine.toml").write_text((plans / "smoke.toml").read_text())
    assert "launches" in call(prefix / "bin/ipcmark", "run", "all", "--plan", "mine", "--dry-run")
    names = {p.name for p in (prefix / "include/ipcmark/transports").iterdir()}
    assert {
        "transport.hpp",
        "registry.hpp",
        "end_of.hpp",
        "patterns.hpp",
        "plugin.hpp",
        "contract.hpp",
    } <= names
    assert (prefix / "share/doc/ipcmark/copyright").exists()


def test_the_example_is_built_listed_measured_and_drawn(prefix, plugin, tmp_path):
    program = prefix / "bin/ipcmark"
    listed = json.loads(call(program, "list", "transports", "--json", "--plugin", plugin))[
        "transports"
    ]
    entry = next(entry for entry in listed if entry["name"] == "pty")
    assert entry["plugin"] == str(plugin)
    if not entry["available"]:
        pytest.skip(entry["reason"])
    run = tmp_path / "run"
    call(
        program,
        "run",
        "latency",
        "--plan",
        "smoke",
        "--plugin",
        plugin,
        "--transport",
        "pty,pipe",
        "--quiet",
        "--out",
        run,
    )
    found = [json.loads(line) for line in (run / "latency.jsonl").open()]
    assert {(r["case"]["transport"], r["status"]) for r in found} == {("pty", "ok"), ("pipe", "ok")}
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["plugins"][0]["name"] == "ipcmark's example: pty"
    call(prefix / "bin/ipcmark-analysis", "latency", run, "-o", tmp_path / "figures")
    assert (tmp_path / "figures/latency.svg").stat().st_size > 0


def test_the_man_page_names_every_option(prefix):
    page = (prefix / "share/man/man1/ipcmark.1").read_text().replace("\\-", "-").replace("\\fB", "")
    program = prefix / "bin/ipcmark"
    commands = re.findall(r"^  (\w+) ", call(program, "--help").split("options:")[0], re.MULTILINE)
    assert {"list", "run", "doctor", "clean", "advise"} <= set(commands)
    for words in [[], *([name] for name in commands)]:
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", call(program, *words, "--help")))
        assert options, words
        missing = [o for o in options if not re.search(rf"(?<![\w-]){o}(?![\w-])", page)]
        assert not missing, (words, missing)
    if shutil.which("groff"):
        told = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", prefix / "share/man/man1/ipcmark.1"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert told.returncode == 0 and not told.stderr, told.stderr


def test_a_launcher_of_analysis_says_what_it_wants(prefix):
    done = subprocess.run(
        [prefix / "bin/ipcmark-analysis", "nothing"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "usage" in done.stderr


def packed(kind: str, folder: Path) -> Path:
    call("cpack", "-G", kind, "-B", folder, "--config", BUILD / "CPackConfig.cmake", cwd=folder)
    suffix = {"DEB": "*.deb", "TGZ": "*.tar.gz"}[kind]
    return next(folder.glob(suffix))


def test_the_debian_package_has_its_dependencies_and_runs(plugin, tmp_path):
    if shutil.which("dpkg-shlibdeps") is None:
        pytest.skip("dpkg-shlibdeps is not installed (Debian package dpkg-dev)")
    package = packed("DEB", tmp_path)
    depends = call("dpkg-deb", "-f", package, "Depends")
    for name in (
        "libc6",
        "libstdc++6",
        "libhwloc",
        "python3-numpy",
        "python3-scipy",
        "python3-matplotlib",
    ):
        assert name in depends, depends
    contents = call("dpkg", "-c", package)
    assert (
        "./usr/bin/ipcmark\n" in contents
        and "./usr/include/ipcmark/transports/plugin.hpp" in contents
    )
    assert "./usr/share/man/man1/ipcmark.1\n" in contents
    assert "/tests/" not in contents and "__pycache__" not in contents
    root = tmp_path / "root"
    call("dpkg", "-x", package, root)
    # Stripped, and still exporting what a plug-in needs.
    assert "pty" in call(root / "usr/bin/ipcmark", "list", "transports", "--plugin", plugin)
    assert "launches" in call(
        root / "usr/bin/ipcmark", "run", "all", "--plan", "smoke", "--dry-run", cwd=tmp_path
    )
    assert "usage" in call(root / "usr/bin/ipcmark-analysis", "report", "--help")


def test_the_archive_runs_where_it_is_unpacked(tmp_path):
    with tarfile.open(packed("TGZ", tmp_path)) as archive:
        archive.extractall(tmp_path / "there")
    program = next((tmp_path / "there").rglob("bin/ipcmark"))
    assert "pipe" in call(program, "list", "transports")
