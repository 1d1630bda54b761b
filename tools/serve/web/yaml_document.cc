#include "tools/serve/web/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <set>
#include <sstream>
#include <utility>

namespace promshm::tools {
namespace {

constexpr std::size_t kDeepest = 8;
constexpr std::size_t kMostValues = 100'000;
constexpr std::size_t kLongestPrinted = 64;

constexpr char kUntagged[] = "?";
constexpr char kQuoted[] = "!";

int LineOf(const YAML::Mark& mark) { return mark.line + 1; }

struct Refusal : std::exception {
  Refusal(int line, std::string why) : line(line), why(std::move(why)) {}
  int line;
  std::string why;
};

class Builder : public YAML::EventHandler {
 public:
  YamlNode TakeDocument() { return std::move(document_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) Refuse(mark, "more than one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    if (ExpectsKey()) Refuse(mark, "a key without a name");
    Add(Begin(mark, YamlNode::Kind::kNull));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    Refuse(mark, "aliases are not supported");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t /*anchor*/, const std::string& text) override {
    if (tag != kUntagged && tag != kQuoted) RefuseTag(mark);
    if (ExpectsKey()) {
      TakeKey(mark, text);
      return;
    }
    YamlNode scalar = Begin(mark, YamlNode::Kind::kScalar);
    scalar.text = text;
    scalar.quoted = tag == kQuoted;
    Add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, YamlNode::Kind::kMapping);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A collection whose end has not come yet.
  struct OpenNode {
    YamlNode node;
    bool expects_key = false;
    std::string key = {};
    int key_line = 0;
    std::set<std::string> keys = {};
  };

  [[noreturn]] static void Refuse(const YAML::Mark& mark, std::string why) {
    throw Refusal(LineOf(mark), std::move(why));
  }
  [[noreturn]] static void RefuseTag(const YAML::Mark& mark) {
    Refuse(mark, "tags are not supported");
  }

  bool ExpectsKey() const { return !open_.empty() && open_.back().expects_key; }

  void TakeKey(const YAML::Mark& mark, const std::string& key) {
    OpenNode& mapping = open_.back();
    if (!mapping.keys.insert(key).second) {
      Refuse(mark, "duplicate key: " + PathTo(key));
    }
    mapping.key = key;
    mapping.key_line = LineOf(mark);
    mapping.expects_key = false;
  }

  std::string PathTo(const std::string& key) const {
    std::string path;
    for (const OpenNode& open : open_) {
      if (!open.node.key.empty()) path += Printable(open.node.key) + ".";
    }
    return path + Printable(key);
  }

  YamlNode Begin(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++values_ > kMostValues) Refuse(mark, "too many values");
    YamlNode node;
    node.kind = kind;
    node.line = LineOf(mark);
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::kMapping) {
      node.key = open_.back().key;
      node.line = open_.back().key_line;
    }
    return node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag,
            YamlNode::Kind kind) {
    if (tag != kUntagged && !tag.empty()) RefuseTag(mark);
    if (ExpectsKey()) Refuse(mark, "a key that is no text");
    if (open_.size() == kDeepest) Refuse(mark, "nested too deeply");
    open_.push_back({Begin(mark, kind), kind == YamlNode::Kind::kMapping});
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (open_.empty()) {
      document_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    parent.expects_key = parent.node.kind == YamlNode::Kind::kMapping;
    parent.node.items.push_back(std::move(node));
  }

  YamlNode document_;
  std::vector<OpenNode> open_;
  int documents_ = 0;
  std::size_t values_ = 0;
};

Status Error(const std::string& path, int line, const std::string& why) {
  return {StatusKind::kInvalidArgument,
          path + ": line " + std::to_string(line) + ": " + why};
}

// yaml-cpp takes some of them for the end of the file.
bool IsControl(char c) {
  return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' &&
         c != '\r';
}

}  // namespace

Result<YamlNode> ParseYaml(const std::string& text, const std::string& path) {
  const auto control = std::find_if(text.begin(), text.end(), IsControl);
  if (control != text.end()) {
    const auto lines = std::count(text.begin(), control, '\n');
    return Error(path, static_cast<int>(lines) + 1, "control character");
  }
  // yaml-cpp (0.7) ends a quoted text that lacks its end, and so takes the rest
  // of the file, without an error where the file ends with white space.
  std::istringstream stream(
      text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
  try {
    YAML::Parser parser(stream);
    Builder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.TakeDocument();
  } catch (const Refusal& refusal) {
    return Error(path, refusal.line, refusal.why);
  } catch (const YAML::Exception& error) {
    return Error(path, LineOf(error.mark), error.msg);
  }
}

std::string Printable(const std::string& text) {
  std::string printed = text.substr(0, kLongestPrinted);
  for (char& c : printed) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text.size() > kLongestPrinted ? printed + "..." : printed;
}

}  // namespace promshm::tools
