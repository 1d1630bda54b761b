#include "tests/support/file_builder.h"

#include <cstring>

namespace promshm::testing {
namespace {

template <typename T>
void AppendNative(T value, std::string* out) {
  std::array<char, sizeof(value)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(value));
  out->append(bytes.data(), bytes.size());
}

std::string Quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string Spaces(std::size_t key_size) {
  return std::string(8 - (key_size + 4) % 8, ' ');
}

}  // namespace

std::string Generation::Key(std::string_view family, std::string_view sample,
                            std::string_view label_value) const {
  switch (key_shape) {
    case format::KeyShape::kArrays:
      return "[" + Quoted(family) + ", " + Quoted(sample) + ", [\"k\"], [" +
             Quoted(label_value) + "]]";
    case format::KeyShape::kCompactArrays:
      return "[" + Quoted(family) + "," + Quoted(sample) + ",[\"k\"],[" +
             Quoted(label_value) + "]]";
    case format::KeyShape::kObject:
      break;
  }
  return "[" + Quoted(family) + ", " + Quoted(sample) +
         ", {\"k\": " + Quoted(label_value) + (help ? "}, \"Help\"]" : "}]");
}

std::ostream& operator<<(std::ostream& out, const Generation& generation) {
  return out << generation.name;
}

FileBuilder& FileBuilder::Add(std::string_view key, double value,
                              double timestamp) {
  AppendEntry(static_cast<std::int32_t>(key.size()), key, Spaces(key.size()),
              value, timestamp);
  return *this;
}

FileBuilder& FileBuilder::AddWithLength(std::int32_t length,
                                        std::string_view key, double value) {
  AppendEntry(length, key, Spaces(key.size()), value, 0);
  return *this;
}

FileBuilder& FileBuilder::AddWithPadding(std::string_view padding,
                                         std::string_view key, double value) {
  AppendEntry(static_cast<std::int32_t>(key.size()), key, padding, value, 0);
  return *this;
}

FileBuilder& FileBuilder::AddBytes(std::string_view bytes) {
  body_ += bytes;
  return *this;
}

FileBuilder& FileBuilder::ClaimUsed(std::int32_t used) {
  claimed_used_ = used;
  return *this;
}

std::string FileBuilder::Bytes(std::size_t file_size) const {
  std::string bytes;
  AppendNative(claimed_used_.value_or(static_cast<std::int32_t>(size())),
               &bytes);
  AppendNative(std::int32_t{0}, &bytes);
  bytes += body_;
  if (bytes.size() < file_size) bytes.resize(file_size, '\0');
  return bytes;
}

void FileBuilder::AppendEntry(std::int32_t length, std::string_view key,
                              std::string_view padding, double value,
                              double timestamp) {
  offsets_.push_back(size());
  AppendNative(length, &body_);
  body_ += key;
  body_ += padding;
  AppendNative(value, &body_);
  if (value_size_ == 16) AppendNative(timestamp, &body_);
}

FileBuilder CounterFile(const Generation& generation,
                        const std::vector<double>& values) {
  FileBuilder file(generation);
  for (std::size_t i = 0; i < values.size(); ++i) {
    file.Add(generation.Key("x", "x_total", std::to_string(i)), values[i]);
  }
  return file;
}

}  // namespace promshm::testing
