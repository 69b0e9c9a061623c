// From yaml-cpp's events to our nodes.
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <sstream>

#include "mapping/document/utf8.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {

// Each On... function's contract is that of YAML::EventHandler; marks count lines from 0.
class YamlTreeBuilder final : public YAML::EventHandler {
 public:
  explicit YamlTreeBuilder(std::shared_ptr<const std::string> origin) : origin_(std::move(origin)) {}

  std::optional<YamlNode> take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) make(mark, YamlNode::Kind::null).fail("a second YAML document begins here; a mapping is one document");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    make(mark, YamlNode::Kind::null).fail("the anchor " + in_quotes(name) + " is not accepted; write the value out");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    make(mark, YamlNode::Kind::null).fail("an alias ('*name') is not accepted; write the value out");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(make(mark, YamlNode::Kind::null)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& text) override {
    refuse_tag(mark, tag);
    add(make(mark, tag == "!" ? YamlNode::Kind::quoted : YamlNode::Kind::plain, text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({make(mark, YamlNode::Kind::list), {}, {}});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({make(mark, YamlNode::Kind::map), {}, {}});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Container {
    YamlNode node;
    std::optional<YamlNode> pending_key;  ///< of a map: the key whose value comes next
    std::map<std::string, std::size_t, std::less<>> lines_of_keys;
  };

  YamlNode make(const YAML::Mark& mark, YamlNode::Kind kind, std::string text = {}) const {
    return YamlNode(origin_, static_cast<std::size_t>(mark.line < 0 ? 0 : mark.line) + 1, kind, std::move(text));
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    make(mark, YamlNode::Kind::null).fail("the tag " + in_quotes(tag) + " is not accepted; write the value without it");
  }

  void close() {
    YamlNode finished = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(finished));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Container& around = open_.back();
    if (around.node.is_map() && !around.pending_key) return begin_entry(around, std::move(node));
    if (around.node.is_map()) {
      node.key_ = std::move(around.pending_key->text_);
      node.line_ = around.pending_key->line_;
      around.pending_key.reset();
    }
    around.node.children_.push_back(std::move(node));
  }

  static void begin_entry(Container& around, YamlNode key) {
    if (!key.is_text() || key.text_.empty()) key.fail("a key must be a text, and not empty");
    const auto [first, is_new] = around.lines_of_keys.emplace(key.text_, key.line_);
    if (!is_new) {
      key.fail("the key " + in_quotes(key.text_) + " stands twice in this map (first in line " +
               std::to_string(first->second) + "); give it once");
    }
    around.pending_key = std::move(key);
  }

  std::shared_ptr<const std::string> origin_;
  std::vector<Container> open_;
  std::optional<YamlNode> root_;
};

namespace {

// yaml-cpp lets every byte pass.
void check_encoding(std::string_view text, const std::shared_ptr<const std::string>& origin) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    if (!is_valid_utf8(content) || content.find('\0') != std::string_view::npos) {
      YamlNode(origin, line, YamlNode::Kind::null).fail("this line is not valid UTF-8 text, or holds a NUL byte");
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

YamlNode build_tree(std::string_view text, const std::shared_ptr<const std::string>& origin) {
  // yaml-cpp takes a quoted text that is still open after the last newline as closed; a comment behind it prevents
  // that.
  std::istringstream stream(std::string(text) + "\n#");
  YAML::Parser parser(stream);
  YamlTreeBuilder builder(origin);
  while (parser.HandleNextDocument(builder)) continue;
  std::optional<YamlNode> root = builder.take_root();
  if (!root) YamlNode(origin, 1, YamlNode::Kind::null).fail("the text is empty; a mapping begins with 'mapping: 1'");
  return std::move(*root);
}

}  // namespace

YamlNode read_yaml(std::string_view text, const std::string& origin_name) {
  const auto origin = std::make_shared<const std::string>(origin_name);
  const auto last_line = std::count(text.begin(), text.end(), '\n') + (text.ends_with('\n') ? 0 : 1);
  const auto fail = [&](std::ptrdiff_t line, const std::string& sentence) {
    const auto shown = std::clamp<std::ptrdiff_t>(line + 1, 1, last_line);
    YamlNode(origin, static_cast<std::size_t>(shown), YamlNode::Kind::null).fail(sentence);
  };
  if (text.size() > maximum_mapping_size) fail(0, "the text is longer than 1 MiB, the most that is read");
  check_encoding(text, origin);
  try {
    return build_tree(text, origin);
  } catch (const YAML::DeepRecursion& error) {
    fail(error.mark.line, "the text is nested too deeply; a mapping needs no more than 50 levels");
    throw;
  } catch (const YAML::Exception& error) {
    fail(error.mark.line, "malformed YAML: " + error.msg);
    throw;
  }
}

}  // namespace statusfs
