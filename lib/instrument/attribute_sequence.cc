#include "instrument/attribute_sequence.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <variant>

#include "instrument/short_text.h"

namespace promshm::otel {
namespace {

// A value that is no text, as a number.
std::uint64_t BitsOf(const AttributeValue& value) noexcept {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return static_cast<std::uint64_t>(*number);
  }
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) {
    return std::bit_cast<std::uint64_t>(*number);
  }
  return 0;
}

}  // namespace

bool operator==(AttributeSpan a, AttributeSpan b) noexcept {
  if (a.size != b.size) return false;
  for (std::size_t i = 0; i < a.size; ++i) {
    const AttributeValue& value = a.data[i].value;
    const AttributeValue& other = b.data[i].value;
    if (value.index() != other.index() ||
        !IsEqual(a.data[i].key, b.data[i].key)) {
      return false;
    }
    const auto* text = std::get_if<std::string_view>(&value);
    const bool is_same =
        text != nullptr ? IsEqual(*text, *std::get_if<std::string_view>(&other))
                        : BitsOf(value) == BitsOf(other);
    if (!is_same) return false;
  }
  return true;
}

bool AttributeSequence::CanHold(AttributeSpan span) noexcept {
  return std::all_of(
      span.data, span.data + span.size, [](const Attribute& attribute) {
        constexpr std::size_t kFirstArray =
            AttributeValue(AttributeArray<std::string_view>()).index();
        return attribute.value.index() < kFirstArray;
      });
}

// Of the values alone: measurements rarely differ in their keys.
std::size_t AttributeSequence::HashOf(AttributeSpan span) noexcept {
  std::uint64_t hash = span.size;
  for (std::size_t i = 0; i < span.size; ++i) {
    const AttributeValue& value = span.data[i].value;
    if (const auto* text = std::get_if<std::string_view>(&value)) {
      hash = MixText(hash, *text);
    } else {
      hash = Mix(hash + value.index(), BitsOf(value));
    }
  }
  return hash;
}

AttributeSequence::AttributeSequence(AttributeSpan span)
    : attributes_(span.data, span.data + span.size) {
  const auto append = [this](std::string_view text) {
    text_.insert(text_.end(), text.begin(), text.end());
  };
  for (const Attribute& attribute : attributes_) {
    append(attribute.key);
    if (const auto* text = std::get_if<std::string_view>(&attribute.value)) {
      append(*text);
    }
  }
  std::string_view rest(text_.data(), text_.size());
  const auto take = [&rest](std::string_view same) {
    const std::string_view taken = rest.substr(0, same.size());
    rest.remove_prefix(same.size());
    return taken;
  };
  for (Attribute& attribute : attributes_) {
    attribute.key = take(attribute.key);
    if (auto* text = std::get_if<std::string_view>(&attribute.value)) {
      *text = take(*text);
    }
  }
}

}  // namespace promshm::otel
