#ifndef PROMSHM_TESTS_INTEROP_OPENTELEMETRY_ATTRIBUTES_H_
#define PROMSHM_TESTS_INTEROP_OPENTELEMETRY_ATTRIBUTES_H_

#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/nostd/function_ref.h>
#include <opentelemetry/nostd/string_view.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "writer_commands.h"

namespace opentelemetry_program {

// Purpose: attributes from the words of a command, `KEY=TYPE:VALUE` each; see
// opentelemetry_testing.py.
//
// Thread safety: const methods may be called from several threads.
class Attributes final : public opentelemetry::common::KeyValueIterable {
 public:
  explicit Attributes(const writer_program::Words& words);

  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  bool ForEachKeyValue(opentelemetry::nostd::function_ref<
                       bool(opentelemetry::nostd::string_view,
                            opentelemetry::common::AttributeValue)>
                           callback) const noexcept override;

  std::size_t size() const noexcept override { return attributes_.size(); }

 private:
  // Not to be copied: the views are of the texts.
  struct Texts {
    std::vector<std::string> texts;
    std::vector<opentelemetry::nostd::string_view> views;
  };

  struct Attribute {
    std::string key;
    std::variant<std::string, bool, std::int64_t, double, Texts,
                 std::vector<std::int64_t>, std::vector<double>,
                 std::vector<std::uint8_t>>
        value;
  };

  std::vector<Attribute> attributes_;
};

}  // namespace opentelemetry_program

#endif  // PROMSHM_TESTS_INTEROP_OPENTELEMETRY_ATTRIBUTES_H_
