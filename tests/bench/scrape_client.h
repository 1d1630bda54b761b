#ifndef PROMSHM_TESTS_BENCH_SCRAPE_CLIENT_H_
#define PROMSHM_TESTS_BENCH_SCRAPE_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace promshm::bench {

// Purpose: scrapes 127.0.0.1 over one connection, which is kept. Trouble is
// thrown, an answer that is not whole too.
//
// Thread safety: needs external locking.
class ScrapeClient {
 public:
  ScrapeClient(std::uint16_t port, bool gzip);
  ~ScrapeClient();
  ScrapeClient(const ScrapeClient&) = delete;
  ScrapeClient& operator=(const ScrapeClient&) = delete;

  // Returns once the last byte is here.
  void Scrape();

  // Throws unless the body of the last Scrape() ends as a text does.
  void CheckEnd() const;

  // Throws unless the body, unpacked where it is packed, is a text to its end.
  void CheckText() const;

  // Of the body, as it was sent.
  std::size_t body_size() const { return body().size(); }

 private:
  std::string_view body() const;
  std::size_t Receive(std::size_t from);

  const bool gzip_;
  const std::string request_;
  int socket_ = -1;
  std::vector<char> buffer_;
  std::size_t body_begin_ = 0;
  std::size_t body_end_ = 0;
};

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_SCRAPE_CLIENT_H_
