// What `--resume` and `--like` read of a run that somebody else may have written: the input is a
// manifest.json, a line of three dashes, and records.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "harness/canary_book.hpp"
#include "harness/plan.hpp"
#include "harness/run_counts.hpp"
#include "harness/run_folder.hpp"
#include "harness/schedule.hpp"

namespace {

namespace fs = std::filesystem;

// One for the whole process, gone with it.
const fs::path& folder() {
  static const struct Made {
    fs::path path;
    Made() {
      std::string name = (fs::temp_directory_path() / "ipcmark-fuzz-XXXXXX").string();
      path = fs::path(::mkdtemp(name.data())) / "run.partial";
      fs::create_directory(path);
    }
    ~Made() { fs::remove_all(path.parent_path()); }
  } made;
  return made.path;
}

void resume() {
  const auto run = ipcmark::RunFolder::reopen(folder());
  const auto manifest = run.manifest();
  ipcmark::RunCounts counts;
  ipcmark::CanaryBook book(1);
  for (const auto& [id, records] : run.launches()) {
    counts.count_launch(records);
    book.note(records);
  }
  for (const std::uint32_t block : {0u, 1u}) static_cast<void>(book.judge(block));
  auto launches = launches_of(ipcmark::plan_from_json(manifest.value("plan", nlohmann::json())));
  if (manifest.contains("next")) apply_answer(launches, manifest["next"]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find("\n---\n");
  const auto records = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 5);
  std::ofstream(folder() / "manifest.json") << text.substr(0, cut);
  std::ofstream(folder() / "echoing.jsonl") << records;
  try {
    resume();
  } catch (const ipcmark::UsageError&) {
    // one line that names the file
  }
  return 0;
}
