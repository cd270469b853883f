#include "harness/spawn.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/child.hpp"
#include "harness/record.hpp"

namespace ipcmark {

namespace {

// Whether a line is the record of this rung: a launch that runs foreign code may write anything.
bool is_record_of(const nlohmann::json& line, const Case& rung) {
  if (!line.is_object() || !line.contains("reason") || !line["reason"].is_string()) return false;
  const auto status = line.value("status", nlohmann::json());
  const bool known = status == "ok" || status == "skipped" || status == "failed";
  return known && line.value("case", nlohmann::json()) == record_case(rung);
}

std::vector<nlohmann::json> parse(const std::string& text, const LaunchSpec& spec,
                                  std::string why) {
  std::vector<nlohmann::json> records;
  std::size_t from = 0;
  while (records.size() < spec.rungs.size()) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) break;
    auto record =
        nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(from),
                              text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!is_record_of(record, spec.rungs[records.size()])) {
      if (why.empty()) why = "launch wrote something that is no record of its rung";
      break;
    }
    records.push_back(std::move(record));
    from = end + 1;
  }
  if (why.empty() && records.size() < spec.rungs.size()) why = "launch ended without its records";
  while (records.size() < spec.rungs.size()) {
    records.push_back(failed_record(spec, spec.rungs[records.size()], why));
  }
  return records;
}

}  // namespace

std::vector<nlohmann::json> run_launch_process(const LaunchSpec& spec, std::int64_t deadline_ns) {
  const Heard heard = ask_child("launch", to_json(spec).dump(), deadline_ns);
  return parse(heard.text, spec, heard.why.empty() ? "" : "launch " + heard.why);
}

}  // namespace ipcmark
