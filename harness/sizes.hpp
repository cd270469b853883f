// The sizes of a mixture's messages: distributions by name, or a user's own as a file. A case holds
// the whole distribution as text, so that a record, a manifest and a repeated run need no file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark::sizes {

// "one" (all of message_bytes), "bimodal", "log_normal", "pareto".
[[nodiscard]] std::vector<std::string> words();

// A text that is none of the words: the points of a cumulative distribution, "cdf:64@0.9/65536@1",
// or the name of a file with a line for each: a size in bytes (64Ki) and the share of messages up
// to it, both ascending, the last share 1; `#` begins a comment. Returns the points. Throws
// std::invalid_argument naming file and line.
[[nodiscard]] std::string canonical(std::string_view text);

// Of the points the last; of the words what they are cut to.
[[nodiscard]] std::uint64_t largest(std::string_view sizes, std::uint64_t message_bytes);

// Fills `out` from a seed: the same seed, the same sizes, on every machine. 1 to `message_bytes` B.
void draw(std::string_view sizes, std::uint64_t message_bytes, std::uint64_t seed,
          std::span<std::uint32_t> out);

}  // namespace ipcmark::sizes
