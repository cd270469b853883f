#include "harness/buffer_pages.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/text_file.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::uint64_t kNodes = 64;
// Where the kernel shows memory that processes share; the stage is the harness's own.
constexpr std::array<std::string_view, 5> kShared = {"/memfd:", "/dev/shm/", "/SYSV", "/dev/zero",
                                                     "/anon_hugepage"};
constexpr std::string_view kStage = "/memfd:ipcmark-stage";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

bool is_shared(std::string_view file, std::string_view prefix) {
  if (file.starts_with(kStage)) return false;
  return file.find(prefix) != file.npos || std::ranges::any_of(kShared, [&](std::string_view name) {
           return file.starts_with(name);
         });
}

// "7f2c000 default anon=5 dirty=5 N0=5 kernelpagesize_kB=4"; a mapping without pages has no N.
Pages pages_of(const std::vector<std::string_view>& words) {
  Pages pages;
  for (const std::string_view word : words) {
    const auto equals = word.find('=');
    if (equals == word.npos) continue;
    const auto name = word.substr(0, equals);
    const auto node = name.starts_with('N') ? number(name.substr(1)) : std::nullopt;
    if (node && *node < kNodes) pages.nodes |= 1ull << *node;
    if (name != "kernelpagesize_kB") continue;
    if (const auto kib = number(word.substr(equals + 1))) pages.page_bytes |= *kib << 10;
  }
  return pages.nodes == 0 ? Pages{} : pages;
}

json to_json(const Pages& pages) {
  if (pages.nodes == 0) return nullptr;
  json nodes = json::array(), sizes = json::array();
  for (std::uint64_t bit = 0; bit < kNodes; ++bit) {
    if ((pages.nodes >> bit & 1) != 0) nodes.push_back(bit);
    if ((pages.page_bytes >> bit & 1) != 0) sizes.push_back(1ull << bit);
  }
  return {{"nodes", std::move(nodes)}, {"page_bytes", std::move(sizes)}};
}

std::uint64_t faults_now() {
  rusage usage{};
  check(::getrusage(RUSAGE_SELF, &usage), "getrusage");
  return static_cast<std::uint64_t>(usage.ru_minflt) + static_cast<std::uint64_t>(usage.ru_majflt);
}

}  // namespace

Pages& Pages::operator|=(const Pages& more) {
  nodes |= more.nodes;
  page_bytes |= more.page_bytes;
  return *this;
}

BufferPages& BufferPages::operator|=(const BufferPages& more) {
  own |= more.own;
  shared |= more.shared;
  error = error != 0 ? error : more.error;
  return *this;
}

BufferPages parse_numa_maps(std::string_view text, std::string_view prefix) {
  BufferPages found;
  for (const std::string_view line : lines_of(text)) {
    const auto words = words_of(line);
    const auto file = std::ranges::find_if(
        words, [](std::string_view word) { return word.starts_with("file="); });
    if (file != words.end()) {
      if (is_shared(file->substr(5), prefix)) found.shared |= pages_of(words);
    } else if (std::ranges::find(words, "stack") == words.end()) {
      found.own |= pages_of(words);
    }
  }
  return found;
}

BufferPages buffer_pages_now(std::string_view prefix, const std::filesystem::path& proc) {
  errno = 0;
  const auto text = read_text(proc / "self/numa_maps");
  if (!text) return {.own = {}, .shared = {}, .error = errno != 0 ? errno : ENOENT};
  return parse_numa_maps(*text, prefix);
}

const BufferPages& WatchedPages::now(std::string_view prefix) {
  if (faults_ == 0 || faults_ != faults_now()) {
    known_ = buffer_pages_now(prefix);
    faults_ = faults_now();  // reading had some of its own
  }
  return known_;
}

json to_json(const BufferPages& pages) {
  if (pages.error != 0) {
    return {{"buffers", nullptr},
            {"buffers_missing",
             fmt::format("read /proc/self/numa_maps: {}", std::strerror(pages.error))}};
  }
  return {{"buffers", {{"own", to_json(pages.own)}, {"shared", to_json(pages.shared)}}}};
}

}  // namespace ipcmark
