#include "tools/serve/status/process_list.h"

#include <algorithm>
#include <cstddef>

#include "promshm/liveness.h"
#include "tools/serve/status/natural_order.h"

namespace promshm::tools {
namespace {

// A process with what its files come to.
struct Row {
  const ProcessReport* report = nullptr;
  std::size_t entries = 0;
  std::uint64_t bytes = 0;
  std::size_t damaged = 0;
};

Row RowOf(const ProcessReport& report) {
  Row row;
  row.report = &report;
  for (const FileReport& file : report.files) {
    row.entries += file.entries;
    row.bytes += file.bytes;
    row.damaged += file.is_damaged ? 1 : 0;
  }
  return row;
}

std::uint64_t Rank(const Row& row, ProcessOrder::Key key) {
  switch (key) {
    case ProcessOrder::Key::kIdentifier:
      return 0;
    case ProcessOrder::Key::kLiveness:
      return static_cast<std::uint64_t>(row.report->liveness);
    case ProcessOrder::Key::kFiles:
      return row.report->files.size();
    case ProcessOrder::Key::kBytes:
      return row.bytes;
    case ProcessOrder::Key::kEntries:
      return row.entries;
    case ProcessOrder::Key::kSeries:
      return row.report->series;
  }
  return 0;
}

std::vector<Row> SortedRows(const std::vector<ProcessReport>& reports,
                            const ProcessOrder& order) {
  std::vector<Row> rows;
  for (const ProcessReport& report : reports) {
    if (!report.is_merged) rows.push_back(RowOf(report));
  }
  const auto before = [&order](const Row& a, const Row& b) {
    const std::uint64_t m = Rank(a, order.key);
    const std::uint64_t n = Rank(b, order.key);
    if (m != n) return m < n;
    return NaturallyBefore(a.report->identifier, b.report->identifier);
  };
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    return order.descending ? before(b, a) : before(a, b);
  });
  return rows;
}

Json ProcessJson(const Row& row, const std::optional<ProcessFacts>& facts) {
  Json json;
  json["identifier"] = row.report->identifier;
  json["liveness"] = ToString(row.report->liveness);
  json["evidence"] = ToString(row.report->evidence);
  if (facts) {
    json["pid"] = facts->pid;
    if (facts->command) json["command"] = *facts->command;
    if (facts->since) json["since"] = *facts->since;
  }
  json["files"] = row.report->files.size();
  json["bytes"] = row.bytes;
  json["entries"] = row.entries;
  json["series"] = row.report->series;
  json["damaged"] = row.damaged;
  return json;
}

}  // namespace

Result<ProcessOrder> ReadProcessOrder(std::string_view sort,
                                      std::string_view order) {
  using Key = ProcessOrder::Key;
  struct Name {
    std::string_view text;
    Key key;
  };
  ProcessOrder result;
  if (!sort.empty()) {
    const auto names = {
        Name{"identifier", Key::kIdentifier}, Name{"liveness", Key::kLiveness},
        Name{"files", Key::kFiles},           Name{"bytes", Key::kBytes},
        Name{"entries", Key::kEntries},       Name{"series", Key::kSeries}};
    const auto* const name =
        std::find_if(names.begin(), names.end(),
                     [sort](const Name& known) { return known.text == sort; });
    if (name == names.end()) {
      return Status(StatusKind::kInvalidArgument,
                    "sort: expected identifier, liveness, files, bytes, "
                    "entries or series: " +
                        std::string(sort));
    }
    result.key = name->key;
  }
  if (!order.empty() && order != "asc" && order != "desc") {
    return Status(StatusKind::kInvalidArgument,
                  "order: expected asc or desc: " + std::string(order));
  }
  result.descending = order == "desc";
  return result;
}

Json ProcessList(const std::vector<ProcessReport>& reports,
                 const std::string& path, const ProcessOrder& order,
                 const PageRange& range, const LookUpProcesses& look_up) {
  const std::vector<Row> rows = SortedRows(reports, order);
  const std::size_t begin = std::min(range.offset, rows.size());
  const std::size_t end = begin + std::min(range.limit, rows.size() - begin);
  std::vector<std::size_t> wanted;
  for (std::size_t i = begin; i < end; ++i) {
    wanted.push_back(static_cast<std::size_t>(rows[i].report - reports.data()));
  }
  Json list = Json::array();
  if (wanted.empty()) return list;
  const auto facts = look_up(path, reports, wanted);
  for (std::size_t i = begin; i < end; ++i) {
    list.push_back(ProcessJson(rows[i], facts[i - begin]));
  }
  return list;
}

}  // namespace promshm::tools
