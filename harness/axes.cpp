#include "harness/axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "harness/nearest.hpp"
#include "harness/placement.hpp"
#include "harness/sizes.hpp"
#include "harness/words.hpp"
#include "transports/registered.hpp"

namespace ipcmark {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kLongestWait = 3600 * kSecond;
constexpr std::uint64_t kMostOut = 1024;

template <class Number>
Number number_from(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument(fmt::format("`{}` is not a whole number in range", text));
  }
  return value;
}

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
    point.*kMember = text == "inf" ? kEndless<Value> : number_from<Value>(text);
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

// The order is that of records, of help and of the product: the first varies slowest.
std::vector<Axis> table() {
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
      quantity<&Case::consumers>("consumers", place, "servers that drain or take", roles),
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
      quantity<&Case::pace_ns>("pace_ns", effects, "pause between operations on a word",
                               {Unit::time, 0, 1'000'000}),
      quantity<&Case::private_writes>("private_writes", effects,
                                      "writes to the stamp before each message of a state",
                                      {Unit::count, 0, 1 << 12}),
      words<&Case::trigger>("trigger", effects, "what interrupts other CPUs because of memory"),
      words<&Case::victim>("victim", effects, "what the struck side does meanwhile"),
      quantity<&Case::flush_pages>("flush_pages", effects, "pages that a trigger strikes",
                                   {Unit::count, 0, 1 << 12}),
      quantity<&Case::mappings>("mappings", effects, "of the struck pages, in the victim",
                                {Unit::count, 0, 64}),
      quantity<&Case::working_pages>("working_pages", effects,
                                     "pages that a chasing victim goes through again and again",
                                     {Unit::count, 0, 1 << 16}),
      quantity<&Case::trigger_rate_per_s>("trigger_rate_per_s", effects,
                                          "triggers beside traffic; 0 for as many as there can be",
                                          {Unit::rate, 0, 1'000'000}),
  };
}

void push_new(std::vector<std::string>& all, std::string value) {
  if (std::ranges::find(all, value) == all.end()) all.push_back(std::move(value));
}

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string Axis::flag() const {
  std::string flag = fmt::format("--{}", name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string Axis::canonical(std::string_view text) const {
  if (words != nullptr) {
    const auto known = words();
    if (std::ranges::find(known, text) != known.end()) return std::string(text);
    if (other != nullptr) return other(text);
    throw std::invalid_argument(
        fmt::format("unknown {} `{}`{}", name, text, did_you_mean(text, known)));
  }
  if (missing && text == "-1") return "-1";
  const std::uint64_t value = parse_quantity(text, unit);
  if (infinite && value == kNever) return "inf";
  const bool known =
      value % step == 0 && (among.empty() || std::ranges::find(among, value) != among.end());
  if (value < lowest || value > highest || !known) {
    throw std::invalid_argument(fmt::format("`{}` is out of range; valid: {}", text, valid()));
  }
  return std::to_string(value);
}

std::vector<std::string> Axis::values(std::string_view text) const {
  std::vector<std::string> all;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view item = without_spaces(text.substr(0, comma));
    if (more) text.remove_prefix(comma + 1);
    const std::size_t dots = item.find("..");
    if (words != nullptr || dots == std::string_view::npos) {
      push_new(all, canonical(item));
      continue;
    }
    std::string_view to = item.substr(dots + 2);
    double per_octave = 1;
    if (const std::size_t slash = to.find('/'); slash != std::string_view::npos) {
      per_octave = static_cast<double>(number_from<std::uint32_t>(to.substr(slash + 1)));
      to = to.substr(0, slash);
    }
    for (std::string& value : range(item.substr(0, dots), to, per_octave)) push_new(all, value);
  }
  return all;
}

std::vector<std::string> Axis::range(std::string_view from, std::string_view to,
                                     double per_octave) const {
  const auto low = number_from<std::uint64_t>(canonical(from));
  const auto high = number_from<std::uint64_t>(canonical(to));
  if (low == 0 || low > high || !(per_octave > 0 && per_octave <= 64)) {
    throw std::invalid_argument(fmt::format(
        "`{}..{}{}` is not a range: it ascends from at least 1, with 1 to 64 steps an octave", from,
        to, per_octave == 1 ? "" : fmt::format("/{}", per_octave)));
  }
  std::vector<std::string> all;
  for (int i = 0;; ++i) {
    const double exact = static_cast<double>(low) * std::exp2(i / per_octave);
    const auto value = static_cast<std::uint64_t>(std::llround(exact));
    if (value >= high) break;
    push_new(all, std::to_string(value));
  }
  push_new(all, std::to_string(high));
  return all;
}

std::string Axis::valid() const {
  if (words != nullptr) {
    return fmt::format("{}{}", fmt::join(words(), ", "), other == nullptr ? "" : ", or a file");
  }
  const auto written = [this](std::uint64_t value) { return format_quantity(value, unit); };
  if (!among.empty()) {  // no view: clang 14 cannot compile this library's
    std::vector<std::string> all(among.size());
    std::ranges::transform(among, all.begin(), written);
    return fmt::format("{}", fmt::join(all, ", "));
  }
  const std::string units = unit_words(unit);
  return fmt::format("{} to {}{}{}{}", lowest, written(highest), infinite ? " or inf" : "",
                     unit == Unit::count ? "" : ", in " + units,
                     step == 1 ? "" : fmt::format(", multiples of {}", step));
}

const std::vector<Axis>& axes() {
  static const std::vector<Axis> all = table();
  return all;
}

const std::vector<std::pair<AxisGroup, std::string_view>>& axis_groups() {
  using enum AxisGroup;
  static const std::vector<std::pair<AxisGroup, std::string_view>> all{
      {what, "what"},
      {traffic, "traffic"},
      {load, "open loop and known delays"},
      {patience, "waiting"},
      {memory, "memory, and the paths of a hybrid"},
      {place, "place"},
      {effects, "effects of the machine"}};
  return all;
}

const Axis* find_axis(std::string_view name) {
  const auto found = std::ranges::find(axes(), name, &Axis::name);
  return found == axes().end() ? nullptr : &*found;
}

std::vector<std::string> axis_names() {
  std::vector<std::string> names;
  for (const Axis& axis : axes()) names.emplace_back(axis.name);
  return names;
}

void set(Case& point, std::string_view axis, std::string_view text) {
  const Axis* found = find_axis(axis);
  if (found == nullptr) {
    throw std::invalid_argument(
        fmt::format("unknown axis `{}`{}", axis, did_you_mean(axis, axis_names())));
  }
  found->write(point, found->canonical(text));
}

std::string text_of(const Case& point) {
  std::string text;
  for (const Axis& axis : axes()) text += fmt::format("{}={} ", axis.name, axis.read(point));
  return text;
}

}  // namespace ipcmark
