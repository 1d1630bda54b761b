#include "tools/serve/http/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>

#include "tools/serve/http/http_message.h"

namespace promshm::tools {
namespace {

// Level 1 takes under a millisecond for the text of a large scrape and leaves
// about a tenth of it; higher levels cost more time than they save.
constexpr int kLevel = 1;

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Cuts the part before `separator` off the front of `rest`.
std::string_view TakeUntil(char separator, std::string_view* rest) {
  const std::size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view part = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return Trim(part);
}

double Weight(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = TakeUntil(';', &parameters);
    if (!EqualsIgnoringCase(TakeUntil('=', &value), "q")) continue;
    value = Trim(value);
    double weight = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), weight,
                        std::chars_format::fixed);
    const bool whole = error == std::errc() && end == value.end();
    return whole && weight >= 0 && weight <= 1 ? weight : 0;
  }
  return 1;
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
  }
};

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  std::optional<double> gzip;
  std::optional<double> identity;
  std::optional<double> others;
  while (!accept_encoding.empty()) {
    std::string_view item = TakeUntil(',', &accept_encoding);
    const std::string_view coding = TakeUntil(';', &item);
    const double weight = Weight(item);
    if (EqualsIgnoringCase(coding, "gzip") ||
        EqualsIgnoringCase(coding, "x-gzip")) {
      gzip = weight;
    } else if (EqualsIgnoringCase(coding, "identity")) {
      identity = weight;
    } else if (coding == "*") {
      others = weight;
    }
  }
  const double unnamed = others.value_or(0);
  const double gzip_weight = gzip.value_or(unnamed);
  return gzip_weight > 0 && gzip_weight >= identity.value_or(unnamed);
}

std::optional<std::string> Gzip(std::string_view body) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(kLevel));
  if (compressor == nullptr) return std::nullopt;
  // Of the room that a body may need, little is used; a slow client's answer
  // should not hold the rest.
  const std::size_t room =
      libdeflate_gzip_compress_bound(compressor.get(), body.size());
  const auto out = std::make_unique_for_overwrite<char[]>(room);
  const std::size_t size = libdeflate_gzip_compress(
      compressor.get(), body.data(), body.size(), out.get(), room);
  if (size == 0) return std::nullopt;
  return std::string(out.get(), size);
}

}  // namespace promshm::tools
