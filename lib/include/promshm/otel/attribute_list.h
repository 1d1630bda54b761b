#ifndef PROMSHM_OTEL_ATTRIBUTE_LIST_H_
#define PROMSHM_OTEL_ATTRIBUTE_LIST_H_

#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/common/key_value_iterable_view.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/variant.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "promshm/otel/attribute.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

namespace common = ::opentelemetry::common;
namespace nostd = ::opentelemetry::nostd;

inline std::string_view ToStd(nostd::string_view text) noexcept {
  return {text.data(), text.size()};
}

// Purpose: the attributes of one call, in promshm's form. Keeps copies, since
// an iterable's keys and values need not live longer than the call in which it
// tells one. A few short ones take no memory.
//
// Thread safety: belongs to one thread.
class AttributeList {
 public:
  explicit AttributeList(const common::KeyValueIterable& attributes) noexcept
      : data_(reinterpret_cast<Attribute*>(first_)),
        are_pairs_(ArePairs(attributes)) {
    attributes.ForEachKeyValue(
        [this](nostd::string_view key,
               const common::AttributeValue& value) noexcept {
          return Append(ToStd(key), value);
        });
  }

  AttributeList(const AttributeList&) = delete;
  AttributeList& operator=(const AttributeList&) = delete;

  // False when there was no memory for them all.
  bool is_complete() const { return is_complete_; }

  const Attribute* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kFew = 16;
  static constexpr std::size_t kFewBytes = 512;
  static_assert(std::is_trivially_destructible_v<Attribute>);

  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::unique_ptr<Chunk> before;
  };

  struct Converter {
    AttributeList* list;

    AttributeValue operator()(bool value) const { return value; }
    AttributeValue operator()(double value) const { return value; }
    AttributeValue operator()(std::int32_t value) const {
      return static_cast<std::int64_t>(value);
    }
    AttributeValue operator()(std::int64_t value) const { return value; }
    AttributeValue operator()(std::uint32_t value) const {
      return static_cast<std::uint64_t>(value);
    }
    AttributeValue operator()(std::uint64_t value) const { return value; }
    AttributeValue operator()(const char* value) const {
      if (value == nullptr) return {};
      return list->Keep(value);
    }
    AttributeValue operator()(nostd::string_view value) const {
      return list->Keep(ToStd(value));
    }
    AttributeValue operator()(
        nostd::span<const nostd::string_view> values) const {
      auto* texts = static_cast<std::string_view*>(
          list->Allocate(values.size() * sizeof(std::string_view)));
      if (texts == nullptr) return {};
      for (std::size_t i = 0; i < values.size(); ++i) {
        new (texts + i) std::string_view(list->Keep(ToStd(values[i])));
      }
      return AttributeArray<std::string_view>{texts, values.size()};
    }
    template <typename T>
    AttributeValue operator()(nostd::span<const T> values) const {
      void* copy = list->Allocate(values.size() * sizeof(T));
      if (copy == nullptr) return {};
      if (values.size() > 0) {
        std::memcpy(copy, values.data(), values.size() * sizeof(T));
      }
      return AttributeArray<T>{static_cast<const T*>(copy), values.size()};
    }
  };

  // Of a few bytes: a call of the C library would cost more.
  static void Copy(std::string_view text, char* to) noexcept {
    const char* const from = text.data();
    const std::size_t size = text.size();
    if (size >= 8) {
      for (std::size_t i = 0; i + 8 < size; i += 8) {
        std::memcpy(to + i, from + i, 8);
      }
      std::memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(to, from, 4);
      std::memcpy(to + size - 4, from + size - 4, 4);
    } else {
      for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }
  }

  bool Append(std::string_view key,
              const common::AttributeValue& value) noexcept {
    if (size_ == capacity_ && !Grow()) return is_complete_ = false;
    void* const place = data_ + size_;
    // Most are texts, which need no visitor.
    if (const auto* literal = nostd::get_if<const char*>(&value)) {
      new (place) Attribute{Keep(key), Converter{this}(*literal)};
    } else if (const auto* text = nostd::get_if<nostd::string_view>(&value)) {
      new (place) Attribute{Keep(key), Keep(ToStd(*text))};
    } else {
      new (place) Attribute{Keep(key), nostd::visit(Converter{this}, value)};
    }
    ++size_;
    return is_complete_;
  }

  // Whether these are pairs that the application holds until its call ends, as
  // in `Add(1, {{"key", "value"}})`, which need no copies.
  static bool ArePairs(const common::KeyValueIterable& attributes) noexcept {
#ifdef __cpp_rtti
    using Pair = std::pair<nostd::string_view, common::AttributeValue>;
    return typeid(attributes) ==
           typeid(common::KeyValueIterableView<nostd::span<const Pair>>);
#else
    static_cast<void>(attributes);
    return false;
#endif
  }

  std::string_view Keep(std::string_view text) noexcept {
    if (are_pairs_) return text;
    if (text.size() <= kFewBytes - used_) {
      char* const copy = bytes_ + used_;
      used_ += text.size();
      Copy(text, copy);
      return {copy, text.size()};
    }
    char* const copy = AllocateChunk(text.size());
    if (copy == nullptr) return {};
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  // Aligned for all that attributes are made of. Null, and the list is not
  // complete, when out of memory.
  void* Allocate(std::size_t size) noexcept {
    const std::size_t begin = (used_ + 7) / 8 * 8;
    if (begin > kFewBytes || size > kFewBytes - begin) {
      return AllocateChunk(size);
    }
    used_ = begin + size;
    return bytes_ + begin;
  }

  char* AllocateChunk(std::size_t size) noexcept {
    std::unique_ptr<Chunk> chunk(new (std::nothrow) Chunk);
    if (chunk != nullptr) chunk->bytes.reset(new (std::nothrow) char[size]);
    if (chunk == nullptr || chunk->bytes == nullptr) {
      is_complete_ = false;
      return nullptr;
    }
    chunk->before = std::move(chunks_);
    chunks_ = std::move(chunk);
    return chunks_->bytes.get();
  }

  bool Grow() noexcept {
    std::unique_ptr<Attribute[]> larger(new (std::nothrow)
                                            Attribute[2 * capacity_]);
    if (larger == nullptr) return false;
    for (std::size_t i = 0; i < size_; ++i) larger[i] = data_[i];
    more_ = std::move(larger);
    data_ = more_.get();
    capacity_ *= 2;
    return true;
  }

  alignas(Attribute) char first_[kFew * sizeof(Attribute)];
  alignas(8) char bytes_[kFewBytes];
  std::size_t used_ = 0;
  std::unique_ptr<Chunk> chunks_;
  std::unique_ptr<Attribute[]> more_;
  Attribute* data_;
  const bool are_pairs_;
  std::size_t size_ = 0;
  std::size_t capacity_ = kFew;
  bool is_complete_ = true;
};

inline void Record(Instrument* instrument, double value,
                   const common::KeyValueIterable& attributes) noexcept {
  const AttributeList list(attributes);
  if (list.is_complete()) instrument->Record(value, list.data(), list.size());
}

}  // namespace promshm::otel

#endif  // PROMSHM_OTEL_ATTRIBUTE_LIST_H_
