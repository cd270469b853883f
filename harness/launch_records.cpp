#include "harness/launch_records.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "harness/json_text.hpp"
#include "harness/record.hpp"

namespace ipcmark {

namespace {

// Whether a line is the record of this rung: a launch that runs foreign code may write anything.
bool is_record_of(const nlohmann::json& line, const LaunchSpec& spec, const Case& rung) {
  return is_record(line) && line["launch_id"] == spec.launch_id && line["block"] == spec.block &&
         !line.contains("supersedes") && line["case"] == record_case(rung);
}

}  // namespace

std::vector<nlohmann::json> records_in(const std::string& text, const LaunchSpec& spec,
                                       std::string why, const std::string& otherwise) {
  std::vector<nlohmann::json> records;
  std::size_t from = 0;
  while (records.size() < spec.rungs.size()) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) break;
    auto record = parse_json(std::string_view(text).substr(from, end - from));
    if (!is_record_of(record, spec, spec.rungs[records.size()])) {
      if (why.empty()) why = "launch wrote something that is no record of its rung";
      break;
    }
    records.push_back(std::move(record));
    from = end + 1;
  }
  if (why.empty()) why = otherwise;
  while (records.size() < spec.rungs.size()) {
    records.push_back(failed_record(spec, spec.rungs[records.size()], why));
  }
  return records;
}

}  // namespace ipcmark
