#include "harness/sizes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <optional>
#include <random>
#include <stdexcept>

#include "harness/axes.hpp"
#include "harness/nearest.hpp"
#include "harness/text_file.hpp"
#include "harness/units.hpp"

namespace ipcmark::sizes {

namespace {

constexpr std::string_view kPoints = "cdf:";
// Each record repeats the points, and more than these no figure could show.
constexpr std::size_t kMostPoints = 128;

// Control messages, and one in ten that is bulk.
constexpr double kControlShare = 0.9;
constexpr double kControlBytes = 64;
// Half of the messages up to 1 KiB; a standard deviation spans a factor of e^2.
constexpr double kMedianBytes = 1024;
constexpr double kSigma = 2;
// The tail of files and flows; below 2 the variance would be infinite were it not cut.
constexpr double kTail = 1.1;
constexpr double kParetoLowest = 64;

struct Point {
  std::uint64_t bytes = 0;
  double share = 0;  // of messages up to this size
};

double share_from(std::string_view text) {
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error != std::errc{} || end != text.data() + text.size() || !(share >= 0 && share <= 1)) {
    throw std::invalid_argument(fmt::format("`{}` is not a share: valid: 0 to 1", text));
  }
  return share;
}

Point point_from(std::string_view bytes, std::string_view share) {
  const std::string valid = "1 to " + format_quantity(kLargestMessage, Unit::bytes);
  const Point point{parse_quantity(bytes, Unit::bytes, valid), share_from(share)};
  if (point.bytes == 0 || point.bytes > kLargestMessage) refuse_range(bytes, valid);
  return point;
}

// After the points before it.
void append(std::vector<Point>& points, Point next) {
  if (!points.empty() && next.bytes <= points.back().bytes) {
    throw std::invalid_argument(
        fmt::format("{} B after {} B: sizes ascend", next.bytes, points.back().bytes));
  }
  if (!points.empty() && next.share < points.back().share) {
    throw std::invalid_argument(fmt::format("a share of {} after {}: a cumulative one never falls",
                                            next.share, points.back().share));
  }
  if (points.size() == kMostPoints) {
    throw std::invalid_argument(fmt::format("more than {} points", kMostPoints));
  }
  points.push_back(next);
}

void require_whole(const std::vector<Point>& points) {
  if (points.empty()) throw std::invalid_argument("no point: valid: a size and a share a line");
  if (points.back().share != 1) {
    throw std::invalid_argument(
        fmt::format("ends at a share of {}: the last is 1", points.back().share));
  }
}

std::vector<Point> points_in(std::string_view text) {
  std::vector<Point> points;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find('/'));
    const std::size_t at = item.find('@');
    if (at == std::string_view::npos) {
      throw std::invalid_argument(fmt::format("`{}` is not a point; valid: 64@0.9", item));
    }
    append(points, point_from(item.substr(0, at), item.substr(at + 1)));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
  }
  require_whole(points);
  return points;
}

std::vector<Point> points_of_file(const std::string& name, const std::string& text) {
  std::vector<Point> points;
  const auto lines = lines_of(text);
  std::size_t number = 0;
  try {
    for (const std::string_view line : lines) {
      ++number;
      const auto words = words_of(line.substr(0, line.find('#')));
      if (words.empty()) continue;
      if (words.size() != 2) {
        throw std::invalid_argument(
            fmt::format("{} words; valid: a size and a share, as in `64Ki 0.9`", words.size()));
      }
      append(points, point_from(words[0], words[1]));
    }
    require_whole(points);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}:{}: {}", name, number, error.what()));
  }
  return points;
}

std::string text_of(const std::vector<Point>& points) {
  std::string text(kPoints);
  for (const Point& point : points) {
    text +=
        fmt::format("{}{}@{}", text.size() == kPoints.size() ? "" : "/", point.bytes, point.share);
  }
  return text;
}

// A distribution by its inverse: from a share in [0, 1) to a size.
class Inverse {
 public:
  Inverse(std::string_view sizes, std::uint64_t largest)
      : sizes_(sizes), largest_(static_cast<double>(largest)) {
    if (sizes.starts_with(kPoints)) points_ = points_in(sizes.substr(kPoints.size()));
  }

  // `more` is a second, independent share, for what has no inverse in closed form.
  [[nodiscard]] double operator()(double share, double more) const {
    if (!points_.empty()) {
      const auto found = std::ranges::upper_bound(points_, share, {}, &Point::share);
      return static_cast<double>(found->bytes);  // the last share is 1
    }
    if (sizes_ == "bimodal") return share < kControlShare ? kControlBytes : largest_;
    if (sizes_ == "log_normal") {  // Box and Muller, so that every library draws the same
      const double normal =
          std::sqrt(-2 * std::log1p(-share)) * std::cos(2 * std::numbers::pi * more);
      return kMedianBytes * std::exp(kSigma * normal);
    }
    if (sizes_ == "pareto") {
      const double low = std::pow(kParetoLowest, -kTail), high = std::pow(largest_, -kTail);
      return std::pow(low - share * (low - high), -1 / kTail);
    }
    return largest_;
  }

 private:
  std::string_view sizes_;
  double largest_;
  std::vector<Point> points_;
};

}  // namespace

std::vector<std::string> words() { return {"one", "bimodal", "log_normal", "pareto"}; }

std::string canonical(std::string_view text) {
  if (text.starts_with(kPoints)) return text_of(points_in(text.substr(kPoints.size())));
  const std::string name(text);
  if (const auto content = read_text(name)) return text_of(points_of_file(name, *content));
  if (std::error_code none; std::filesystem::exists(name, none)) {
    throw std::invalid_argument(fmt::format(
        "`{}` is {}; write one of {}, or a file of lines `SIZE SHARE`, as `64Ki 0.9`", name,
        std::filesystem::is_directory(name, none) ? "a folder" : "a file that cannot be read",
        fmt::join(words(), ", ")));
  }
  throw std::invalid_argument(fmt::format("unknown sizes `{}`: no such word and no such file{}",
                                          text, did_you_mean(text, words())));
}

std::uint64_t largest(std::string_view sizes, std::uint64_t message_bytes) {
  if (!sizes.starts_with(kPoints)) return message_bytes;
  return points_in(sizes.substr(kPoints.size())).back().bytes;
}

void draw(std::string_view sizes, std::uint64_t message_bytes, std::uint64_t seed,
          std::span<std::uint32_t> out) {
  const Inverse inverse(sizes, message_bytes);
  std::mt19937_64 random(seed);
  const auto share = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  for (std::uint32_t& bytes : out) {
    const double first = share(), second = share();
    const double drawn = std::round(inverse(first, second));
    bytes = static_cast<std::uint32_t>(std::clamp(drawn, 1.0, static_cast<double>(message_bytes)));
  }
}

}  // namespace ipcmark::sizes
