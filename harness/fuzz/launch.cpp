// Both directions between the harness and a launch process, which may run foreign code: the spec it
// reads, and the records it writes. The input is a spec, a line of three dashes, and what it wrote.
#include "harness/launch.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/canary_book.hpp"
#include "harness/json_text.hpp"
#include "harness/launch_records.hpp"
#include "harness/run_counts.hpp"

namespace {

// That of the corpus; any other that can be read.
ipcmark::LaunchSpec spec_in(std::string_view text) {
  ipcmark::LaunchSpec usual{.launch_id = "b000-l0000", .experiment = "echoing", .rungs = {{}, {}}};
  usual.rungs[1].message_bytes = 64;
  for (auto& rung : usual.rungs) rung.transport = "pipe", rung.placement = "same_core";
  try {
    auto spec = ipcmark::launch_spec_from_json(ipcmark::parse_json(text));
    if (to_json(ipcmark::launch_spec_from_json(to_json(spec))) != to_json(spec)) std::abort();
    return spec.rungs.empty() ? usual : spec;
  } catch (const nlohmann::json::exception&) {
    return usual;
  } catch (const std::invalid_argument&) {
    return usual;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find("\n---\n");
  const auto spec = spec_in(text.substr(0, cut));
  const std::string wrote(cut == std::string_view::npos ? text : text.substr(cut + 5));
  const auto records = ipcmark::records_in(wrote, spec, "");
  if (records.size() != spec.rungs.size()) std::abort();
  ipcmark::RunCounts counts;
  counts.count_launch(records);
  ipcmark::CanaryBook book(1);
  book.note(records);
  static_cast<void>(book.judge(spec.block));
  for (const auto& record : records) static_cast<void>(record.dump());
  return 0;
}
