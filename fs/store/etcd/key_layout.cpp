#include "fs/store/etcd/key_layout.hpp"

#include <array>
#include <charconv>

namespace statusfs {
namespace {

constexpr std::string_view rotation_suffix = ".rotate";
constexpr std::size_t digits_of_version = 20;
constexpr std::size_t digits_of_part = 8;

// So that keys sort as the numbers do.
std::string padded(std::uint64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

using Kind = KeyLayout::Meaning::Kind;

struct Folder {
  std::string_view name;
  Kind kind;
  bool has_name_inside;  ///< NAME/REST, not NAME alone
};
constexpr std::array<Folder, 7> folders{{{"head/", Kind::head, false},
                                         {"record/", Kind::record, true},
                                         {"document/", Kind::document, true},
                                         {"foreign/", Kind::foreign, true},
                                         {"plan/", Kind::plan, false},
                                         {"host/", Kind::host, false},
                                         {"waiting/", Kind::waiting, false}}};

}  // namespace

std::string KeyLayout::record(std::string_view stem, std::uint64_t version, bool is_rotation) const {
  return records(stem) + padded(version, digits_of_version) + std::string(is_rotation ? rotation_suffix : "");
}

std::string KeyLayout::document(std::string_view stem, std::uint64_t version, std::string_view id) const {
  return documents(stem) + padded(version, digits_of_version) + "-" + std::string(id.substr(0, 16)) + "/";
}

std::string KeyLayout::part(const std::string& prefix, std::size_t number) const {
  return prefix + padded(number, digits_of_part);
}

KeyLayout::Meaning KeyLayout::meaning_of(std::string_view key) const {
  if (!key.starts_with(everything())) return {};
  key.remove_prefix(prefix_.size() + 1);
  if (key == "counter") return {Kind::counter, {}, 0, false};
  for (const Folder& folder : folders) {
    if (!key.starts_with(folder.name)) continue;
    key.remove_prefix(folder.name.size());
    const std::size_t slash = folder.has_name_inside ? key.find('/') : key.size();
    if (slash == std::string_view::npos) return {};
    Meaning meaning{folder.kind, std::string(key.substr(0, slash)), 0, false};
    if (meaning.name.empty() || meaning.name.find('/') != std::string::npos) return {};
    if (folder.kind != Kind::record) return meaning;
    std::string_view rest = key.substr(slash + 1);
    meaning.is_rotation = rest.ends_with(rotation_suffix);
    if (meaning.is_rotation) rest.remove_suffix(rotation_suffix.size());
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), meaning.version);
    if (error != std::errc() || end != rest.data() + rest.size() || rest.size() != digits_of_version) return {};
    return meaning;
  }
  return {};
}

}  // namespace statusfs
