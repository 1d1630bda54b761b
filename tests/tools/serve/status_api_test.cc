#include "tools/serve/status/status_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promshm/version.h"
#include "tests/support/temporary_directory.h"
#include "tests/tools/serve/api_testing.h"

namespace promshm::tools {
namespace {

using ::testing::Contains;
using testing::Document;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::Parameters;
using testing::RequestWith;

FileReport File(std::size_t entries, std::uint64_t bytes,
                bool is_damaged = false) {
  FileReport file;
  file.entries = entries;
  file.bytes = bytes;
  file.is_damaged = is_damaged;
  return file;
}

ProcessReport Process(std::string identifier, std::vector<FileReport> files,
                      std::size_t series = 0,
                      Liveness liveness = Liveness::kAlive,
                      Evidence evidence = Evidence::kWriter) {
  ProcessReport report;
  report.identifier = std::move(identifier);
  report.files = std::move(files);
  report.series = series;
  report.liveness = liveness;
  report.evidence = evidence;
  return report;
}

ProcessReport Merged(std::vector<FileReport> files) {
  ProcessReport report = Process("promshm", std::move(files));
  report.is_merged = true;
  return report;
}

Snapshot SnapshotOf(std::vector<ProcessReport> reports,
                    std::vector<Issue> issues = {}) {
  auto layout = std::make_shared<SnapshotLayout>();
  layout->families.resize(2);
  layout->families[0].series.resize(3);
  layout->families[1].series.resize(1);
  Snapshot snapshot(layout, {}, {1, 1}, std::move(issues));
  snapshot.SetProcessReports(
      std::make_shared<const std::vector<ProcessReport>>(std::move(reports)));
  return snapshot;
}

class StatusApiTest : public ::testing::Test {
 protected:
  void Serve(const std::string& name, Result<Snapshot> collected) {
    collected_.insert_or_assign(name, std::move(collected));
  }

  Response Ask(Parameters parameters) {
    DirectorySource source;
    source.list = [this] {
      std::vector<NamedDirectory> directories;
      for (const auto& [name, collected] : collected_) {
        directories.push_back({name, path_.path()});
      }
      return directories;
    };
    source.collect = [this](const std::string& name,
                            const CollectOptions& options) {
      EXPECT_TRUE(options.with_processes);
      return collected_.at(name);
    };
    const auto look_up = [this](const std::string& path,
                                const std::vector<ProcessReport>& reports,
                                const std::vector<std::size_t>& wanted) {
      EXPECT_EQ(path, path_.path());
      std::vector<std::optional<ProcessFacts>> facts;
      for (const std::size_t place : wanted) {
        const auto found = facts_.find(reports.at(place).identifier);
        looked_up_.push_back(reports.at(place).identifier);
        facts.push_back(found == facts_.end() ? std::nullopt
                                              : std::optional(found->second));
      }
      return facts;
    };
    return AnswerStatus(RequestWith(std::move(parameters)),
                        {1700000000.5, "/metrics"}, source, look_up);
  }

  Json Get(Parameters parameters = {}) {
    const Response response = Ask(std::move(parameters));
    EXPECT_EQ(response.status, 200) << response.body;
    return Document(response);
  }

  // Of the only directory's processes.
  std::vector<std::string> Identifiers(Parameters parameters) {
    std::vector<std::string> identifiers;
    const Json document = Get(std::move(parameters));
    for (const Json& process : document["directories"][0]["processes"]) {
      identifiers.push_back(process["identifier"]);
    }
    return identifiers;
  }

  std::map<std::string, ProcessFacts> facts_;
  std::vector<std::string> looked_up_;
  const promshm::testing::TemporaryDirectory path_;

