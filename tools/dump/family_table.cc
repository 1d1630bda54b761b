#include "tools/dump/family_table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "promshm/exposition.h"
#include "promshm/issue.h"
#include "tools/common/family_name.h"

namespace promshm::tools {
namespace {

constexpr std::size_t kColumns = 5;
constexpr std::size_t kLeastWidth = 12;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kEllipsis = "\u2026";

using Row = std::array<std::string, kColumns>;

bool StartsCharacter(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), StartsCharacter));
}

// Where the character of this number starts.
std::size_t OffsetOf(const std::string& text, std::size_t character) {
  std::size_t offset = 0;
  for (std::size_t seen = 0; offset < text.size(); ++offset) {
    if (StartsCharacter(text[offset]) && seen++ == character) break;
  }
  return offset;
}

// At most `width` characters, an ellipsis in place of the rest: the end of a
// value, the middle of a name, for names differ at both ends.
std::string Shorten(const std::string& text, std::size_t width, bool name) {
  const std::size_t size = Width(text);
  if (size <= width) return text;
  const std::size_t tail = name ? (width - 1) / 2 : 0;
  return text.substr(0, OffsetOf(text, width - tail - 1)) +
         std::string(kEllipsis) + text.substr(OffsetOf(text, size - tail));
}

// A number for reading: every digit, and no exponent where that is short.
std::string PlainText(double value) {
  const double magnitude = std::fabs(value);
  const bool is_short =
      magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e15);
  if (!is_short) return NumberText(value);
  std::array<char, 400> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 value, std::chars_format::fixed);
  return {digits.data(), end.ptr};
}

std::string RoundedText(double value) {
  constexpr int kDigits = 3;
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 value, std::chars_format::general, kDigits);
  return {digits.data(), end.ptr};
}

// The sum over the samples whose name ends so.
double SumOf(const Snapshot& snapshot, const MetricFamily& family,
             std::string_view suffix) {
  double sum = 0;
  for (const Series& series : family.series) {
    for (const Sample& sample : series.samples) {
      if (family.sample_names[sample.name].ends_with(suffix)) {
        sum += snapshot.value(sample);
      }
    }
  }
  return sum;
}

// A range leaves NaN out where there is a number.
std::string GaugeText(const Snapshot& snapshot, const MetricFamily& family) {
  bool any = false;
  double least = std::nan("");
  double most = least;
  for (const Series& series : family.series) {
    for (const Sample& sample : series.samples) {
      any = true;
      least = std::fmin(least, snapshot.value(sample));
      most = std::fmax(most, snapshot.value(sample));
    }
  }
  if (!any) return "-";
  const std::string low = PlainText(least);
  const std::string high = PlainText(most);
  return low == high ? low : low + " to " + high;
}

std::string ValueText(const Snapshot& snapshot, const MetricFamily& family) {
  switch (family.type) {
    case FamilyType::kCounter:
      return PlainText(SumOf(snapshot, family, ""));
    case FamilyType::kGauge:
      return GaugeText(snapshot, family);
    case FamilyType::kHistogram:
    case FamilyType::kSummary: {
      const double count = SumOf(snapshot, family, "_count");
      const double sum = SumOf(snapshot, family, "_sum");
      if (count == 0) return "0";
      return PlainText(count) + ", mean " + RoundedText(sum / count);
    }
  }
  return "-";
}

Row RowOf(const Snapshot& snapshot, const MetricFamily& family) {
  std::string type = ToString(family.type);
  if (!family.mode.empty()) type += ' ' + family.mode;
  return {PrintableText(KnownName(family)), type,
          std::to_string(family.series.size()),
          std::to_string(snapshot.processes(family)),
          ValueText(snapshot, family)};
}

void AppendRow(const Row& row, const std::array<std::size_t, kColumns>& widths,
               std::string* out) {
  for (std::size_t column = 0; column < kColumns; ++column) {
    const bool number = column == 2 || column == 3;
    const std::string text = Shorten(row[column], widths[column], column == 0);
    const std::string padding(widths[column] - Width(text), ' ');
    if (number) *out += padding;
    *out += text;
    if (column + 1 == kColumns) break;
    if (!number) *out += padding;
    *out += kGap;
  }
  *out += '\n';
}

// Takes what is too much from the values and then from the names.
void FitInto(std::size_t width, std::array<std::size_t, kColumns>* widths) {
  std::size_t total = (kColumns - 1) * kGap.size();
  for (const std::size_t column : *widths) total += column;
  for (const std::size_t column : {kColumns - 1, std::size_t{0}}) {
    if (total <= width) return;
    const std::size_t spare =
        (*widths)[column] - std::min((*widths)[column], kLeastWidth);
    const std::size_t taken = std::min(spare, total - width);
    (*widths)[column] -= taken;
    total -= taken;
  }
}

}  // namespace

std::size_t TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 ||
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
    return 0;
  }
  return size.ws_col;
}

std::string FamilyTable(const Snapshot& snapshot, std::size_t width) {
  std::vector<Row> rows = {{"FAMILY", "TYPE", "SERIES", "PROCS", "VALUE"}};
  for (const MetricFamily& family : snapshot.families()) {
    rows.push_back(RowOf(snapshot, family));
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      widths[column] = std::max(widths[column], Width(row[column]));
    }
  }
  if (width > 0) FitInto(width, &widths);
  std::string table;
  for (const Row& row : rows) AppendRow(row, widths, &table);
  return table;
}

}  // namespace promshm::tools
