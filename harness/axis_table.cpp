#include "harness/axis_table.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "harness/counter_events.hpp"
#include "harness/placement.hpp"
#include "harness/sizes.hpp"
#include "harness/units.hpp"
#include "harness/whole_number.hpp"
#include "harness/words.hpp"
#include "transports/registered.hpp"

namespace ipcmark {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kLongestWait = 3600 * kSecond;
constexpr std::uint64_t kMostOut = 1024;

template <class Value>
constexpr Value kEndless = std::is_signed_v<Value> ? static_cast<Value>(Case::kInfinite)
                                                   : static_cast<Value>(kNever);

template <auto kMember>
using ValueOf = std::remove_cvref_t<decltype(std::declval<Case>().*kMember)>;

template <auto kMember>
void write_member(Case& point, std::string_view text) {
  using Value = ValueOf<kMember>;
  if constexpr (std::is_same_v<Value, std::string>) {
    point.*kMember = text;
  } else if constexpr (std::is_enum_v<Value>) {
    const auto value = from_word<Value>(text);
    if (!value) throw std::invalid_argument(fmt::format("unknown word `{}`", text));
    point.*kMember = *value;
  } else {
    point.*kMember = text == "inf" ? kEndless<Value> : whole_number<Value>(text);
  }
}

template <auto kMember>
std::string read_member(const Case& point) {
  using Value = ValueOf<kMember>;
  if constexpr (std::is_same_v<Value, std::string>) {
    return point.*kMember;
  } else if constexpr (std::is_enum_v<Value>) {
    return std::string(word(point.*kMember));
  } else {
    const bool endless = sizeof(Value) == 8 && point.*kMember == kEndless<Value>;
    return endless ? "inf" : std::to_string(point.*kMember);
  }
}

template <class Enum>
std::vector<std::string> enum_words() {
  std::vector<std::string> all;
  for (const auto& [value, text] : Words<Enum>::table) all.emplace_back(text);
  return all;
}

std::vector<std::string> transport_words() {
  std::vector<std::string> all;
  for (const Transport& transport : transports()) all.emplace_back(transport.traits.name);
  return all;
}

// An axis whose values are words: those of its enumeration unless said otherwise.
template <auto kMember>
Axis words(std::string_view name, AxisGroup group, std::string_view help,
           std::vector<std::string> (*valid)() = nullptr) {
  if constexpr (std::is_enum_v<ValueOf<kMember>>) valid = &enum_words<ValueOf<kMember>>;
  return {.name = name,
          .group = group,
          .help = help,
          .words = valid,
          .write = &write_member<kMember>,
          .read = &read_member<kMember>};
}

struct Limits {
  Unit unit;
  std::uint64_t lowest, highest;
  bool infinite = false;
  bool missing = false;
  std::vector<std::uint64_t> among = {};
  std::uint64_t step = 1;
};

template <auto kMember>
Axis quantity(std::string_view name, AxisGroup group, std::string_view help, Limits limits) {
  return {.name = name,
          .group = group,
          .help = help,
          .unit = limits.unit,
          .lowest = limits.lowest,
          .highest = limits.highest,
          .infinite = limits.infinite,
          .missing = limits.missing,
          .among = std::move(limits.among),
          .step = limits.step,
          .write = &write_member<kMember>,
          .read = &read_member<kMember>};
}

Axis sizes_axis() {
  Axis axis =
      words<&Case::sizes>("sizes", AxisGroup::traffic,
                          "sizes of an open loop's messages, up to message_bytes", &sizes::words);
  axis.other = &sizes::canonical;
  return axis;
}

Axis counters_axis() {
  Axis axis = words<&Case::counters>("counters", AxisGroup::effects,
                                     "events that are counted: a group, a counter, or an event",
                                     &counter_selections);
  axis.other = &counter_word;
  axis.others = ", or a counter or event by name";
  return axis;
}

}  // namespace

