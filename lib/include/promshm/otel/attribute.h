#ifndef PROMSHM_OTEL_ATTRIBUTE_H_
#define PROMSHM_OTEL_ATTRIBUTE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace promshm {

/// The elements of an attribute that has several.
template <typename T>
struct AttributeArray {
  const T* data = nullptr;
  std::size_t size = 0;
};

/// What an OpenTelemetry attribute can hold; bytes are an array of uint8_t.
/// std::monostate is the empty value.
using AttributeValue =
    std::variant<std::monostate, std::string_view, bool, std::int64_t,
                 std::uint64_t, double, AttributeArray<std::string_view>,
                 AttributeArray<bool>, AttributeArray<std::int32_t>,
                 AttributeArray<std::int64_t>, AttributeArray<std::uint32_t>,
                 AttributeArray<std::uint64_t>, AttributeArray<double>,
                 AttributeArray<std::uint8_t>>;

/// Purpose: one attribute of a measurement, as an OpenTelemetry application
/// states it: in its own type, in any order, perhaps more than once (the last
/// counts).
///
/// A value. Lifetime: keeps views of key and value, which must outlive it.
struct Attribute {
  std::string_view key;
  AttributeValue value;
};

}  // namespace promshm

#endif  // PROMSHM_OTEL_ATTRIBUTE_H_
