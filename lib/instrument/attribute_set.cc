#include "instrument/attribute_set.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <variant>

#include "format/attribute_text.h"
#include "format/opentelemetry_name.h"
#include "format/utf8.h"
#include "instrument/short_text.h"

namespace promshm::otel {
namespace {

using PartSize = std::uint32_t;

// Takes a part off the front of a set's text.
std::string_view TakePart(std::string_view* text) {
  PartSize size = 0;
  std::memcpy(&size, text->data(), sizeof(size));
  const std::string_view part = text->substr(sizeof(size), size);
  text->remove_prefix(sizeof(size) + size);
  return part;
}

void AppendPart(std::string_view part, std::string* text) {
  const auto size = static_cast<PartSize>(part.size());
  std::array<char, sizeof(size)> bytes;
  std::memcpy(bytes.data(), &size, sizeof(size));
  text->append(bytes.data(), bytes.size());
  text->append(part);
}

}  // namespace

AttributeSet::AttributeSet(AttributeSpan attributes,
                           AttributeSpelling spelling) {
  if (attributes.size > first_.size()) {
    more_ = std::make_unique<Part[]>(attributes.size);
    parts_ = more_.get();
  }
  for (std::size_t i = 0; i < attributes.size; ++i) {
    const Attribute& attribute = attributes.data[i];
    Insert({attribute.key, Spell(attribute.value, spelling)});
  }
}

std::string AttributeSet::Text() const {
  std::string text;
  for (std::size_t i = 0; i < size_; ++i) {
    AppendPart(parts_[i].key, &text);
    AppendPart(parts_[i].value, &text);
  }
  return text;
}

std::size_t AttributeSet::Hash() const noexcept {
  std::uint64_t hash = size_;
  for (std::size_t i = 0; i < size_; ++i) {
    hash = MixText(hash, parts_[i].value);
  }
  return hash;
}

// Into its place; there are few.
void AttributeSet::Insert(const Part& part) {
  std::size_t place = size_;
  while (place > 0) {
    const int order = part.key.compare(parts_[place - 1].key);
    if (order > 0) break;
    --place;
    if (order == 0) {
      parts_[place] = part;
      return;
    }
  }
  std::copy_backward(parts_ + place, parts_ + size_, parts_ + size_ + 1);
  parts_[place] = part;
  ++size_;
}

std::string_view AttributeSet::Spell(const AttributeValue& value,
                                     AttributeSpelling spelling) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    char* const begin = digits_.data() + digits_used_;
    const auto [end, error] =
        std::to_chars(begin, digits_.data() + digits_.size(), *number);
    if (error == std::errc()) {
      const auto size = static_cast<std::size_t>(end - begin);
      digits_used_ += size;
      return {begin, size};
    }
  }
  std::string& text = spelled_.emplace_front();
  format::AppendAttributeText(value, spelling, &text);
  return text;
}

bool AttributeSet::IsOf(std::string_view text) const noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    if (text.empty() || TakePart(&text) != parts_[i].key ||
        TakePart(&text) != parts_[i].value) {
      return false;
    }
  }
  return text.empty();
}

Labels LabelsOf(std::string_view set_text, const Labels& fixed,
                std::string_view own, LabelRemarks* remarks) {
  Labels labels;
  // In the order of the keys, in which the values are to be joined.
  while (!set_text.empty()) {
    const std::string_view key = TakePart(&set_text);
    // Values that would be one in the file are one.
    const std::string value = format::ReplaceInvalidUtf8(TakePart(&set_text));
    std::string name = format::LabelName(key);
    if (name.empty()) {
      remarks->empty_key = true;
      continue;
    }
    while (name == own || fixed.contains(name)) {
      remarks->renamed = key;
      name.push_back('_');
    }
    const auto [place, is_new] = labels.emplace(name, value);
    if (!is_new) {
      remarks->joined = name;
      place->second.append(";").append(value);
    }
  }
  labels.insert(fixed.begin(), fixed.end());
  return labels;
}

}  // namespace promshm::otel
