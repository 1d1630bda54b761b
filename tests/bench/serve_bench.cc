#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/directory_generator.h"
#include "tests/bench/directory_shapes.h"
#include "tests/bench/live_writers.h"
#include "tests/bench/scrape_client.h"
#include "tests/bench/spawned_program.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

// How many scrapes promshm-serve answers, and how fast. Exits 1 when an answer
// is not whole; times are only printed.

namespace promshm::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double kTargetScrapes = 500;      // a second, with two plain
constexpr double kTargetMilliseconds = 10;  // 99th percentile
constexpr int kQuickProcesses = 2;

// Purpose: promshm-serve for one directory, on a free port.
//
// Thread safety: const methods may be called from several threads.
class Server {
 public:
  Server(const std::string& directory,
         const std::vector<std::string>& arguments) {
    std::array<int, 2> output;
    if (pipe2(output.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("promshm-serve: no pipe");
    }
    std::vector<std::string> command = {PROMSHM_BENCH_SERVE,
                                        "--web.listen-address=127.0.0.1:0",
                                        "--log.level=warn", directory};
    command.insert(command.end(), arguments.begin(), arguments.end());
    child_ = Spawn(command, output[1]);
    close(output[1]);
    FILE* stream = fdopen(output[0], "r");
    const std::string line = ReadLine(stream);
    std::fclose(stream);
    const std::size_t colon = line.rfind(':');
    if (colon != std::string::npos) {
      port_ = static_cast<std::uint16_t>(
          std::strtoul(line.c_str() + colon + 1, nullptr, 10));
    }
    if (port_ == 0) {
      End();
      throw std::runtime_error("promshm-serve: does not listen");
    }
  }

  ~Server() {
    if (child_ > 0) End();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void Stop() {
    if (End() != 0) throw std::runtime_error("promshm-serve: failed");
  }

  std::uint16_t port() const { return port_; }

 private:
  // The exit status.
  int End() {
    const pid_t child = std::exchange(child_, 0);
    kill(child, SIGTERM);
    return testing::WaitForChild(child);
  }

  pid_t child_ = 0;
  std::uint16_t port_ = 0;
};

// One way to scrape, and what came of it in all rounds.
struct Load {
  const char* name;
  bool application_only;
  bool gzip;
  int connections;
  bool has_target;
  std::vector<double> latencies = {};  // seconds
  double seconds = 0;
  std::size_t body_size = 0;
};

// What one connection saw.
struct Seen {
  std::vector<double> latencies;
  std::size_t body_size = 0;
  std::string failure;
};

Seen ScrapeUntil(std::uint16_t port, bool gzip, Clock::time_point end) {
  Seen seen;
  try {
    ScrapeClient client(port, gzip);
    client.Scrape();
    client.CheckText();
    Clock::time_point now;
    do {
      const Clock::time_point start = Clock::now();
      client.Scrape();
      now = Clock::now();
      seen.latencies.push_back(Seconds(now - start).count());
      client.CheckEnd();
    } while (now < end);
    client.CheckText();
    seen.body_size = client.body_size();
  } catch (const std::exception& error) {
    seen.failure = error.what();
  }
  return seen;
}

void Run(std::uint16_t port, Seconds time, Load* load) {
  const Clock::time_point start = Clock::now();
  const Clock::time_point end =
      start + std::chrono::duration_cast<Clock::duration>(time);
  std::vector<Seen> seen(static_cast<std::size_t>(load->connections));
  std::vector<std::thread> threads;
  threads.reserve(seen.size());
  for (Seen& one : seen) {
    threads.emplace_back(
        [&one, port, load, end] { one = ScrapeUntil(port, load->gzip, end); });
  }
  for (std::thread& thread : threads) thread.join();
  load->seconds += Seconds(Clock::now() - start).count();
  for (const Seen& one : seen) {
    if (!one.failure.empty()) throw std::runtime_error(one.failure);
    load->latencies.insert(load->latencies.end(), one.latencies.begin(),
                           one.latencies.end());
    load->body_size = one.body_size;
  }
}

// In milliseconds.
double Percentile(const std::vector<double>& sorted, double share) {
  const double last = static_cast<double>(sorted.size() - 1);
  return 1e3 * sorted[static_cast<std::size_t>(share * last)];
}

const char* Met(bool met) { return met ? "met" : "missed"; }

void Print(Load load) {
  std::vector<double>& latencies = load.latencies;
  std::sort(latencies.begin(), latencies.end());
  const double scrapes = static_cast<double>(latencies.size()) / load.seconds;
  const double p99 = Percentile(latencies, 0.99);
  std::printf("%-24s %10.0f %10.2f %10.2f %12zu  ", load.name, scrapes,
              Percentile(latencies, 0.5), p99, load.body_size);
  if (load.has_target) {
    std::printf("%.0f scrapes/s: %s, 99 %% in %.0f ms: %s\n", kTargetScrapes,
                Met(scrapes >= kTargetScrapes), kTargetMilliseconds,
                Met(p99 < kTargetMilliseconds));
  } else {
    std::puts("-");
  }
}

int Measure(bool quick) {
  DirectoryShape shape = *FindShape("48");
  if (quick) shape.processes = kQuickProcesses;
  const testing::TemporaryDirectory place;
  std::vector<std::string> paths;
  for (const ProcessFiles& files : WriteDirectory(shape, place.path())) {
    for (const std::string& file : files) paths.push_back(place.PathOf(file));
  }
  const LiveWriters writers(paths);
  Server server(place.path(), {});
  Server application_only(place.path(), {"--web.disable-exporter-metrics",
                                         "--process-metrics=off"});
  std::array<Load, 6> loads = {{{"plain, 1 connection", false, false, 1, false},
                                {"plain, 2 connections", false, false, 2, true},
                                {"gzip, 1 connection", false, true, 1, false},
                                {"gzip, 2 connections", false, true, 2, false},
                                {"application only, 1", true, false, 1, false},
                                {"application only, 2", true, false, 2, true}}};
  const int rounds = quick ? 1 : 5;
  const Seconds time(quick ? 0.05 : 1);
  for (int round = 0; round < rounds; ++round) {
    for (Load& load : loads) {
      Run((load.application_only ? application_only : server).port(), time,
          &load);
    }
  }
  server.Stop();
  application_only.Stop();
  std::printf("%-24s %10s %10s %10s %12s  %s\n", "promshm-serve", "scrapes/s",
              "50 %, ms", "99 %, ms", "body, bytes", "target");
  for (const Load& load : loads) Print(load);
  return 0;
}

int Run(int argc, char** argv) {
  const bool quick = argc == 2 && std::string_view(argv[1]) == "--quick";
  if (argc > 1 && !quick) {
    std::fputs("Usage: promshm_bench_serve [--quick]\n", stderr);
    return 2;
  }
  return Measure(quick);
}

}  // namespace
}  // namespace promshm::bench

int main(int argc, char** argv) {
  try {
    return promshm::bench::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "promshm_bench_serve: %s\n", error.what());
    return 1;
  }
}
