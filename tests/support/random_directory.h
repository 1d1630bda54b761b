#ifndef PROMSHM_TESTS_SUPPORT_RANDOM_DIRECTORY_H_
#define PROMSHM_TESTS_SUPPORT_RANDOM_DIRECTORY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/dice.h"
#include "tests/support/living_file.h"

namespace promshm::testing {

// Purpose: a multiprocess directory in which all that can happen happens, one
// step after the other, by chance: processes come, count, grow, die and come
// back, a cleaner merges, and others cut, overwrite, damage and replace files
// and the directory itself.
//
// Thread safety: needs external locking.
class RandomDirectory {
 public:
  // `path` need not be there.
  RandomDirectory(std::string path, Dice* dice);

  // Takes a step and says which.
  std::string Step();

 private:
  using Action = std::string (RandomDirectory::*)();
  struct Choice {
    int weight;
    Action action;
  };
  static const std::vector<Choice>& Choices();

  // What processes do.
  std::string Come();
  std::string Count();
  std::string Grow();
  std::string GrowMuch();
  std::string Die();
  std::string ComeBack();
  std::string DoNothing();

  // What cleaners do.
  std::string Merge();
  std::string Remove();
  std::string Rename();

  // What nobody should do.
  std::string Replace();
  std::string Rewrite();
  std::string Cut();
  std::string CutAndRestore();
  std::string ChangeUsed();
  std::string StoreUsed();
  std::string Damage();
  std::string ChangeMode();
  std::string Touch();
  std::string MakeOddName();
  std::string MakeOddKind();
  std::string ReplaceDirectory();
  std::string RemoveDirectory();

  std::string PathOf(std::string_view name) const;
  std::vector<std::string> Names() const;
  std::optional<std::string> PickFile();
  LivingFile* PickLiving();
  LivingFile* FindLiving(const std::string& name);
  void Write(const std::string& path, std::string_view bytes) const;
  void MakeWhole();
  std::string RandomBytes(const std::string& name);
  bool AddTo(LivingFile* file);
  void Store(LivingFile* file);

  const std::string path_;
  Dice& dice_;
  std::vector<LivingFile> living_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_RANDOM_DIRECTORY_H_