 private:
  std::map<std::string, Result<Snapshot>> collected_;
};

TEST_F(StatusApiTest, TellsOfTheServer) {
  const Response response = Ask({});
  EXPECT_THAT(
      response.headers,
      ElementsAre(Pair("Content-Type", "application/json; charset=utf-8"),
                  Pair("Cache-Control", "no-store"),
                  Pair("X-Content-Type-Options", "nosniff")));
  const Json document = Document(response);
  EXPECT_EQ(document["schema"], 1);
  EXPECT_EQ(document["version"], PROMSHM_VERSION);
  EXPECT_EQ(document["started"], 1700000000.5);
  EXPECT_GT(document["now"], 1700000000.5);
  EXPECT_EQ(document["telemetry_path"], "/metrics");
  EXPECT_EQ(document["directories"], Json::array());
}

TEST_F(StatusApiTest, AddsUpWhatADirectoryHolds) {
  Serve("web", SnapshotOf({Process("1", {File(3, 100), File(4, 200)}),
                           Process("2", {File(5, 300)}, 0, Liveness::kDead),
                           Process("x", {}, 0, Liveness::kUnknown),
                           Merged({File(10, 1000), File(20, 2000)})}));
  const Json directory = Get()["directories"][0];
  EXPECT_EQ(directory["name"], "web");
  EXPECT_EQ(directory["path"], path_.path());
  EXPECT_FALSE(directory.contains("error"));
  EXPECT_EQ(directory["files"], 5);
  EXPECT_EQ(directory["entries"], 42);
  EXPECT_EQ(directory["bytes"], 3600);
  EXPECT_EQ(directory["series"], 4);
  EXPECT_EQ(directory["families"], 2);
  EXPECT_EQ(directory["merged"],
            (Json{{"files", 2}, {"entries", 30}, {"bytes", 3000}}));
  EXPECT_EQ(directory["process_counts"],
            (Json{{"alive", 1}, {"dead", 1}, {"unknown", 1}}));
  EXPECT_EQ(directory["processes"].size(), 3);
}

TEST_F(StatusApiTest, TellsOfTheFileSystem) {
  Serve("web", SnapshotOf({}));
  const Json filesystem = Get()["directories"][0]["filesystem"];
  EXPECT_GT(filesystem["size"], 0);
  EXPECT_GE(filesystem["available"], 0);
  EXPECT_LE(filesystem["available"], filesystem["size"]);
  EXPECT_GE(filesystem["files_free"], 0);
}

TEST_F(StatusApiTest, TellsWhoAProcessIsAndWhatShowsIt) {
  Serve("web", SnapshotOf({Process("7", {File(3, 100), File(4, 200, true)}, 5),
                           Process("8", {File(1, 10)}, 1, Liveness::kDead,
                                   Evidence::kEnded)}));
  facts_["7"] = {700, 1700000000.25, "python3 app.py"};
  const Json processes = Get()["directories"][0]["processes"];
  EXPECT_EQ(processes[0], (Json{{"identifier", "7"},
                                {"liveness", "alive"},
                                {"evidence", ToString(Evidence::kWriter)},
                                {"pid", 700},
                                {"command", "python3 app.py"},
                                {"since", 1700000000.25},
                                {"files", 2},
                                {"bytes", 300},
                                {"entries", 7},
                                {"series", 5},
                                {"damaged", 1}}));
  EXPECT_EQ(processes[1], (Json{{"identifier", "8"},
                                {"liveness", "dead"},
                                {"evidence", ToString(Evidence::kEnded)},
                                {"files", 1},
                                {"bytes", 10},
                                {"entries", 1},
                                {"series", 1},
                                {"damaged", 0}}));
}

TEST_F(StatusApiTest, WhatIsNotKnownOfAProcessIsLeftOut) {
  Serve("web", SnapshotOf({Process("7", {})}));
  facts_["7"].pid = 700;
  const Json process = Get()["directories"][0]["processes"][0];
  EXPECT_EQ(process["pid"], 700);
  EXPECT_FALSE(process.contains("command"));
  EXPECT_FALSE(process.contains("since"));
}

TEST_F(StatusApiTest, ProcessesAreSorted) {
  Serve("web",
        SnapshotOf({Process("10", {File(1, 5)}, 3),
                    Process("9", {File(9, 7), File(0, 0)}, 1, Liveness::kDead),
                    Process("a", {File(2, 7)}, 2, Liveness::kUnknown),
                    Merged({File(50, 50)})}));
  const std::map<std::string, std::vector<std::string>> ascending = {
      {"identifier", {"9", "10", "a"}}, {"liveness", {"10", "9", "a"}},
      {"files", {"10", "a", "9"}},      {"bytes", {"10", "9", "a"}},
      {"entries", {"10", "a", "9"}},    {"series", {"9", "a", "10"}}};
  EXPECT_EQ(Identifiers({}), ascending.at("identifier"));
  for (auto [key, order] : ascending) {
    EXPECT_EQ(Identifiers({{"sort", key}}), order) << key;
    EXPECT_EQ(Identifiers({{"sort", key}, {"order", "asc"}}), order) << key;
    std::reverse(order.begin(), order.end());
    EXPECT_EQ(Identifiers({{"sort", key}, {"order", "desc"}}), order) << key;
  }
}

TEST_F(StatusApiTest, ProcessesComeInPagesAndOnlyTheseAreLookedUp) {
  std::vector<ProcessReport> reports;
  for (int i = 0; i < 250; ++i) {
    reports.push_back(Process(std::to_string(i), {}));
  }
  Serve("web", SnapshotOf(std::move(reports)));
  EXPECT_EQ(Identifiers({}).size(), 100);
  looked_up_.clear();
  EXPECT_THAT(Identifiers({{"offset", "248"}, {"limit", "10"}}),
              ElementsAre("248", "249"));
  EXPECT_THAT(looked_up_, ElementsAre("248", "249"));
  EXPECT_THAT(Identifiers({{"limit", "0"}}), IsEmpty());
  const Json document = Get({{"offset", "5"}, {"limit", "2"}});
  EXPECT_EQ(document["offset"], 5);
  EXPECT_EQ(document["limit"], 2);
  EXPECT_EQ(document["directories"][0]["process_counts"]["alive"], 250);
}

TEST_F(StatusApiTest, IssuesAreTexts) {
  std::vector<Issue> issues(250);
  issues[0] = {IssueKind::kDamaged, "/d/counter_1.db", 8, "not\x1b an entry"};
  Serve("web", SnapshotOf({}, std::move(issues)));
  const Json directory = Get()["directories"][0];
  EXPECT_EQ(directory["issue_count"], 250);
  EXPECT_EQ(directory["issues"].size(), 100);
  EXPECT_EQ(directory["issues"][0],
            "/d/counter_1.db: byte 8: not\\x1b an entry");
}

TEST_F(StatusApiTest, ADirectoryThatCannotBeReadSaysWhyBesideOthers) {
  Serve("a", Status(StatusKind::kPermissionDenied, "/a: cannot open"));
  Serve("b", SnapshotOf({Process("1", {})}));
  const Json directories = Get()["directories"];
  EXPECT_EQ(directories[0], (Json{{"name", "a"},
                                  {"path", path_.path()},
                                  {"error", "/a: cannot open"}}));
  EXPECT_EQ(directories[1]["processes"].size(), 1);
}

TEST_F(StatusApiTest, ANameChoosesADirectory) {
  Serve("a", SnapshotOf({}));
  Serve("b", SnapshotOf({}));
  const Json directories = Get({{"directory", "b"}})["directories"];
  ASSERT_EQ(directories.size(), 1);
  EXPECT_EQ(directories[0]["name"], "b");
  const Response response = Ask({{"directory", "c"}});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(Document(response)["error"], "c: no such directory");
}

TEST_F(StatusApiTest, RefusesParametersThatCannotBe) {
  for (const Parameters& parameters :
       {Parameters{{"sort", "pid"}}, Parameters{{"order", "down"}},
        Parameters{{"limit", "1001"}}, Parameters{{"offset", "x"}},
        Parameters{{"q", "x"}}, Parameters{{"sort", "a"}, {"sort", "b"}}}) {
    const Response response = Ask(parameters);
    EXPECT_EQ(response.status, 400) << parameters[0].first;
    EXPECT_TRUE(Document(response)["error"].is_string());
  }
}

TEST_F(StatusApiTest, WhatIsNoUtf8IsReplaced) {
  Serve("web", SnapshotOf({Process("\xff", {})}));
  EXPECT_THAT(Identifiers({}), Contains("\xef\xbf\xbd"));
}

}  // namespace
}  // namespace promshm::tools
