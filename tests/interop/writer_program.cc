// A program as an application writes it. It does what its standard input says,
// in the language of writers.py, which writer_program.py speaks as well.
//
// usage: promshm_writer_program pid|slot|text:IDENTIFIER

#include <promshm/registry.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "writer_commands.h"

namespace {

using writer_program::LabelsFrom;
using writer_program::ModeNamed;
using writer_program::Number;
using writer_program::Numbers;
using writer_program::ReadBlock;
using writer_program::ReadCommand;
using writer_program::Words;

[[noreturn]] void Reject(const std::string& command) {
  throw std::invalid_argument(command + ": unknown, or not for this type");
}

void Apply(promshm::Counter& counter, const std::string& command,
           const std::string& argument) {
  if (command == "inc") {
    counter.Increment(Number(argument));
  } else if (command == "value") {
    std::cout << counter.Value() << std::endl;
  } else if (command != "add") {
    Reject(command);
  }
}

void Apply(promshm::Gauge& gauge, const std::string& command,
           const std::string& argument) {
  if (command == "inc") {
    gauge.Increment(Number(argument));
  } else if (command == "dec") {
    gauge.Decrement(Number(argument));
  } else if (command == "set") {
    gauge.Set(Number(argument));
  } else if (command == "now") {
    gauge.SetToCurrentTime();
  } else if (command == "value") {
    std::cout << gauge.Value() << std::endl;
  } else if (command != "add") {
    Reject(command);
  }
}

void Apply(promshm::Histogram& histogram, const std::string& command,
           const std::string& argument) {
  if (command == "observe") {
    histogram.Observe(Number(argument));
  } else if (command == "observe_multiple") {
    std::vector<double> counts = Numbers(argument);
    const double sum = counts.back();
    counts.pop_back();
    histogram.ObserveMultiple(counts, sum);
  } else if (command != "add") {
    Reject(command);
  }
}

void Apply(promshm::Summary& summary, const std::string& command,
           const std::string& argument) {
  if (command == "observe") {
    summary.Observe(Number(argument));
  } else if (command != "add") {
    Reject(command);
  }
}

void Apply(promshm::Info&, const std::string& command, const std::string&) {
  if (command != "add") {
    Reject(command);
  }
}

/// Children that end when they are told to.
class Children {
 public:
  template <typename Work>
  void Fork(const Work& work) {
    if (release_[1] < 0 && pipe(release_) != 0) {
      throw std::runtime_error("pipe failed");
    }
    const pid_t child = fork();
    if (child < 0) {
      throw std::runtime_error("fork failed");
    }
    if (child == 0) {
      close(release_[1]);
      int status = 0;
      try {
        work();
      } catch (const std::exception& error) {
        std::cerr << "writer_program: child: " << error.what() << '\n';
        status = 1;
      }
      _exit(status);
    }
    children_.push_back(child);
  }

  /// In a child: until the parent waits or is gone.
  void Hold() const {
    char byte;
    while (read(release_[0], &byte, 1) > 0) {
    }
  }

  /// The children's exit statuses, a signal as a negative number.
  std::string Wait() {
    close(std::exchange(release_[0], -1));
    close(std::exchange(release_[1], -1));
    std::ostringstream statuses;
    for (const pid_t child : std::exchange(children_, {})) {
      int status = 0;
      waitpid(child, &status, 0);
      statuses << ' '
               << (WIFSIGNALED(status) ? -WTERMSIG(status)
                                       : WEXITSTATUS(status));
    }
    return "ended" + statuses.str();
  }

 private:
  int release_[2] = {-1, -1};
  std::vector<pid_t> children_;
};

class Program {
 public:
  explicit Program(promshm::RegistryOptions options)
      : registry_(std::move(options)) {}

  void Run() {
    while (const auto command = ReadCommand()) {
      if (command->at(0) == "fork") {
        const std::vector<Words> block = ReadBlock();
        children_.Fork([&] {
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
  struct AnyFamily {
    std::variant<
        promshm::Family<promshm::Counter>*, promshm::Family<promshm::Gauge>*,
        promshm::Family<promshm::Histogram>*,
        promshm::Family<promshm::Summary>*, promshm::Family<promshm::Info>*>
        family;
    std::vector<double> bounds;
  };

  void Execute(const Words& words) {
    const std::string& command = words.at(0);
    if (command == "say") {
      std::cout << words.at(1) << ' ' << getpid() << std::endl;
    } else if (command == "dropped") {
      std::cout << registry_.DroppedIncrements() << std::endl;
    } else if (command == "hold") {
      children_.Hold();
    } else if (command == "wait") {
      std::cout << children_.Wait() << std::endl;
    } else if (command == "family") {
      Register(words);
    } else {
      Count(words);
    }
  }

  void Register(const Words& words) {
    const std::string& type = words.at(1);
    const std::string& how = words.at(4);
    const auto described = [&](auto builder) {
      return builder.Name(words.at(2)).Help(words.at(3));
    };
    AnyFamily& any = families_[words.at(2)];
    if (type == "counter") {
      any.family = &described(promshm::BuildCounter()).Register(registry_);
    } else if (type == "gauge") {
      any.family = &described(promshm::BuildGauge())
                        .Mode(ModeNamed(how))
                        .Register(registry_);
    } else if (type == "histogram") {
      any.family = &described(promshm::BuildHistogram()).Register(registry_);
      any.bounds = Numbers(how);
    } else if (type == "summary") {
      any.family = &described(promshm::BuildSummary()).Register(registry_);
    } else if (type == "info") {
      any.family = &described(promshm::BuildInfo()).Register(registry_);
    } else {
      throw std::invalid_argument("unknown type " + type);
    }
  }

  void Count(const Words& words) {
    const std::string& command = words.at(0);
    const std::string& argument = words.at(2);
    const promshm::Labels labels = LabelsFrom(words, 3);
    const AnyFamily& any = families_.at(words.at(1));
    std::visit(
        [&]<typename T>(promshm::Family<T>* family) {
          if constexpr (std::is_same_v<T, promshm::Histogram>) {
            Apply(family->Add(labels, any.bounds), command, argument);
          } else {
            Apply(family->Add(labels), command, argument);
          }
        },
        any.family);
  }

  promshm::Registry registry_;
  std::map<std::string, AnyFamily> families_;
  Children children_;
};

promshm::ProcessIdentifier IdentifierNamed(std::string_view name) {
  constexpr std::string_view kText = "text:";
  if (name == "pid") {
    return {};
  }
  if (name == "slot") {
    return promshm::ProcessIdentifier::Slot();
  }
  if (name.substr(0, kText.size()) != kText) {
    throw std::invalid_argument("expected pid, slot or text:IDENTIFIER");
  }
  const std::string text(name.substr(kText.size()));
  return promshm::ProcessIdentifier([text] { return text; });
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::cout.precision(std::numeric_limits<double>::max_digits10);
  try {
    promshm::RegistryOptions options;
    options.identifier =
        IdentifierNamed(argument_count == 2 ? arguments[1] : "");
    options.on_error = [](std::string_view message) {
      std::cerr << message << std::endl;
    };
    Program(std::move(options)).Run();
  } catch (const std::exception& error) {
    std::cerr << "writer_program: " << error.what() << std::endl;
    return 1;
  }
}
