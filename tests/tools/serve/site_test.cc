#include "tools/serve/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/directory_hold.h"
#include "tests/support/file_builder.h"
#include "tests/support/temporary_directory.h"
#include "tools/serve/metrics/extra_families.h"
#include "tools/serve/status/process_lookup.h"

namespace promshm::tools {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

namespace fs = std::filesystem;

constexpr const char* kPages[] = {"/metrics", "/-/healthy", "/",
                                  "/api/v1/status", "/api/v1/families"};

std::string CounterKey(const std::string& family) {
  return "[\"" + family + "\", \"" + family + "_total\", {}, \"help\"]";
}

class SiteTest : public ::testing::Test {
 protected:
  SiteTest() {
    fs::copy(fs::path(PROMSHM_GOLDEN_DIR) / "web" / "db", directory());
    ServeAt("/metrics");
  }

  fs::path directory() const { return root_.PathOf("db"); }

  void ServeAt(const std::string& telemetry_path) {
    Serve(telemetry_path, {{"db", directory(), false}},
          /*with_own_metrics=*/false);
  }

  void Serve(const std::string& telemetry_path,
             std::vector<DirectoryArgument> arguments, bool with_own_metrics) {
    directories_ = *DirectorySet::Make(std::move(arguments), {}, &log_);
    extra_.emplace(with_own_metrics, ProcessMetricsMode::kOff, "/proc",
                   &processes_, &log_);
    metrics_.emplace(directories_.get(), &*extra_, &log_);
    site_.emplace(ServerFacts{1, telemetry_path}, directories_.get(),
                  &*metrics_, LookUpBy(&processes_, "/proc"));
  }

  Response Handle(const Request& request) { return site_->Handle(request); }

  Response Ask(std::string method, std::string path) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    return Handle(request);
  }

  Response Get(std::string path) { return Ask("GET", std::move(path)); }

  Response Scrape(std::vector<std::string> names) {
    Request request{"GET", "/metrics", {}, "", ""};
    for (std::string& name : names) {
      request.query.emplace_back("name[]", std::move(name));
    }
    return Handle(request);
  }

  Response ScrapeAccepting(std::string accept, std::string accept_encoding) {
    return Handle(
        {"GET", "/metrics", {}, std::move(accept), std::move(accept_encoding)});
  }

  void WriteFile(const std::string& name, const std::string& bytes) {
    root_.Write("db/" + name, bytes);
  }

  std::vector<std::string> TakeLog() { return std::exchange(logged_, {}); }

 private:
  promshm::testing::TemporaryDirectory root_;
  std::vector<std::string> logged_;
  Log log_{LogLevel::kWarn, LogFormat::kLogfmt,
           [this](const std::string& line) { logged_.push_back(line); }};
  ProcessFinder processes_;
  std::unique_ptr<DirectorySet> directories_;
  std::optional<ExtraFamilies> extra_;
  std::optional<MetricsHandler> metrics_;
  std::optional<Site> site_;
};

TEST_F(SiteTest, ScrapeAnswersText004ByDefault) {
  const Response response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers,
              Contains(Pair("Content-Type",
                            "text/plain; version=0.0.4; charset=utf-8")));
  EXPECT_THAT(response.headers, Contains(Pair("Cache-Control", "no-store")));
  EXPECT_THAT(response.headers,
              Contains(Pair("Vary", "Accept, Accept-Encoding")));
  EXPECT_THAT(response.body,
              HasSubstr("db_query_seconds_count{table=\"users\"} 162.0\n"));
  EXPECT_THAT(TakeLog(), IsEmpty());
}

TEST_F(SiteTest, TheAcceptHeaderChoosesTheFormat) {
  const Response response = ScrapeAccepting(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", "");
  EXPECT_THAT(response.headers,
              Contains(Pair("Content-Type",
                            "application/openmetrics-text; version=1.0.0; "
                            "charset=utf-8; escaping=allow-utf-8")));
  EXPECT_THAT(response.body, ::testing::EndsWith("# EOF\n"));
}

TEST_F(SiteTest, AParameterChoosesTheFormatBeforeTheHeader) {
  const auto ask = [this](const std::string& format) {
    return Handle({"GET",
                   "/metrics",
                   {{"format", format}},
                   "application/openmetrics-text;version=0.0.1",
                   ""});
  };
  EXPECT_THAT(ask("openmetrics").headers,
              Contains(Pair("Content-Type",
                            "application/openmetrics-text; version=1.0.0; "
                            "charset=utf-8; escaping=underscores")));
  EXPECT_THAT(ask("prometheus").headers,
              Contains(Pair("Content-Type",
                            "text/plain; version=0.0.4; charset=utf-8")));
  const Response refused = ask("xml");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("format: "));
}

