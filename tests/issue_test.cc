#include "promshm/issue.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace promshm {
namespace {

struct Printable {
  std::string_view text;
  std::string_view printed;
};

TEST(IssueTest, PrintableTextSpellsWhatATerminalMayObey) {
  const std::vector<Printable> table = {
      {"", ""},
      {"plain text, with: all sorts of $igns \\ \"'",
       "plain text, with: all sorts of $igns \\ \"'"},
      {"gr\xc3\xb6\xc3\x9f"
       "e \xf0\x9f\x99\x82",
       "gr\xc3\xb6\xc3\x9f"
       "e \xf0\x9f\x99\x82"},
      {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
      {"\x1b[2J", "\\x1b[2J"},
      {std::string_view("\0", 1), "\\x00"},
      {"\x7f", "\\x7f"},
      {"\xc2\x80\xc2\x9b"
       "31m\xc2\x9f",
       "\\xc2\\x80\\xc2\\x9b31m\\xc2\\x9f"},
      {"\xc2\xa0", "\xc2\xa0"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"\xe6\xbc", "\\xe6\\xbc"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"\xc0\xaf", "\\xc0\\xaf"},
  };
  for (const Printable& row : table) {
    EXPECT_EQ(PrintableText(row.text), row.printed);
  }
}

TEST(IssueTest, IssueIsOneLineWithPathByteAndReason) {
  const Issue issue{IssueKind::kDamaged, "/d/counter_1.db", 40,
                    "damaged: key length 0"};
  EXPECT_EQ(issue.ToString(),
            "/d/counter_1.db: byte 40: damaged: key length 0");
}

TEST(IssueTest, PartsThatAreNotThereLeaveNoTrace) {
  EXPECT_EQ((Issue{IssueKind::kVanished, "/d/x.db", std::nullopt, "vanished"})
                .ToString(),
            "/d/x.db: vanished");
  EXPECT_EQ((Issue{IssueKind::kNameConflict, "", std::nullopt, "conflict: x"})
                .ToString(),
            "conflict: x");
}

TEST(IssueTest, NamesThatOthersChoseStayOnTheLine) {
  const Issue issue{IssueKind::kNotMetricFile, "/d/a\nb\x1b[31m\xff.db",
                    std::nullopt, "x\ty"};
  EXPECT_EQ(issue.ToString(), "/d/a\\x0ab\\x1b[31m\\xff.db: x\\x09y");
}

}  // namespace
}  // namespace promshm
