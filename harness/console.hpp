// What a run says while it goes on: to stderr, one line that is rewritten on a terminal, plain
// lines otherwise.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace ipcmark {

class Console {
 public:
  explicit Console(bool quiet);
  ~Console();

  // A line that stays.
  void say(std::string_view line);
  // Progress over the whole run, and the newest record as its headline.
  void progress(std::uint64_t cases_done, std::uint64_t cases_planned, std::int64_t left_ns,
                const nlohmann::json& record);

 private:
  void erase();
  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  std::int64_t last_ns_ = 0;
};

// "pipe 64 B block: 5.1 us", "skipped: …": one record for people.
[[nodiscard]] std::string headline(const nlohmann::json& record);
// 3:07
[[nodiscard]] std::string minutes(std::int64_t ns);

}  // namespace ipcmark