TEST_F(SiteTest, HeadIsAnsweredLikeGet) {
  const Response get = Get("/metrics");
  const Response head = Ask("HEAD", "/metrics");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers, get.headers);
  EXPECT_EQ(head.body, get.body);
}

TEST_F(SiteTest, OtherPathsAreNotFound) {
  for (const char* path :
       {"", "/metric", "/metrics/", "/metrics/x", "/metricsx", "metrics",
        "/Metrics", "//metrics", "/-/", "/-/healthy/", "/favicon.ico", "*",
        "/api", "/api/v1/status/", "/api/v1/family"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
    EXPECT_EQ(Ask("POST", path).status, 404) << path;
    EXPECT_EQ(Ask("OPTIONS", path).status, 404) << path;
  }
}

TEST_F(SiteTest, OtherMethodsAreNotAllowed) {
  for (const char* path : kPages) {
    for (const char* method : {"POST", "PUT", "DELETE", "get", "BREW"}) {
      const Response response = Ask(method, path);
      EXPECT_EQ(response.status, 405) << method << ' ' << path;
      EXPECT_THAT(response.headers,
                  Contains(Pair("Allow", "GET, HEAD, OPTIONS")));
    }
  }
}

TEST_F(SiteTest, OptionsTellsTheMethods) {
  for (const char* path : kPages) {
    const Response response = Ask("OPTIONS", path);
    EXPECT_EQ(response.status, 204) << path;
    EXPECT_THAT(response.headers,
                ElementsAre(Pair("Allow", "GET, HEAD, OPTIONS")));
    EXPECT_THAT(response.body, IsEmpty());
  }
}

TEST_F(SiteTest, NamesChooseFamilies) {
  const Response response =
      Scrape({"db_query_seconds", "http_requests_total", "nothing"});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("# TYPE db_query_seconds summary\n"));
  EXPECT_THAT(response.body, HasSubstr("# TYPE http_requests_total counter\n"));
  EXPECT_THAT(response.body, Not(HasSubstr("http_request_duration_seconds")));
}

TEST_F(SiteTest, ANameOfNothingGivesAnEmptyExposition) {
  const Response response = Scrape({"nothing"});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, IsEmpty());
}

TEST_F(SiteTest, AnEmptyNameAndOtherParametersChooseNothing) {
  const std::string everything = Get("/metrics").body;
  EXPECT_EQ(Scrape({""}).body, everything);
  Request request{"GET", "/metrics", {}, "", ""};
  request.query = {{"name", "db_query_seconds"}, {"x", "y"}};
  EXPECT_EQ(Handle(request).body, everything);
}

TEST_F(SiteTest, ALargeBodyIsCompressedWhereAccepted) {
  const std::string plain = Get("/metrics").body;
  const Response response = ScrapeAccepting("", "gzip");
  EXPECT_THAT(response.headers, Contains(Pair("Content-Encoding", "gzip")));
  EXPECT_THAT(response.headers,
              Contains(Pair("Vary", "Accept, Accept-Encoding")));
  EXPECT_THAT(response.body, StartsWith("\x1f\x8b"));
  EXPECT_LT(response.body.size(), plain.size() / 2);
}

TEST_F(SiteTest, ARefusedCodingIsNotUsed) {
  const Response response = ScrapeAccepting("", "gzip;q=0, deflate");
  EXPECT_THAT(response.headers, Not(Contains(Key("Content-Encoding"))));
  EXPECT_EQ(response.body, Get("/metrics").body);
}

TEST_F(SiteTest, ASmallBodyIsNotCompressed) {
  Request request{"GET", "/metrics", {}, "", "gzip"};
  request.query = {{"name[]", "db_query_seconds"}};
  const Response response = Handle(request);
  EXPECT_THAT(response.body, HasSubstr("db_query_seconds_sum"));
  EXPECT_THAT(response.headers, Not(Contains(Key("Content-Encoding"))));
}

TEST_F(SiteTest, AVanishedDirectoryIsUnavailableUntilItIsBack) {
  const std::string before = Get("/metrics").body;
  const fs::path aside = directory().string() + ".aside";
  fs::rename(directory(), aside);
  for (int i = 0; i < 2; ++i) {
    const Response response = Get("/metrics");
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.headers,
                Contains(Pair("Content-Type", "text/plain; charset=utf-8")));
    EXPECT_THAT(response.body, StartsWith(directory().string() + ": "));
    EXPECT_THAT(response.body, HasSubstr("no such file or directory\n"));
  }
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("no such file or directory")));
  EXPECT_EQ(Get("/-/healthy").status, 200);
  fs::rename(aside, directory());
  const Response response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, before);
}

