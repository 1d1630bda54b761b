#include "tools/serve/status/families_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"
#include "tests/tools/serve/api_testing.h"

namespace promshm::tools {
namespace {

using promshm::testing::FileBuilder;
using testing::Document;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::Parameters;
using testing::RequestWith;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string Key(const std::string& family, const std::string& sample,
                const std::string& labels, const std::string& help = "help") {
  return "[\"" + family + "\", \"" + sample + "\", {" + labels + "}, \"" +
         help + "\"]";
}

std::string Path(const std::string& value) {
  return "\"path\": \"" + value + "\"";
}

class FamiliesApiTest : public ::testing::Test {
 protected:
  Response Ask(Parameters parameters) {
    DirectorySource source;
    source.list = [] { return std::vector<NamedDirectory>{{"web", "/x"}}; };
    source.collect = [this](const std::string& /*name*/,
                            const CollectOptions& options) {
      return collector_.Collect(options);
    };
    return AnswerFamilies(RequestWith(std::move(parameters)), source);
  }

  Json Get(Parameters parameters) {
    const Response response = Ask(std::move(parameters));
    EXPECT_EQ(response.status, 200) << response.body;
    return Document(response);
  }

  // The family of that name in the list of all.
  Json Family(const std::string& name) {
    const Json document = Get({});
    for (const Json& family : document["families"]) {
      if (family["name"] == name) return family;
    }
    return nullptr;
  }

  std::vector<std::string> Names(Parameters parameters) {
    std::vector<std::string> names;
    const Json document = Get(std::move(parameters));
    for (const Json& family : document["families"]) {
      names.push_back(family["name"]);
    }
    return names;
  }

  void WriteCounters() {
    Write("counter_1.db", FileBuilder()
                              .Add(Key("a", "a_total", Path("/x")), 1)
                              .Add(Key("a", "a_total", Path("/y")), 2)
                              .Add(Key("b", "b_total", "", "Bees"), 4)
                              .Add(Key("c", "c_total", Path("/X/z")), 8));
    Write("counter_2.db",
          FileBuilder().Add(Key("a", "a_total", Path("/x")), 0.5));
  }

  void Write(const std::string& name, const FileBuilder& file) {
    directory_.Write(name, file.Bytes());
  }

