#include "harness/plugin_traits.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "harness/words.hpp"

namespace ipcmark {

namespace {

using nlohmann::json;

// As they lie in memory: both sides are the same program. Only the two texts point elsewhere; they
// travel beside and are set anew.
static_assert(std::is_trivially_copyable_v<Traits>);

json bytes_of(Traits traits) {
  traits.name = traits.summary = {};
  std::vector<std::uint8_t> bytes(sizeof traits);
  std::memcpy(bytes.data(), &traits, sizeof traits);
  return bytes;
}

// The other side loaded foreign code: a byte that is no value of its type would be undefined to
// read.
bool all_values(const Traits& traits) {
  constexpr bool Traits::*kFlags[] = {
      &Traits::boundaries, &Traits::carries_payload, &Traits::shares_memory, &Traits::has_threshold,
      &Traits::has_buffer, &Traits::has_address,     &Traits::has_nodelay,   &Traits::takes_depth,
      &Traits::answers,    &Traits::one_in_flight,   &Traits::rendezvous,    &Traits::lossy};
  const bool flags = std::ranges::all_of(kFlags, [&](bool Traits::*flag) {
    return reinterpret_cast<const unsigned char&>(traits.*flag) <= 1;
  });
  const auto& families = Words<Family>::table;
  return flags && std::ranges::any_of(
                      families, [&](const auto& entry) { return entry.first == traits.family; });
}

Traits traits_from(const json& array) {
  const auto is_byte = [](const json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() <= UINT8_MAX;
  };
  if (!array.is_array() || array.size() != sizeof(Traits) || !std::ranges::all_of(array, is_byte)) {
    throw json::other_error::create(501, "traits", &array);
  }
  const auto bytes = array.get<std::vector<std::uint8_t>>();
  Traits traits;
  std::memcpy(&traits, bytes.data(), sizeof traits);
  traits.name = traits.summary = {};  // pointers of another process
  if (!all_values(traits)) throw json::other_error::create(501, "traits", &array);
  return traits;
}

std::string_view kept(const json& text) {
  static std::deque<std::string> texts;  // whose elements stay where they are
  return texts.emplace_back(text.get<std::string>());
}

}  // namespace

json entry_json(const Transport& transport) {
  json waits = json::array();
  for (const Wait wait : transport.waits) waits.push_back(word(wait));
  return {{"name", transport.traits.name},
          {"summary", transport.traits.summary},
          {"waits", std::move(waits)},
          {"abilities", transport.abilities},
          {"traits", bytes_of(transport.traits)}};
}

Transport transport_from_json(const json& entry) {
  Transport transport{.traits = traits_from(entry.at("traits")),
                      .waits = {},
                      .abilities = entry.at("abilities").get<std::vector<std::string>>(),
                      .open = nullptr};
  transport.traits.name = kept(entry.at("name"));
  transport.traits.summary = kept(entry.at("summary"));
  for (const std::string text : entry.at("waits")) {
    if (const auto wait = from_word<Wait>(text)) transport.waits.push_back(*wait);
  }
  return transport;
}

}  // namespace ipcmark
