#include "harness/launch.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "harness/effect.hpp"
#include "harness/fd_text.hpp"
#include "harness/ipc_space.hpp"
#include "harness/ladder.hpp"
#include "harness/launch_state.hpp"
#include "harness/plugin_load.hpp"
#include "harness/record.hpp"
#include "harness/words.hpp"

namespace ipcmark {

namespace {

// Before anything is opened, so that what is refused is refused by the limits measured under. All
// rungs of a launch share them. False, with the reason in every record, where it is not permitted.
bool enter_ipc_space(const LaunchSpec& spec, std::vector<RungRecord>& records) try {
  if (spec.rungs.front().ipc_limits == IpcLimits::private_) enter_private_ipc();
  return true;
} catch (const Unavailable& missing) {
  for (RungRecord& record : records) record.refused = missing.what();
  return false;
}

void run_launch(const LaunchSpec& spec, const SharedLaunchState& state,
                std::vector<RungRecord>& records) {
  if (!enter_ipc_space(spec, records)) return;
  std::vector<std::size_t> admitted;
  for (std::size_t i = 0; i < spec.rungs.size(); ++i) {
    state->enter(Phase::open, monotonic_now() + phase_deadline_ns(spec.settings));
    records[i].refused = plays_effect(spec.reading) ? effect_refusal(spec.reading, spec.rungs[i])
                                                    : refusal(spec.rungs[i], spec.prefix);
    if (spec.reading != Reading::times && spec.rungs[i].third_parties() > 0) {
      records[i].refused = "bystanders and injectors work while something is timed, and nothing is";
    }
    if (records[i].refused.empty()) admitted.push_back(i);
  }
  if (admitted.empty()) return;
  const auto unfinished = [&](auto&& note) {
    for (const auto i : admitted) {
      if (!records[i].done) note(records[i]);
    }
  };
  try {
    Ladder(spec, state, records).climb(admitted);
  } catch (const Unavailable& missing) {
    unfinished([&](RungRecord& record) { record.refused = missing.what(); });
  } catch (const PayloadWrong& wrong) {
    unfinished(
        [&](RungRecord& record) { record.failed = std::string("payload: ") + wrong.what(); });
  } catch (const LaunchFailed& failed) {
    unfinished([&](RungRecord& record) { record.failed = failed.what(); });
  } catch (const std::exception& error) {
    const auto phase = word(state->phase.load(std::memory_order_relaxed));
    unfinished([&](RungRecord& record) {
      record.failed = fmt::format("launch: {} in {}", error.what(), phase);
    });
  }
}

// A launch whose plug-in cannot be loaded has nothing to measure; the harness probed the same file.
bool load_its_plugin(const LaunchSpec& spec, std::vector<RungRecord>& records) try {
  if (!spec.plugin.empty()) load_plugin(spec.plugin, spec.plugin_content);
  return true;
} catch (const std::exception& error) {
  for (auto& record : records) record.failed = "plug-in: " + std::string(error.what());
  return false;
}

}  // namespace

std::vector<std::size_t> visit_order(const LaunchSpec& spec) {
  std::mt19937_64 random(spec.seed);
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < spec.rungs.size(); ++i) {
    const bool beside =
        spec.mirrored && i > 0 && spec.rungs[i].message_bytes == spec.rungs[i - 1].message_bytes;
    if (!beside) groups.emplace_back();
    groups.back().push_back(i);
  }
  std::ranges::shuffle(groups, random);
  std::vector<std::size_t> order;
  for (auto& group : groups) {
    std::ranges::shuffle(group, random);
    order.insert(order.end(), group.begin(), group.end());
    if (spec.mirrored) order.insert(order.end(), group.rbegin(), group.rend());
  }
  return order;
}

int launch_main(int control_fd) {
  ::signal(SIGPIPE, SIG_IGN);  // a dead peer is an error of the write, not the end of the role
  const LaunchSpec spec = launch_spec_from_json(nlohmann::json::parse(read_all(control_fd)));
  const SharedLaunchState state(spec.state_fd);
  std::vector<RungRecord> records(spec.rungs.size());
  if (load_its_plugin(spec, records)) run_launch(spec, state, records);
  std::string lines;
  for (std::size_t i = 0; i < records.size(); ++i) {
    lines += record_of(spec, spec.rungs[i], records[i]).dump() + "\n";
  }
  write_all(control_fd, lines);
  // A hung role thread cannot be joined; everything worth keeping is written.
  ::_exit(0);
}

}  // namespace ipcmark
