#include <string>
#include <string_view>

#include "format/metric_key.h"
#include "format/utf8.h"
#include "tests/fuzz/fuzz_target.h"

// The input is a key's text.

namespace {

using promshm::Label;
using promshm::Result;
using promshm::format::IsValidUtf8;
using promshm::format::MetricKey;
using promshm::testing::Require;

bool AreSame(const MetricKey& a, const MetricKey& b) {
  return a.family == b.family && a.sample == b.sample && a.labels == b.labels &&
         a.help == b.help;
}

void RequireSound(const MetricKey& key) {
  Require(!key.family.empty() && !key.sample.empty(), "names are not empty");
  Require(IsValidUtf8(key.family) && IsValidUtf8(key.sample) &&
              IsValidUtf8(key.help.value_or("")),
          "texts are UTF-8");
  const Label* previous = nullptr;
  for (const Label& label : key.labels) {
    Require(IsValidUtf8(label.name) && IsValidUtf8(label.value),
            "labels are UTF-8");
    Require(previous == nullptr || previous->name < label.name,
            "labels are sorted and unique");
    previous = &label;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text = promshm::testing::AsText(data, size);
  const Result<MetricKey> key = MetricKey::Parse(text);

  // A space that json.dumps does not write leads around the fast path.
  if (text.starts_with('[')) {
    const Result<MetricKey> spaced =
        MetricKey::Parse("[ " + std::string(text.substr(1)));
    Require(key.ok() == spaced.ok(), "both ways of parsing accept the same");
    Require(!key.ok() || AreSame(*key, *spaced),
            "both ways of parsing give the same");
  }
  if (!key.ok()) {
    Require(!key.status().message().empty(), "a refusal has a reason");
    return 0;
  }
  RequireSound(*key);
  const std::string formatted = key->Format();
  const Result<MetricKey> again = MetricKey::Parse(formatted);
  Require(again.ok() && AreSame(*key, *again), "Format keeps the meaning");
  Require(again->Format() == formatted, "Format has one form");
  return 0;
}
