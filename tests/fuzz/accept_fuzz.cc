#include <string>

#include "promshm/exposition.h"
#include "tests/fuzz/fuzz_target.h"

// The input is an Accept header.

using promshm::ExpositionFormat;
using promshm::testing::Require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const ExpositionFormat chosen =
      promshm::ChooseFormat(promshm::testing::AsText(data, size));
  Require(chosen.text == promshm::TextFormat::kPrometheus100 ||
              chosen.text == promshm::TextFormat::kOpenMetrics100 ||
              chosen.escaping != promshm::Escaping::kAllowUtf8,
          "formats before 1.0.0 quote no names");
  // A client that asks for exactly what it got gets it again.
  const std::string type = promshm::ContentType(chosen);
  const ExpositionFormat again = promshm::ChooseFormat(type);
  Require(again.text == chosen.text, "a content type chooses its format");
  Require(again.escaping == chosen.escaping ||
              type.find("escaping=") == std::string::npos,
          "a content type chooses the escaping it names");
  return 0;
}
