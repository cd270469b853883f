// How help looks: sections of flags with their text wrapped beside them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

struct HelpItem {
  std::string left;   // "--wait WORD"
  std::string right;  // what it does, on one line
};

struct HelpSection {
  std::string title;
  std::vector<HelpItem> items;
};

[[nodiscard]] std::string lay_out(std::string_view intro, const std::vector<HelpSection>& sections,
                                  std::size_t width);

// Breaks at spaces so that no line is longer than `width`, except where a word is; every line after
// the first begins with `indent` spaces.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace ipcmark
