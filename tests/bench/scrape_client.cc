#include "tests/bench/scrape_client.h"

#include <arpa/inet.h>
#include <libdeflate.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace promshm::bench {
namespace {

constexpr std::size_t kBufferSize = 1 << 20;
constexpr time_t kPatience = 30;  // seconds
constexpr std::size_t kGzipTrailer = 8;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

[[noreturn]] void Throw(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void Check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("scrape: ") + what);
}

// A text ends with a sample and the end of its line.
bool EndsAsText(std::string_view text) {
  if (!text.ends_with('\n')) return false;
  text.remove_suffix(1);
  const std::string_view line = text.substr(text.rfind('\n') + 1);
  return !line.starts_with('#') && line.find(' ') != std::string_view::npos;
}

// As promshm-serve spells it.
std::size_t ContentLength(std::string_view head) {
  constexpr std::string_view kField = "\r\nContent-Length: ";
  const std::size_t at = head.find(kField);
  Check(at != std::string_view::npos, "no content length");
  std::size_t length = 0;
  std::from_chars(head.data() + at + kField.size(), head.data() + head.size(),
                  length);
  return length;
}

std::string Unpacked(std::string_view packed) {
  Check(packed.size() > kGzipTrailer, "no gzip stream");
  std::uint32_t size = 0;
  std::memcpy(&size, packed.end() - sizeof(size), sizeof(size));
  std::string text(size, '\0');
  const std::unique_ptr<libdeflate_decompressor,
                        void (*)(libdeflate_decompressor*)>
      decompressor(libdeflate_alloc_decompressor(),
                   libdeflate_free_decompressor);
  Check(libdeflate_gzip_decompress(decompressor.get(), packed.data(),
                                   packed.size(), text.data(), text.size(),
                                   nullptr) == LIBDEFLATE_SUCCESS,
        "gzip stream is damaged");
  return text;
}

}  // namespace

ScrapeClient::ScrapeClient(std::uint16_t port, bool gzip)
    : gzip_(gzip),
      request_(std::string("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                           "Accept: text/plain;version=0.0.4\r\n") +
               (gzip ? "Accept-Encoding: gzip\r\n\r\n" : "\r\n")),
      socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      buffer_(kBufferSize) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic;
  static_assert(sizeof(generic) == sizeof(address));
  std::memcpy(&generic, &address, sizeof(address));
  const timeval patience{kPatience, 0};
  if (socket_ < 0 ||
      setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience,
                 sizeof(patience)) != 0 ||
      connect(socket_, &generic, sizeof(generic)) != 0) {
    Throw("connect");
  }
}

ScrapeClient::~ScrapeClient() { close(socket_); }

void ScrapeClient::Scrape() {
  if (send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request_.size())) {
    Throw("send");
  }
  std::size_t end = 0;
  std::size_t end_of_head = std::string_view::npos;
  while (end_of_head == std::string_view::npos) {
    end = Receive(end);
    end_of_head = std::string_view(buffer_.data(), end).find(kEndOfHead);
  }
  const std::string_view head(buffer_.data(), end_of_head);
  Check(head.starts_with("HTTP/1.1 200 "), "status is not 200");
  Check(gzip_ == (head.find("\r\nContent-Encoding: gzip") != head.npos),
        "another encoding than asked for");
  body_begin_ = end_of_head + kEndOfHead.size();
  body_end_ = body_begin_ + ContentLength(head);
  while (end < body_end_) end = Receive(end);
  Check(end == body_end_, "more than the content length");
}

void ScrapeClient::CheckEnd() const {
  Check(gzip_ ? body_size() > kGzipTrailer : EndsAsText(body()), "cut short");
}

void ScrapeClient::CheckText() const {
  Check(EndsAsText(gzip_ ? Unpacked(body()) : body()), "not a text to its end");
}

std::string_view ScrapeClient::body() const {
  return {buffer_.data() + body_begin_, body_end_ - body_begin_};
}

// Appends what has come; returns the new end.
std::size_t ScrapeClient::Receive(std::size_t from) {
  if (from == buffer_.size()) buffer_.resize(2 * from);
  const ssize_t got =
      recv(socket_, buffer_.data() + from, buffer_.size() - from, 0);
  if (got < 0) Throw("recv");
  Check(got > 0, "connection closed");
  return from + static_cast<std::size_t>(got);
}

}  // namespace promshm::bench
