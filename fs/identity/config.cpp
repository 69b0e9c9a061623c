#include "fs/identity/config.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "fs/identity/persona.hpp"
#include "fs/identity/user_names.hpp"

namespace statusfs {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// (uid_t)-1 and (gid_t)-1 mean "none" to the kernel.
std::optional<id_t> id_from(const std::string& text) {
  id_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id == static_cast<id_t>(-1)) return std::nullopt;
  return id;
}

// Where the content of the newest document begins; the rest is passed over.
class DocumentStarts final : public YAML::EventHandler {
 public:
  YAML::Mark last;
  void OnDocumentStart(const YAML::Mark&) override { is_at_start_ = true; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { meet(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { meet(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override { meet(mark); }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    meet(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    meet(mark);
  }
  void OnMapEnd() override {}

 private:
  void meet(const YAML::Mark& mark) {
    if (is_at_start_) last = mark;
    is_at_start_ = false;
  }
  bool is_at_start_ = true;
};

// Not YAML::LoadAll: it never ends, and takes all memory, where a document begins with a comma.
std::optional<YAML::Mark> second_document_of(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.last;
}

WriterRow row_of_mounting_user(const std::string& authority, uid_t mounting_user) {
  return {WriterRow::Match::user, mounting_user, std::nullopt, authority};
}

// Reads one file; every message names the place.
class Reader {
 public:
  using Members = std::map<std::string, YAML::Node>;

  Reader(std::string file, const std::vector<std::string>& archetypes, uid_t mounting_user)
      : file_(std::move(file)), archetypes_(archetypes), mounting_user_(mounting_user) {}

  Config read(const std::string& text) const try {
    const YAML::Node document = YAML::Load(text);
    if (document.IsNull()) throw ConfigError(file_ + ": the configuration is empty");
    if (const auto second = second_document_of(text))
      throw ConfigError(place(*second) + ": the configuration must be one YAML document");
    return config_in(members_of(document, "the configuration", {"writers", "default", "external"}));
  } catch (const YAML::Exception& error) {
    throw ConfigError(place(error.mark) + ": this is not YAML: " + error.msg);
  }

 private:
  std::string place(const YAML::Mark& mark) const {
    return mark.is_null() ? file_ : file_ + ":" + std::to_string(mark.line + 1);
  }

  [[noreturn]] void refuse(const YAML::Node& node, const std::string& sentence) const {
    throw ConfigError(place(node.Mark()) + ": " + sentence);
  }

  [[noreturn]] void refuse_key(const YAML::Node& key, const std::string& what,
                               const std::vector<std::string>& known) const {
    refuse(key, "'" + key.Scalar() + "' is not a key of " + what + "; these are: " + joined(known));
  }

  [[noreturn]] void refuse_repeated(const YAML::Node& key, const std::string& what) const {
    refuse(key, "'" + key.Scalar() + "' stands twice in " + what);
  }

  Members members_of(const YAML::Node& node, const std::string& what, const std::vector<std::string>& known) const {
    if (!node.IsMap()) refuse(node, what + " must be a mapping with the keys " + joined(known));
    Members members;
    for (const auto& member : node) {
      const std::string key = scalar(member.first, "a key of " + what);
      if (std::ranges::find(known, key) == known.end()) refuse_key(member.first, what, known);
      if (!members.emplace(key, member.second).second) refuse_repeated(member.first, what);
    }
    return members;
  }

  std::string scalar(const YAML::Node& node, const std::string& what) const {
    if (!node.IsScalar() || node.Scalar().empty()) refuse(node, what + " must be one word or number");
    return node.Scalar();
  }

  Config config_in(const Members& members) const {
    Config config;
    std::vector<WriterRow> rows = {row_of_mounting_user(archetypes_.front(), mounting_user_)};
    if (const auto found = members.find("writers"); found != members.end()) rows = rows_in(found->second);
    std::string others = archetype_of_others;
    if (const auto found = members.find("default"); found != members.end()) others = default_in(found->second);
    if (const auto found = members.find("external"); found != members.end())
      config.external = external_in(found->second);
    config.writers = std::make_shared<const Writers>(std::move(rows), std::move(others));
    return config;
  }

  std::vector<WriterRow> rows_in(const YAML::Node& node) const {
    if (!node.IsSequence()) refuse(node, "'writers' must be a list");
    std::vector<WriterRow> rows;
    for (const YAML::Node& row : node) rows.push_back(row_in(row));
    return rows;
  }

  WriterRow row_in(const YAML::Node& node) const {
    const Members members = members_of(node, "a writer", {"user", "uid", "group", "persona", "archetype"});
    WriterRow row;
    name_matched(row, node, members);
    if (const auto found = members.find("persona"); found != members.end()) row.persona = persona_in(found->second);
    row.archetype = archetype_in(node, members, "a writer");
    return row;
  }

  void name_matched(WriterRow& row, const YAML::Node& node, const Members& members) const {
    if (members.count("user") + members.count("uid") + members.count("group") != 1) {
      refuse(node, "a writer is named by exactly one of user, uid and group");
    }
    row.match = members.contains("group") ? WriterRow::Match::group : WriterRow::Match::user;
    if (const auto found = members.find("user"); found != members.end()) row.id = user_in(found->second);
    if (const auto found = members.find("uid"); found != members.end()) row.id = uid_in(found->second);
    if (const auto found = members.find("group"); found != members.end()) row.id = group_in(found->second);
  }

  uid_t user_in(const YAML::Node& node) const {
    const std::string name = scalar(node, "'user'");
    const std::optional<uid_t> uid = asked(node, find_user, name);
    if (!uid) refuse(node, "there is no user '" + name + "' (a number is given as uid)");
    return *uid;
  }

  uid_t uid_in(const YAML::Node& node) const {
    const std::optional<id_t> uid = id_from(scalar(node, "'uid'"));
    if (!uid) refuse(node, "'" + node.Scalar() + "' is not a user number");
    return *uid;
  }

  gid_t group_in(const YAML::Node& node) const {
    const std::string name = scalar(node, "'group'");
    if (const std::optional<gid_t> gid = asked(node, find_group, name)) return *gid;
    const std::optional<id_t> number = id_from(name);
    if (!number) refuse(node, "there is no group '" + name + "'");
    return *number;
  }

  template <typename Id>
  std::optional<Id> asked(const YAML::Node& node, std::optional<Id> (*find)(const std::string&),
                          const std::string& name) const try {
    return find(name);
  } catch (const std::system_error& error) {
    refuse(node, "'" + name + "' cannot be looked up: " + error.code().message());
  }

  std::string persona_in(const YAML::Node& node) const {
    const std::string persona = scalar(node, "'persona'");
    if (!is_persona(persona)) {
      refuse(node, "a persona is one line of at most " + std::to_string(maximum_persona) +
                       " bytes of printable UTF-8, without a blank at its ends");
    }
    if (is_reserved_persona(persona))
      refuse(node, "'" + persona + "' is what the driver itself signs as; choose another");
    return persona;
  }

  std::string archetype_in(const YAML::Node& owner, const Members& members, const std::string& what) const {
    const auto found = members.find("archetype");
    if (found == members.end()) refuse(owner, what + " needs an archetype: one of " + joined(archetypes_));
    const std::string archetype = scalar(found->second, "'archetype'");
    if (std::ranges::find(archetypes_, archetype) == archetypes_.end()) {
      refuse(found->second, "'" + archetype + "' is not an archetype; these are: " + joined(archetypes_));
    }
    return archetype;
  }

  std::string default_in(const YAML::Node& node) const {
    return archetype_in(node, members_of(node, "'default'", {"archetype"}), "'default'");
  }

  ExternalChanges external_in(const YAML::Node& node) const {
    const std::string word = scalar(node, "'external'");
    if (word == "adopt") return ExternalChanges::adopt;
    if (word != "quarantine") refuse(node, "'external' must be adopt or quarantine, not '" + word + "'");
    return ExternalChanges::quarantine;
  }

  const std::string file_;
  const std::vector<std::string>& archetypes_;
  const uid_t mounting_user_;
};

[[noreturn]] void refuse_unreadable(const std::filesystem::path& file) {
  const int error = errno != 0 ? errno : EIO;
  throw ConfigError(file.string() + ": cannot be read: " + std::generic_category().message(error));
}

std::string read_text(const std::filesystem::path& file) try {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse_unreadable(file);
  return {std::istreambuf_iterator<char>(stream), {}};
} catch (const std::ios_base::failure&) {  // a directory opens well, and fails here
  refuse_unreadable(file);
}

}  // namespace

Config default_config(const std::string& authority, uid_t mounting_user) {
  std::vector rows{row_of_mounting_user(authority, mounting_user)};
  return {std::make_shared<const Writers>(std::move(rows), archetype_of_others), ExternalChanges::quarantine};
}

Config load_config(const std::filesystem::path& file, const std::vector<std::string>& archetypes, uid_t mounting_user) {
  return Reader(file.string(), archetypes, mounting_user).read(read_text(file));
}

}  // namespace statusfs