 private:
  promshm::testing::TemporaryDirectory directory_;
  Collector collector_{directory_.path()};
};

TEST_F(FamiliesApiTest, EveryAnswerIsJsonThatNobodyKeeps) {
  for (const Parameters& parameters : {Parameters{}, Parameters{{"limit", "x"}},
                                       Parameters{{"directory", "none"}}}) {
    const Response response = Ask(parameters);
    EXPECT_THAT(
        response.headers,
        ElementsAre(Pair("Content-Type", "application/json; charset=utf-8"),
                    Pair("Cache-Control", "no-store"),
                    Pair("X-Content-Type-Options", "nosniff")));
    EXPECT_TRUE(Json::accept(response.body));
  }
}

TEST_F(FamiliesApiTest, AnEmptyDirectoryHasNoFamilies) {
  const Json document = Get({});
  EXPECT_EQ(document["schema"], 1);
  EXPECT_GT(document["now"], 1e9);
  EXPECT_EQ(document["total"], 0);
  EXPECT_EQ(document["matched"], 0);
  EXPECT_EQ(document["families"], Json::array());
}

TEST_F(FamiliesApiTest, ACounterHasItsSum) {
  WriteCounters();
  EXPECT_EQ(Family("a"), (Json{{"name", "a"},
                               {"exposed_name", "a_total"},
                               {"type", "counter"},
                               {"help", "help"},
                               {"series", 2},
                               {"processes", 2},
                               {"value", 3.5}}));
}

TEST_F(FamiliesApiTest, AGaugeHasItsRange) {
  Write("gauge_max_1.db", FileBuilder()
                              .Add(Key("g", "g", Path("/x")), -1)
                              .Add(Key("g", "g", Path("/y")), 5)
                              .Add(Key("n", "n", Path("/x")), kNan)
                              .Add(Key("n", "n", Path("/y")), 2)
                              .Add(Key("i", "i", Path("/x")), kInfinity)
                              .Add(Key("i", "i", Path("/y")), -kInfinity));
  const Json gauge = Family("g");
  EXPECT_EQ(gauge["exposed_name"], "g");
  EXPECT_EQ(gauge["mode"], "max");
  EXPECT_EQ(gauge["min"], -1);
  EXPECT_EQ(gauge["max"], 5);
  EXPECT_EQ(gauge["sum"], 4);
  const Json with_nan = Family("n");
  EXPECT_EQ(with_nan["min"], 2);
  EXPECT_EQ(with_nan["max"], 2);
  EXPECT_EQ(with_nan["sum"], "NaN");
  const Json infinite = Family("i");
  EXPECT_EQ(infinite["min"], "-Inf");
  EXPECT_EQ(infinite["max"], "+Inf");
}

TEST_F(FamiliesApiTest, AHistogramHasItsBucketsAddedUp) {
  const auto bucket = [](const std::string& path, const std::string& le) {
    return Key("h", "h_bucket", "\"le\": \"" + le + "\", " + Path(path));
  };
  Write("histogram_1.db", FileBuilder()
                              .Add(Key("h", "h_sum", Path("/x")), 1.5)
                              .Add(bucket("/x", "0.5"), 1)
                              .Add(bucket("/x", "1.0"), 2)
                              .Add(bucket("/x", "+Inf"), 3)
                              .Add(Key("h", "h_sum", Path("/y")), 4)
                              .Add(bucket("/y", "0.75"), 10)
                              .Add(bucket("/y", "+Inf"), 0));
  const Json buckets = {{{"le", "0.5"}, {"count", 1}},
                        {{"le", "0.75"}, {"count", 11}},
                        {{"le", "1.0"}, {"count", 13}},
                        {{"le", "+Inf"}, {"count", 16}}};
  const Json family = Family("h");
  EXPECT_EQ(family["count"], 16);
  EXPECT_EQ(family["sum"], 5.5);
  EXPECT_EQ(family["buckets"], buckets);

  const Json series = Get({{"name", "h"}})["series"];
  EXPECT_EQ(series[1]["labels"], (Json{{"path", "/y"}}));
  EXPECT_EQ(series[1]["count"], 10);
  EXPECT_EQ(series[1]["sum"], 4);
  EXPECT_EQ(series[1]["buckets"], (Json{{{"le", "0.75"}, {"count", 10}},
                                        {{"le", "+Inf"}, {"count", 10}}}));
}

TEST_F(FamiliesApiTest, ASummaryHasNoBuckets) {
  Write("summary_1.db", FileBuilder()
                            .Add(Key("s", "s_count", ""), 3)
                            .Add(Key("s", "s_sum", ""), 6));
  const Json family = Family("s");
  EXPECT_EQ(family["count"], 3);
  EXPECT_EQ(family["sum"], 6);
  EXPECT_FALSE(family.contains("buckets"));
}

TEST_F(FamiliesApiTest, TheListComesInPages) {
  WriteCounters();
  EXPECT_THAT(Names({}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Names({{"limit", "2"}}), ElementsAre("a", "b"));
  EXPECT_THAT(Names({{"limit", "2"}, {"offset", "2"}}), ElementsAre("c"));
  EXPECT_THAT(Names({{"offset", "3"}}), IsEmpty());
  const Json document = Get({{"limit", "1"}, {"offset", "1"}});
  EXPECT_EQ(document["offset"], 1);
  EXPECT_EQ(document["limit"], 1);
  EXPECT_EQ(document["total"], 3);
  EXPECT_EQ(document["matched"], 3);
}

TEST_F(FamiliesApiTest, ATextChoosesFamilies) {
  WriteCounters();
  EXPECT_THAT(Names({{"q", "BEES"}}), ElementsAre("b"));
  EXPECT_THAT(Names({{"q", "/x"}}), ElementsAre("a", "c"));
  EXPECT_THAT(Names({{"q", "/x"}, {"offset", "1"}}), ElementsAre("c"));
  const Json document = Get({{"q", "/x"}, {"limit", "1"}});
  EXPECT_EQ(document["total"], 3);
  EXPECT_EQ(document["matched"], 2);
}

TEST_F(FamiliesApiTest, ANameGivesTheSeriesOfAFamily) {
  WriteCounters();
  const Json document = Get({{"name", "a"}});
  EXPECT_EQ(document["family"], Family("a"));
  EXPECT_EQ(document["total"], 2);
  EXPECT_EQ(document["matched"], 2);
  EXPECT_EQ(document["series"],
            (Json{{{"labels", {{"path", "/x"}}}, {"value", 1.5}},
                  {{"labels", {{"path", "/y"}}}, {"value", 2}}}));
  EXPECT_EQ(Get({{"name", "b"}})["series"],
            (Json{{{"labels", Json::object()}, {"value", 4}}}));
}

TEST_F(FamiliesApiTest, SeriesComeInPagesAndAreChosenByTheirLabels) {
  WriteCounters();
  const Json second = Get({{"name", "a"}, {"offset", "1"}, {"limit", "1"}});
  EXPECT_EQ(second["total"], 2);
  EXPECT_EQ(second["series"].size(), 1);
  EXPECT_EQ(second["series"][0]["value"], 2);
  const Json chosen = Get({{"name", "a"}, {"q", "/Y"}});
  EXPECT_EQ(chosen["total"], 2);
  EXPECT_EQ(chosen["matched"], 1);
  EXPECT_EQ(chosen["series"][0]["labels"]["path"], "/y");
  EXPECT_EQ(Get({{"name", "a"}, {"q", "a_total"}})["matched"], 2)
      << "the family has it, so all of its series";
  EXPECT_EQ(Get({{"name", "a"}, {"q", "nothing"}})["series"], Json::array());
}

TEST_F(FamiliesApiTest, NamesAndValuesMayBeAnything) {
  Write("counter_1.db",
        FileBuilder().Add(
            "[\"<b>&\", \"<b>&_total\", {\"__proto__\": \"\\\"\\n\"}, "
            "\"</script>\"]",
            1));
  const Json document = Get({{"name", "<b>&"}});
  EXPECT_EQ(document["family"]["exposed_name"], "<b>&_total");
  EXPECT_EQ(document["family"]["help"], "</script>");
  EXPECT_EQ(document["series"][0]["labels"], (Json{{"__proto__", "\"\n"}}));
}

TEST_F(FamiliesApiTest, RefusesParametersThatCannotBe) {
  for (const Parameters& parameters :
       {Parameters{{"limit", "1001"}}, Parameters{{"limit", ""}},
        Parameters{{"limit", "-1"}}, Parameters{{"limit", "1.5"}},
        Parameters{{"limit", "99999999999999999999"}},
        Parameters{{"offset", "1000000001"}}, Parameters{{"offset", " 1"}},
        Parameters{{"offset", "1"}, {"offset", "2"}},
        Parameters{{"sort", "name"}}, Parameters{{"\xff", ""}}}) {
    const Response response = Ask(parameters);
    EXPECT_EQ(response.status, 400) << parameters[0].first;
    EXPECT_TRUE(Document(response)["error"].is_string());
  }
  EXPECT_EQ(Document(Ask({{"limit", "1001"}}))["error"],
            "limit: expected a number from 0 to 1000: 1001");
  EXPECT_EQ(Document(Ask({{"sort", "x"}}))["error"], "sort: no such parameter");
  EXPECT_EQ(Ask({{"limit", "1000"}, {"offset", "1000000000"}}).status, 200);
}

TEST_F(FamiliesApiTest, SaysWhatIsNotThere) {
  WriteCounters();
  EXPECT_EQ(Ask({{"directory", "web"}}).status, 200);
  const Response directory = Ask({{"directory", "jobs"}});
  EXPECT_EQ(directory.status, 404);
  EXPECT_EQ(Document(directory)["error"], "jobs: no such directory");
  for (const char* name : {"a_total", "A", "aa", "0"}) {
    const Response family = Ask({{"name", name}});
    EXPECT_EQ(family.status, 404);
    EXPECT_EQ(Document(family)["error"],
              std::string(name) + ": no such family");
  }
}

TEST(FamiliesApiFailureTest, SaysWhyDirectoriesCannotBeRead) {
  const std::pair<StatusKind, unsigned> failures[] = {
      {StatusKind::kNotFound, 503},
      {StatusKind::kIoError, 503},
      {StatusKind::kBusy, 503},
      {StatusKind::kInvalidArgument, 500}};
  for (const auto& [kind, expected] : failures) {
    DirectorySource source;
    source.list = [] { return std::vector<NamedDirectory>{{"web", "/x"}}; };
    source.collect = [failed = kind](const std::string&, const CollectOptions&)
        -> Result<Snapshot> { return Status(failed, "/x: why"); };
    for (const Parameters& parameters :
         {Parameters{}, Parameters{{"directory", "web"}}}) {
      const Response response = AnswerFamilies(RequestWith(parameters), source);
      EXPECT_EQ(response.status, expected);
      EXPECT_EQ(Document(response)["error"], "/x: why");
    }
  }
}

}  // namespace
}  // namespace promshm::tools
