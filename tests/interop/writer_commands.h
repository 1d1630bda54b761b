#ifndef PROMSHM_TESTS_INTEROP_WRITER_COMMANDS_H_
#define PROMSHM_TESTS_INTEROP_WRITER_COMMANDS_H_

#include <promshm/gauge_mode.h>
#include <promshm/labels.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace writer_program {

/// A command and its arguments, in the language of writers.py.
using Words = std::vector<std::string>;

/// The next command of standard input; none at its end.
std::optional<Words> ReadCommand();

/// The commands up to `end`.
std::vector<Words> ReadBlock();

double Number(const std::string& text);

/// With commas between them.
std::vector<double> Numbers(const std::string& text);

promshm::GaugeMode ModeNamed(const std::string& name);

/// The words from `first` on, each `NAME=VALUE`.
promshm::Labels LabelsFrom(const Words& words, std::size_t first);

}  // namespace writer_program

#endif  // PROMSHM_TESTS_INTEROP_WRITER_COMMANDS_H_