// A line an axis.
std::vector<Axis> axis_table() {
  using enum AxisGroup;
  const Limits size{Unit::bytes, 1, kLargestMessage};
  const Limits reply{Unit::bytes, 0, kLargestMessage};
  const Limits wait{Unit::time, 0, kLongestWait, true};
  const Limits page{Unit::bytes, 0, 1 << 21, false, false, {0, 1 << 12, 1 << 14, 1 << 16, 1 << 21}};
  const Limits roles{Unit::count, 1, kMostRoles};
  const Limits threshold{Unit::bytes, 0, kLargestMessage, true, true};
  const Limits distance{Unit::bytes, 0, 512, false, false, {}, sizeof(std::uint64_t)};
  return {
      words<&Case::transport>("transport", what, "mechanism", &transport_words),
      words<&Case::pattern>("pattern", what, "what the ends do"),
      quantity<&Case::message_bytes>("message_bytes", traffic, "payload of a message", size),
      sizes_axis(),
      quantity<&Case::reply_bytes>("reply_bytes", traffic, "payload of a reply", reply),
      quantity<&Case::batch>("batch", traffic, "messages handed over together",
                             {Unit::count, 1, 1 << 16}),
      quantity<&Case::flush_ns>("flush_ns", load, "flush timeout of a batch", wait),
      quantity<&Case::rate_per_s>("rate_per_s", load, "offered rate, 0 for a closed loop",
                                  {Unit::rate, 0, 1'000'000'000}),
      words<&Case::schedule>("schedule", load, "intended send times"),
      quantity<&Case::timeout_ns>("timeout_ns", patience, "timeout of an operation", wait),
      quantity<&Case::spin_budget_ns>("spin_budget_ns", patience, "how long spin_then_block spins",
                                      {Unit::time, 0, kSecond}),
      quantity<&Case::poll_interval_ns>("poll_interval_ns", patience,
                                        "how often the receiver of an open loop looks, 0 to wait",
                                        {Unit::time, 0, kSecond}),
      quantity<&Case::timer_slack_ns>("timer_slack_ns", patience,
                                      "how late a timer may be, 0 for the kernel's default",
                                      {Unit::time, 0, kSecond}),
      quantity<&Case::think_ns>("think_ns", load,
                                "how long a server thinks before it answers, on average",
                                {Unit::time, 0, kSecond}),
      words<&Case::peer>("peer", patience, "what becomes of the server"),
      quantity<&Case::threshold_bytes>("threshold_bytes", memory,
                                       "largest payload through a hybrid's queue", threshold),
      words<&Case::path>("path", memory, "which part of a hybrid"),
      words<&Case::wait>("wait", patience, "how an end waits"),
      words<&Case::touch>("touch", traffic, "how much of the payload the ends read and write"),
      words<&Case::access>("access", memory, "copy out of shared memory, or work in place"),
      words<&Case::backing>("backing", memory, "where shared memory comes from"),
      quantity<&Case::page_bytes>("page_bytes", memory,
                                  "pages of shared memory, 0 for the machine's own", page),
      quantity<&Case::buffer_bytes>("buffer_bytes", traffic,
                                    "the kernel's buffer of a pipe or socket, 0 for its default",
                                    {Unit::bytes, 0, kLargestMessage}),
      words<&Case::address>("address", traffic,
                            "how Unix sockets find each other, none for the default, pair"),
      words<&Case::nodelay>("nodelay", traffic,
                            "tcp: send small messages at once, none for the default, on"),
      quantity<&Case::depth>("depth", memory, "slots, 0 for the transport's default",
                             {Unit::count, 0, 1 << 20}),
      words<&Case::placement>("placement", place, "which CPUs the ends run on",
                              &enum_words<Placement>),
      words<&Case::idle>("idle", place, "how deep idle CPUs sleep"),
      words<&Case::roles>("roles", place, "what the ends are"),
      words<&Case::policy>("policy", place, "scheduling policy"),
      words<&Case::home>("home", memory, "end that touches shared memory first"),
      quantity<&Case::delay_ns>("delay_ns", load, "known delay, null transport only",
                                {Unit::time, 0, kSecond}),
      quantity<&Case::stall_ns>("stall_ns", load, "how long the server is idle once, on purpose",
                                {Unit::time, 0, kSecond}),
      words<&Case::ipc_limits>("ipc_limits", place, "whose limits message queues have"),
      quantity<&Case::producers>("producers", place, "clients that pour or deal", roles),
      quantity<&Case::consumers>("consumers", place, "servers that drain or take, or victims",
                                 roles),
      quantity<&Case::window>("window", traffic, "messages out at a time",
                              {Unit::count, 1, kMostOut}),
      words<&Case::sharing>("sharing", place, "who takes a message that is dealt to several"),
      quantity<&Case::credits>("credits", traffic,
                               "messages out for each consumer, 0 for any number",
                               {Unit::count, 0, kMostOut}),
      quantity<&Case::pause_ns>("pause_ns", load,
                                "how long the last consumer is busy with a message, inf: stopped",
                                {Unit::time, 0, kSecond, true}),
      words<&Case::full>("full", patience, "what a sender does when there is no room"),
      words<&Case::handover>("handover", memory,
                             "from hand to hand, or by a buffer; any: as the mechanism does"),
      quantity<&Case::bystanders>("bystanders", place,
                                  "processes beside the ends that load the CPUs",
                                  {Unit::count, 0, kMostRoles}),
      words<&Case::bystander>("bystander", place, "what bystanders do"),
      quantity<&Case::injectors>("injectors", place,
                                 "processes that interrupt the ends (membarrier)",
                                 {Unit::count, 0, kMostRoles}),
      quantity<&Case::injections_per_s>("injections_per_s", load, "how often each injector does so",
                                        {Unit::rate, 1, 1'000'000}),
      words<&Case::beside>("beside", place, "where bystanders and injectors run"),
      quantity<&Case::backlog>("backlog", load, "ordinary messages before an urgent one",
                               {Unit::count, 0, 1 << 12}),
      words<&Case::precedence>("precedence", load, "how an urgent message gets past a backlog"),
      words<&Case::structure>("structure", effects, "what lies in the contended memory"),
      words<&Case::operation>("operation", effects, "what is done to a contended word"),
      words<&Case::neighbour>("neighbour", effects, "what the other side does to its word"),
      quantity<&Case::distance_bytes>("distance_bytes", effects,
                                      "from the first contended field to the second", distance),
      quantity<&Case::offset_bytes>("offset_bytes", effects,
                                    "of the first contended field in its pair of lines",
                                    {Unit::bytes, 0, 64, false, false, {0, 64}}),
      quantity<&Case::pace_ns>(
          "pace_ns", effects,
          "pause between operations on a word; work on a message at the bottleneck",
          {Unit::time, 0, 1'000'000}),
      quantity<&Case::private_writes>("private_writes", effects,
                                      "writes to the stamp or payload before each message",
                                      {Unit::count, 0, 1 << 12}),
      words<&Case::trigger>("trigger", effects, "what interrupts other CPUs because of memory"),
      words<&Case::victim>("victim", effects, "what the struck side does meanwhile"),
      words<&Case::bottleneck>("bottleneck", effects,
                               "the end of a stream beside triggers that works pace_ns a message"),
      quantity<&Case::flush_pages>("flush_pages", effects, "pages that a trigger strikes",
                                   {Unit::count, 0, 1 << 12}),
      quantity<&Case::mappings>("mappings", effects, "of the struck pages, in the victim",
                                {Unit::count, 0, 64}),
      quantity<&Case::working_pages>(
          "working_pages", effects,
          "pages that a chasing victim goes through again and again, or of a list",
          {Unit::count, 0, 1 << 16}),
      quantity<&Case::trigger_rate_per_s>("trigger_rate_per_s", effects,
                                          "triggers beside traffic; 0 for as many as there can be",
                                          {Unit::rate, 0, 1'000'000}),
      words<&Case::publication>("publication", effects,
                                "with which memory orders data are told of"),
      quantity<&Case::rounds>("rounds", effects, "of a litmus test, in each launch",
                              {Unit::count, 0, 1'000'000'000}),
      quantity<&Case::counter_bits>("counter_bits", effects,
                                    "of the counter beside a stack's top; 0: there is none",
                                    {Unit::count, 0, 64}),
      words<&Case::advance>("advance", effects,
                            "how far that counter moves while somebody is stopped"),
      words<&Case::pointers>("pointers", effects, "what leads from one node of a list to the next"),
      counters_axis(),
  };
}

}  // namespace ipcmark
