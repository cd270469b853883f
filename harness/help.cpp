#include "harness/help.hpp"

#include <fmt/format.h>

namespace ipcmark {
namespace {

constexpr std::size_t kTextColumn = 28;  // column of the text: most flags fit before it

std::string line_of(const HelpItem& item, std::size_t width) {
  std::string line = fmt::format("  {:<{}}", item.left, kTextColumn - 2);
  if (item.left.size() + 4 > kTextColumn)
    line = fmt::format("  {}\n{:<{}}", item.left, "", kTextColumn);
  return line + wrapped(item.right, width - kTextColumn, kTextColumn) + "\n";
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    if (column > 0 && column + 1 + word.size() > width) {
      out += fmt::format("\n{:<{}}", "", indent);
      column = 0;
    } else if (column > 0) {
      out += ' ', ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string lay_out(std::string_view intro, const std::vector<HelpSection>& sections,
                    std::size_t width) {
  std::string text(intro);
  for (const HelpSection& section : sections) {
    if (section.items.empty()) continue;
    text += fmt::format("\n{}:\n", section.title);
    for (const HelpItem& item : section.items) text += line_of(item, width);
  }
  return text;
}

}  // namespace ipcmark
