#include <cstring>
#include <string_view>

#include "format/dialect.h"
#include "format/entry_cursor.h"
#include "tests/fuzz/fuzz_target.h"

// The input is a metric file.

namespace {

using promshm::format::Entry;
using promshm::format::EntryCursor;
using promshm::testing::Require;

void Walk(std::string_view bytes, std::uint64_t used,
          std::uint32_t value_size) {
  EntryCursor cursor(bytes, used, value_size);
  std::uint64_t end = 8;
  Entry entry;
  while (cursor.Next(&entry)) {
    Require(entry.offset == end, "entries follow each other");
    Require(entry.key.data() == bytes.data() + entry.offset + 4,
            "a key stands behind its length");
    end = cursor.position();
    Require(end % 8 == 0 && end > entry.offset + 4 + entry.key.size(),
            "an entry ends aligned, behind its key");
    Require(end <= bytes.size() && end <= used,
            "an entry lies in the bytes that are used");
    Require(entry.key.front() == '[' && entry.key.back() == ']',
            "a key is an array");
  }
  Require(cursor.damaged() || cursor.position() == used,
          "a walk without damage ends at used");
  Require(!cursor.damaged() || cursor.damage().offset <= bytes.size(),
          "damage lies in the file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view bytes = promshm::testing::AsText(data, size);
  std::int32_t said = 0;
  if (size < sizeof(said)) return 0;
  std::memcpy(&said, data, sizeof(said));
  if (said < 0) return 0;
  const auto used = static_cast<std::uint64_t>(said);
  Walk(bytes, used, 8);
  Walk(bytes, used, 16);

  const auto dialect = promshm::format::FindDialect(bytes, used, false);
  Require(dialect.value_size == 8 || dialect.value_size == 16,
          "there are two value sizes");
  Require(promshm::format::FindDialect(bytes, used, true).has_timestamps(),
          "timestamps that are needed are there");
  return 0;
}
