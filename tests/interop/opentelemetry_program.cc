// A program as an application writes it that measures with OpenTelemetry. It
// does what its standard input says, in the language of
// opentelemetry_testing.py.
//
// usage: promshm_opentelemetry_program default|python [SETTING=VALUE]...

#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/meter_provider.h>
#include <opentelemetry/metrics/provider.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/version.h>
#include <promshm/maintain.h>
#include <promshm/meter_provider.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry_instruments.h"
#include "writer_commands.h"

namespace {

namespace metrics = opentelemetry::metrics;
namespace nostd = opentelemetry::nostd;

using opentelemetry_program::CreateInstrument;
using opentelemetry_program::Measure;
using writer_program::ModeNamed;
using writer_program::Number;
using writer_program::ReadBlock;
using writer_program::ReadCommand;
using writer_program::Words;

/// The forked workers, as the master of a prefork server has them.
class Workers {
 public:
  template <typename Work>
  void Fork(const Work& work) {
    if (release_[1] < 0 && pipe(release_) != 0) {
      throw std::runtime_error("pipe failed");
    }
    const pid_t worker = fork();
    if (worker < 0) {
      throw std::runtime_error("fork failed");
    }
    if (worker > 0) {
      return;
    }
    close(release_[1]);
    int status = 0;
    try {
      work();
    } catch (const std::exception& error) {
      std::cerr << "opentelemetry_program: worker: " << error.what() << '\n';
      status = 1;
    }
    _exit(status);
  }

  /// In a worker: until the workers are released or the master is gone.
  void Hold() const {
    char byte;
    while (read(release_[0], &byte, 1) > 0) {
    }
  }

  void Release() {
    close(std::exchange(release_[0], -1));
    close(std::exchange(release_[1], -1));
  }

  /// Waits for a worker's end and forgets its live gauges. Gives its PID and
  /// its exit status, a signal as a negative number.
  static std::string Reap() {
    int status = 0;
    const pid_t worker = wait(&status);
    if (worker < 0) {
      throw std::runtime_error("no worker");
    }
    const promshm::Status marked =
        promshm::MarkProcessDead(static_cast<std::uint64_t>(worker));
    if (!marked.ok()) {
      throw std::runtime_error(marked.message());
    }
    return std::to_string(worker) + ' ' +
           std::to_string(WIFSIGNALED(status) ? -WTERMSIG(status)
                                              : WEXITSTATUS(status));
  }

 private:
  int release_[2] = {-1, -1};
};

class Program {
 public:
  explicit Program(const promshm::MeterProviderOptions& options)
      : provider_(std::make_shared<promshm::PrometheusMeterProvider>(options)) {
    metrics::Provider::SetMeterProvider(
        nostd::shared_ptr<metrics::MeterProvider>(provider_));
    meter_ = metrics::Provider::GetMeterProvider()->GetMeter(
        "promshm_opentelemetry_program", "1.0");
  }

  void Run() {
    while (const auto command = ReadCommand()) {
      if (command->at(0) == "fork") {
        const std::vector<Words> block = ReadBlock();
        workers_.Fork([&] {
          for (const Words& words : block) {
            Execute(words);
          }
        });
      } else {
        Execute(*command);
      }
    }
  }

 private:
  void Execute(const Words& words) {
    const std::string& command = words.at(0);
    if (command == "instrument") {
      instruments_[words.at(2)] = CreateInstrument(
          *meter_, words.at(1), words.at(2), words.at(3), words.at(4));
    } else if (command == "measure") {
      instruments_.at(words.at(1))(Number(words.at(2)),
                                   {words.begin() + 3, words.end()});
    } else if (command == "collect") {
      Require(provider_->Collect(), command);
    } else if (command == "shutdown") {
      Require(provider_->Shutdown(), command);
    } else if (command == "hold") {
      workers_.Hold();
    } else if (command == "release") {
      workers_.Release();
    } else {
      std::cout << Answer(words) << std::endl;
    }
  }

  static void Require(bool done, const std::string& command) {
    if (!done) {
      throw std::runtime_error(command + ": failed");
    }
  }

  std::string Answer(const Words& words) {
    const std::string& command = words.at(0);
    if (command == "say") {
      return words.at(1) + ' ' + std::to_string(getpid());
    }
    if (command == "abi") {
      return std::to_string(OPENTELEMETRY_ABI_VERSION_NO);
    }
    if (command == "refused") {
      return std::to_string(provider_->RefusedMeasurements());
    }
    if (command == "dropped") {
      return std::to_string(provider_->DroppedMeasurements());
    }
    if (command == "reap") {
      return Workers::Reap();
    }
    throw std::invalid_argument(command + ": unknown command");
  }

  std::shared_ptr<promshm::PrometheusMeterProvider> provider_;
  nostd::shared_ptr<metrics::Meter> meter_;
  std::map<std::string, Measure> instruments_;
  Workers workers_;
};

promshm::MeterProviderOptions OptionsFrom(const Words& words) {
  promshm::MeterProviderOptions options;
  if (words.at(0) == "python") {
    options = promshm::MeterProviderOptions::PythonCompatible();
  } else if (words.at(0) != "default") {
    throw std::invalid_argument(words[0] + ": expected default or python");
  }
  for (const auto& [name, value] : writer_program::LabelsFrom(words, 1)) {
    if (name == "gauge_mode") {
      options.gauge_mode = ModeNamed(value);
    } else if (name == "observe_interval") {
      options.observe_interval =
          std::chrono::milliseconds(static_cast<int>(Number(value)));
    } else {
      throw std::invalid_argument(name + ": unknown setting");
    }
  }
  options.on_error = [](std::string_view message) {
    std::cerr << message << std::endl;
  };
  return options;
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    Program(OptionsFrom({arguments + 1, arguments + argument_count})).Run();
  } catch (const std::exception& error) {
    std::cerr << "opentelemetry_program: " << error.what() << std::endl;
    return 1;
  }
}
