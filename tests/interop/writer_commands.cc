#include "writer_commands.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <utility>

namespace writer_program {

namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string PercentDecoded(const std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      decoded +=
          static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::optional<Words> ReadCommand() {
  std::string line;
  if (!std::getline(std::cin, line)) {
    return std::nullopt;
  }
  Words words = Split(line, ' ');
  for (std::string& word : words) {
    word = PercentDecoded(word);
  }
  return words;
}

std::vector<Words> ReadBlock() {
  std::vector<Words> block;
  while (auto command = ReadCommand()) {
    if (command->at(0) == "end") {
      return block;
    }
    block.push_back(*std::move(command));
  }
  throw std::runtime_error("fork: no end");
}

double Number(const std::string& text) {
  return std::strtod(text.c_str(), nullptr);
}

std::vector<double> Numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const std::string& number : Split(text, ',')) {
    numbers.push_back(Number(number));
  }
  return numbers;
}

promshm::GaugeMode ModeNamed(const std::string& name) {
  using promshm::GaugeMode;
  static const std::map<std::string, GaugeMode> modes = {
      {"all", GaugeMode::kAll},
      {"liveall", GaugeMode::kLiveAll},
      {"min", GaugeMode::kMin},
      {"livemin", GaugeMode::kLiveMin},
      {"max", GaugeMode::kMax},
      {"livemax", GaugeMode::kLiveMax},
      {"sum", GaugeMode::kSum},
      {"livesum", GaugeMode::kLiveSum},
      {"mostrecent", GaugeMode::kMostRecent},
      {"livemostrecent", GaugeMode::kLiveMostRecent}};
  return modes.at(name);
}

promshm::Labels LabelsFrom(const Words& words, std::size_t first) {
  promshm::Labels labels;
  for (std::size_t i = first; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    labels[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  }
  return labels;
}

}  // namespace writer_program
