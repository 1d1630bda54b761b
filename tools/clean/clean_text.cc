#include "tools/clean/clean_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace promshm::tools {
namespace {

constexpr std::size_t kMostIssues = 20;

std::string Plural(std::size_t number, const char* one, const char* many) {
  return std::to_string(number) + ' ' + (number == 1 ? one : many);
}

std::string Padded(const std::string& text, std::size_t width) {
  return text.size() < width ? text + std::string(width - text.size(), ' ')
                             : text;
}

std::string RightAligned(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text
                             : text;
}

void AppendFiles(const std::vector<PlannedFile>& files, std::string* text) {
  constexpr std::size_t kActionWidth = 8;
  for (const PlannedFile& file : files) {
    if (file.action == FileAction::kKeep) continue;
    *text += "  " + Padded(ToString(file.action), kActionWidth) +
             PrintableText(file.name) + "  " + BytesText(file.bytes) + '\n';
  }
}

bool HasAction(const std::vector<PlannedFile>& files) {
  return std::any_of(files.begin(), files.end(), [](const PlannedFile& file) {
    return file.action != FileAction::kKeep;
  });
}

}  // namespace

std::string BytesText(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  constexpr double kStep = 1000;
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= kStep && unit + 1 < kUnits.size()) {
    value /= kStep;
    ++unit;
  }
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s",
                value, kUnits.at(unit));
  return text.data();
}

std::uint64_t FreedBytes(const CleaningReport& report) {
  const std::uint64_t before = report.removed.bytes + report.folded.bytes;
  return before > report.made.bytes ? before - report.made.bytes : 0;
}

std::string PlanText(const CleaningPlan& plan) {
  std::size_t width = 0;
  for (const PlannedProcess& process : plan.processes) {
    width = std::max(width, PrintableText(process.identifier).size());
  }
  constexpr std::size_t kStateWidth = 9;
  std::string text;
  for (const PlannedProcess& process : plan.processes) {
    text += Padded(PrintableText(process.identifier), width) + "  " +
            Padded(ToString(process.liveness), kStateWidth) +
            ToString(process.evidence) + '\n';
    AppendFiles(process.files, &text);
  }
  if (HasAction(plan.merged)) {
    text += "merged before\n";
    AppendFiles(plan.merged, &text);
  }
  if (HasAction(plan.leftovers)) {
    text += "left by writers that were killed\n";
    AppendFiles(plan.leftovers, &text);
  }
  return text;
}

std::string SummaryText(const CleaningReport& report, bool dry_run) {
  std::string text =
      Plural(report.processes, "dead process", "dead processes") + ": " +
      Plural(report.removed.files, "file", "files") +
      (dry_run ? " to remove" : " removed");
  if (report.folded.files > 0) {
    text += ", " + std::to_string(report.folded.files) +
            (dry_run ? " to fold into " : " folded into ") +
            std::to_string(report.made.files);
  }
  return text + ", " + BytesText(FreedBytes(report)) +
         (dry_run ? " to free\n" : " freed\n");
}

std::string BeforeAndAfter(const CleaningReport& report) {
  constexpr std::array<std::size_t, 5> kWidths = {6, 8, 11, 11, 9};
  const auto line = [&](const std::array<std::string, 5>& cells) {
    std::string text = Padded(cells[0], kWidths[0]);
    for (std::size_t i = 1; i < cells.size(); ++i) {
      text += RightAligned(cells.at(i), kWidths.at(i));
    }
    return text + '\n';
  };
  const auto totals = [&](const char* name, const FileTotals& of) {
    return line({name, std::to_string(of.files), BytesText(of.bytes),
                 std::to_string(of.entries), std::to_string(of.series)});
  };
  return line({"", "files", "bytes", "entries", "series"}) +
         totals("before", report.folded) + totals("after", report.made);
}

void PrintIssues(const std::vector<Issue>& issues) {
  const std::size_t printed = std::min(issues.size(), kMostIssues);
  for (std::size_t i = 0; i < printed; ++i) {
    std::fprintf(stderr, "%s\n", issues[i].ToString().c_str());
  }
  if (printed < issues.size()) {
    std::fprintf(stderr, "and %zu more\n", issues.size() - printed);
  }
}

}  // namespace promshm::tools
