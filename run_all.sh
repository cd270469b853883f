#!/usr/bin/env bash
# The main job: install what is missing, build, measure, analyse, and say where the report is.
#
#   ./run_all.sh [--plan quick|nightly|publish|smoke|FILE] [options of `ipcmark run`, such as --tune]
#   ./run_all.sh test [--sanitizers]      all tests
#   ./run_all.sh fuzz [--seconds N]       what reads other people's text, fuzzed for N seconds (60) in all
#   ./run_all.sh build                    only install and build
#   ./run_all.sh install PACKAGE...       only install, these beside what is needed
set -euo pipefail
cd "$(dirname "$0")"

packages=(cmake ninja-build g++ git libhwloc-dev libpfm4-dev libbenchmark-dev libboost-dev libcli11-dev
  liburing-dev nlohmann-json3-dev libtomlplusplus-dev libfmt-dev libgtest-dev zlib1g-dev python3 python3-numpy
  python3-scipy python3-matplotlib python3-jinja2 python3-pytest dpkg-dev)
build=build/release

install_missing() {
  local missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
    echo "missing packages; install them with: sudo apt-get install -y ${missing[*]}" >&2
    exit 3
  fi
  echo "installing ${missing[*]}" >&2
  "${root[@]}" apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

build() { # preset, targets...
  local preset=$1
  shift
  cmake --preset "$preset" -DIPCMARK_WERROR="${CI:+ON}" >"build-$preset.log" 2>&1 || { cat "build-$preset.log" >&2; exit 3; }
  cmake --build --preset "$preset" "$@" >>"build-$preset.log" 2>&1 || { cat "build-$preset.log" >&2; exit 3; }
  rm -f "build-$preset.log"
}

# The analysis needs no build and most tests of the program wait: its tests fill their gaps, and give way to them.
run_tests() {
  build release
  local analysis status=0
  nice -n 10 /usr/bin/python3 -m pytest -q -p no:cacheprovider analysis/tests >build/analysis.log 2>&1 &
  analysis=$!
  # shellcheck disable=SC2064  # now: a local is gone when it is signalled
  trap "kill $analysis 2>/dev/null || true" EXIT
  ctest --preset release --output-on-failure -j 2 || status=$?
  wait "$analysis" || status=$?
  trap - EXIT
  cat build/analysis.log
  [ "$status" -eq 0 ] || exit "$status"
  [ "${1:-}" = --sanitizers ] || return 0
  build asan
  ctest --preset asan --output-on-failure
  build tsan --target transports_test
  build/tsan/transports/tests/transports_test --gtest_brief=1 --gtest_filter='Ring*'
}

# Half of the time for the C++ targets, each with its share; half for the analysis. What fails is kept where the log says.
run_fuzz() { # seconds
  build fuzz
  local targets=(build/fuzz/harness/fuzz/fuzz_*) target name work
  for target in "${targets[@]}"; do
    name=${target##*/fuzz_}
    work=build/fuzz/corpus/$name
    mkdir -p "$work"
    if ! "$target" -max_total_time=$(($1 / 2 / ${#targets[@]} + 1)) -timeout=60 -rss_limit_mb=4096 -max_len=8192 \
        -artifact_prefix="$work/failed-" "$work" "harness/fuzz/corpus/$name" >"$work.log" 2>&1; then
      tail -n 60 "$work.log" >&2
      exit 1
    fi
    echo "$name: $(tail -n 1 "$work.log")"
  done
  IPCMARK_FUZZ_SECONDS=$(($1 / 2)) /usr/bin/python3 -m pytest -q -s -p no:cacheprovider analysis/tests/test_fuzz.py
}

# What reads our exports in tests. HdrHistogram only where there is a JDK: that is 200 MB.
if [ "${1:-}" = test ]; then
  packages+=(libbenchmark-tools libxml2-utils python3-prometheus-client python3-yaml)
  if command -v javac >/dev/null; then packages+=(libhdrhistogram-java); fi
fi
if [ "${1:-}" = fuzz ]; then packages+=(clang libclang-rt-dev); fi
if [ "${1:-}" = install ]; then packages+=("${@:2}"); fi
install_missing
case ${1:-} in
  test) run_tests "${2:-}"; exit ;;  # not behind &&: errexit must see every failure in it
  fuzz) if [ "${2:-}" = --seconds ]; then run_fuzz "$3"; else run_fuzz 60; fi; exit ;;
  build) build release; exit ;;
  install) exit ;;
esac

build release --target ipcmark
# The run's folder is the last line on stdout; its own exit code is kept, and what was measured is analysed either way.
status=0
run=$("$build/bench/ipcmark" run all "$@" | tee >(cat >&2) | tail -n 1) || status=$?
[ -d "$run" ] || exit "$status"
/usr/bin/python3 analysis/report.py "$run"
exit "$status"