TEST_F(SiteTest, AnIssueIsToldOnceUntilItIsGone) {
  const std::string good = Get("/metrics").body;
  WriteFile("counter_99.db", "no metric file");
  EXPECT_EQ(Get("/metrics").body, good);
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("counter_99.db: ")));
  EXPECT_EQ(Get("/metrics").body, good);
  EXPECT_EQ(Scrape({"nothing"}).status, 200);
  EXPECT_EQ(Get("/metrics").body, good);
  EXPECT_THAT(TakeLog(), IsEmpty());
  fs::remove(directory() / "counter_99.db");
  EXPECT_EQ(Get("/metrics").body, good);
  WriteFile("counter_99.db", "no metric file");
  EXPECT_EQ(Get("/metrics").body, good);
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("counter_99.db: ")));
}

TEST_F(SiteTest, AClashInOneFormatIsToldOnceAmongOtherFormats) {
  WriteFile("counter_99.db", promshm::testing::FileBuilder()
                                 .Add(CounterKey("a.b"), 1)
                                 .Add(CounterKey("a_b"), 1)
                                 .Bytes());
  const std::string utf8 = "text/plain;version=1.0.0;escaping=allow-utf-8";
  EXPECT_THAT(ScrapeAccepting(utf8, "").body, HasSubstr("\"a.b_total\""));
  EXPECT_THAT(TakeLog(), IsEmpty());
  EXPECT_EQ(ScrapeAccepting("", "").status, 200);
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("a_b")));
  EXPECT_EQ(ScrapeAccepting(utf8, "").status, 200);
  EXPECT_EQ(ScrapeAccepting("", "").status, 200);
  EXPECT_THAT(TakeLog(), IsEmpty());
}

TEST_F(SiteTest, HealthDoesNotReadTheDirectory) {
  fs::remove_all(directory());
  const Response response = Get("/-/healthy");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers,
              Contains(Pair("Content-Type", "text/plain; charset=utf-8")));
  EXPECT_EQ(response.body, "promshm-serve is healthy\n");
}

TEST_F(SiteTest, TheRootLinksToTheTelemetryPath) {
  ServeAt("/a/b");
  const Response response = Get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers,
              Contains(Pair("Content-Type", "text/html; charset=utf-8")));
  EXPECT_THAT(response.body, HasSubstr("href=\"/a/b\""));
  EXPECT_EQ(Get("/a/b").status, 200);
  EXPECT_EQ(Get("/metrics").status, 404);
}

TEST_F(SiteTest, TheStatusPageAsksForWhatIsThere) {
  const Response status = Get("/api/v1/status");
  EXPECT_EQ(status.status, 200);
  EXPECT_THAT(status.body, HasSubstr("\"name\":\"db\""));
  EXPECT_THAT(status.body, HasSubstr("\"identifier\":"));
  const Response families = Get("/api/v1/families");
  EXPECT_EQ(families.status, 200);
  EXPECT_THAT(families.body, HasSubstr("\"name\":\"db_query_seconds\""));
  Request request{"GET", "/api/v1/families", {{"directory", "x"}}, "", ""};
  EXPECT_EQ(Handle(request).status, 404);
}

TEST_F(SiteTest, EachDirectoryHasAPageOfItsOwn) {
  const fs::path copy = directory().parent_path() / "copy";
  fs::copy(directory(), copy);
  Serve("/metrics", {{"one", directory(), false}, {"two", copy, false}},
        /*with_own_metrics=*/false);
  EXPECT_THAT(Get("/metrics/one").body,
              HasSubstr("worker_info{pid=\"4101\"} 0.25\n"));
  EXPECT_EQ(Get("/metrics/two").body, Get("/metrics/one").body);
  EXPECT_THAT(Get("/metrics/one").body,
              HasSubstr("db_query_seconds_count{table=\"users\"} 162.0\n"));
  EXPECT_THAT(
      Get("/metrics").body,
      AllOf(HasSubstr("db_query_seconds_count{table=\"users\"} 324.0\n"),
            HasSubstr("worker_info{directory=\"one\",pid=\"4101\"}")));
  for (const char* path : {"/metrics/", "/metrics/three", "/metrics/one/",
                           "/one", "/metricsone"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(SiteTest, DirectoriesThatDisagreeAreAnErrorThatNamesTheFamily) {
  fs::create_directory(directory().parent_path() / "other");
  WriteFile(
      "../other/gauge_max_1.db",
      promshm::testing::FileBuilder()
          .Add(R"(["http_requests_total", "http_requests_total", {}, ""])", 1)
          .Bytes());
  Serve("/metrics",
        {{"db", directory(), false},
         {"other", directory().parent_path() / "other", false}},
        /*with_own_metrics=*/true);
  for (int i = 0; i < 2; ++i) {
    const Response response = Get("/metrics");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, HasSubstr("http_requests_total"));
  }
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("cannot be added up")));
  EXPECT_EQ(Get("/metrics/db").status, 200);
  EXPECT_EQ(Get("/metrics/other").status, 200);
}

