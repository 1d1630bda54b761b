#ifndef PROMSHM_INSTRUMENT_SERIES_MAP_H_
#define PROMSHM_INSTRUMENT_SERIES_MAP_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "promshm/labels.h"

namespace promshm::instrument {

// Of the values alone: the series of a family rarely differ in their names.
inline std::size_t HashOf(const Labels& labels) noexcept {
  std::size_t hash = labels.size();
  const std::hash<std::string_view> hash_text;
  for (const auto& [name, value] : labels) {
    hash = hash * 0x9e3779b97f4a7c15 + hash_text(value);
  }
  return hash ^ hash >> 32;
}

// Purpose: the series of a family, by their labels or another key. Nothing is
// ever taken out, and whatever a look-up can reach is complete at every moment:
// look-ups need no lock, and a forked child finds the map sound even if another
// thread of the parent was adding.
//
// Thread safety: const methods may be called from several threads, also beside
// one Insert().
template <typename Key, typename T>
class SeriesMap {
 public:
  SeriesMap() : table_(new Table(kFirstSize, nullptr)) {}

  ~SeriesMap() {
    Table* table = table_.load();
    for (std::size_t i = 0; i <= table->mask; ++i) delete table->cells[i];
    while (table != nullptr) delete std::exchange(table, table->previous);
  }

  SeriesMap(const SeriesMap&) = delete;
  SeriesMap& operator=(const SeriesMap&) = delete;

  // Null when there is none. `key` is anything that compares with a Key.
  template <typename SomeKey>
  T* Find(const SomeKey& key, std::size_t hash) const noexcept {
    const Table* table = table_.load(std::memory_order_acquire);
    for (std::size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
      const Node* node = table->cells[i].load(std::memory_order_acquire);
      if (node == nullptr) return nullptr;
      if (node->hash == hash && node->key == key) {
        return node->value.get();
      }
    }
  }

  // Adds a series, unless there is one with this key by now. Returns the one
  // that is there. One thread at a time.
  T* Insert(Key key, std::size_t hash, std::unique_ptr<T> value) {
    if (T* found = Find(key, hash)) return found;
    auto node =
        std::make_unique<Node>(Node{hash, std::move(key), std::move(value)});
    Table* table = table_.load(std::memory_order_relaxed);
    if (2 * (size() + 1) > table->mask) table = Grow(*table);
    T* inserted = node->value.get();
    Place(node.release(), table);
    count_.store(size() + 1, std::memory_order_relaxed);
    return inserted;
  }

  // Calls `function` with each series that is there; may stand beside one
  // Insert(), as Find() may.
  template <typename Function>
  void ForEach(const Function& function) const {
    const Table* table = table_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i <= table->mask; ++i) {
      const Node* node = table->cells[i].load(std::memory_order_acquire);
      if (node != nullptr) function(node->value.get());
    }
  }

  std::size_t size() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kFirstSize = 8;

  struct Node {
    std::size_t hash;
    Key key;
    std::unique_ptr<T> value;
  };

  // Open addressing, at most half full.
  struct Table {
    Table(std::size_t size, Table* previous)
        : mask(size - 1),
          cells(new std::atomic<Node*>[size]()),
          previous(previous) {}

    const std::size_t mask;
    const std::unique_ptr<std::atomic<Node*>[]> cells;
    // Look-ups may still be in it.
    Table* const previous;
  };

  static void Place(Node* node, Table* table) noexcept {
    std::size_t i = node->hash & table->mask;
    while (table->cells[i].load(std::memory_order_relaxed) != nullptr) {
      i = (i + 1) & table->mask;
    }
    table->cells[i].store(node, std::memory_order_release);
  }

  Table* Grow(const Table& table) {
    auto* larger = new Table(2 * (table.mask + 1), table_.load());
    for (std::size_t i = 0; i <= table.mask; ++i) {
      Node* node = table.cells[i].load(std::memory_order_relaxed);
      if (node != nullptr) Place(node, larger);
    }
    table_.store(larger, std::memory_order_release);
    return larger;
  }

  std::atomic<Table*> table_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace promshm::instrument

#endif  // PROMSHM_INSTRUMENT_SERIES_MAP_H_
