// Any text is a plan, or one line that says why it is none; a plan says the same in a manifest.
#include "harness/plan.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ipcmark::Plan plan;
  try {
    plan = ipcmark::parse_plan(text, "plan.toml");
  } catch (const ipcmark::UsageError& error) {
    if (!std::string_view(error.what()).starts_with("plan.toml:")) std::abort();
    return 0;
  }
  const auto written = to_json(plan);
  if (to_json(ipcmark::plan_from_json(written)) != written) std::abort();
  return 0;
}