TEST_F(SiteTest, OwnMetricsStandBehindTheApplications) {
  const std::string application = Get("/metrics").body;
  Serve("/metrics", {{"db", directory(), false}}, /*with_own_metrics=*/true);
  const std::string text = Get("/metrics").body;
  EXPECT_THAT(text, StartsWith(application));
  EXPECT_THAT(text, HasSubstr("\npromshm_files{directory=\"db\"} 20.0\n"));
  EXPECT_THAT(text, HasSubstr("\npromshm_build_info{version=\""));
  const std::string openmetrics =
      ScrapeAccepting("application/openmetrics-text;version=1.0.0", "").body;
  EXPECT_THAT(openmetrics, HasSubstr("promshm_files"));
  EXPECT_EQ(openmetrics.find("# EOF\n"), openmetrics.size() - 6);
}

TEST_F(SiteTest, OwnMetricsAreWholeWhateverIsAskedFor) {
  Serve("/metrics", {{"db", directory(), false}}, /*with_own_metrics=*/true);
  EXPECT_EQ(Scrape({"db_query_seconds"}).body.find("promshm_"),
            std::string::npos);
  const std::string text = Scrape({"promshm_files"}).body;
  EXPECT_THAT(text, HasSubstr("\npromshm_files{directory=\"db\"} 20.0\n"));
  EXPECT_THAT(text, Not(HasSubstr("promshm_entries")));
}

TEST_F(SiteTest, AMetricOfTheApplicationsKeepsItsName) {
  WriteFile("gauge_max_1.db",
            promshm::testing::FileBuilder()
                .Add(R"(["promshm_files", "promshm_files", {}, "mine"])", 7)
                .Bytes());
  Serve("/metrics", {{"db", directory(), false}}, /*with_own_metrics=*/true);
  for (int i = 0; i < 2; ++i) {
    const std::string text = Get("/metrics").body;
    EXPECT_THAT(text, HasSubstr("\npromshm_files 7.0\n"));
    EXPECT_THAT(text, Not(HasSubstr("promshm_files{")));
    EXPECT_THAT(text, HasSubstr("promshm_entries{"));
  }
  EXPECT_THAT(TakeLog(), ElementsAre(HasSubstr("metric=promshm_files")));
}

TEST_F(SiteTest, TheClientsTimeoutBoundsTheWaitForALock) {
  promshm::testing::DirectoryHold hold(directory());
  Request request{"GET", "/metrics", {}, "", ""};
  request.scrape_timeout = "0.1";
  const Response response = Handle(request);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("holds the directory's lock"));
  hold.Release();
  for (const char* timeout : {"0.1", "", "never", "-1", "nan", "1e300", "0"}) {
    request.scrape_timeout = timeout;
    EXPECT_EQ(Handle(request).status, 200) << timeout;
  }
}

TEST_F(SiteTest, TheTelemetryPathMayBeTheRoot) {
  ServeAt("/");
  EXPECT_THAT(Get("/").body, HasSubstr("# TYPE db_query_seconds summary\n"));
}

TEST(CheckTelemetryPathTest, TakesPathsThatUrlsCanHold) {
  for (const char* path : {"/", "/metrics", "/a/b/", "/-/metrics", "/~a!b"}) {
    EXPECT_TRUE(CheckTelemetryPath(path).ok()) << path;
  }
}

TEST(CheckTelemetryPathTest, RefusesEverythingElse) {
  for (const char* path :
       {"", "metrics", "//metrics", "/-/healthy", "/api/v1/status",
        "/api/v1/families", "/a?b", "/a#b", "/a b", "/a%20b",
        "/m\xc3\xa9triques", "/a\nb", "/a\"b"}) {
    const Status status = CheckTelemetryPath(path);
    EXPECT_EQ(status.kind(), StatusKind::kInvalidArgument) << path;
    EXPECT_THAT(status.message(),
                StartsWith(path + std::string(": not a telemetry path: ")));
  }
}

}  // namespace
}  // namespace promshm::tools
