#include "fs/cli/mount_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>

namespace statusfs {
namespace {

constexpr std::array<MountOption, 19> options{{
    {"ro", "", "show everything, change nothing; also beside another mount of the same files"},
    {"allow_other", "", "let other users in; only together with default_permissions"},
    {"default_permissions", "", "let the kernel check owner and mode"},
    {"umask", "MODE", "permission bits (octal) that files and directories do not have"},
    {"mapping", "FILE", "use this mapping instead of the one that is compiled in"},
    {"config", "FILE", "who may write what; default /etc/statusfs.yaml, where it exists"},
    {"state", "FILE", "draw the global counter g from this state file"},
    {"adopt", "", "start a chain for files that bear no hashes"},
    {"signing_key", "FILE", "sign every new version of a JSON with this Ed25519 key (PEM, mode 0600), into FILE.sig"},
    {"anchor_log", "FILE", "append a checkpoint every 100 versions and every 10 minutes of change"},
    {"max_threads", "N", "at most this many threads answer the kernel, 1 to 100 (default 10)"},
    {"cache", "SIZE",
     "free what was not needed for longest when status files take more memory: 64M, 1G (default: no limit)"},
    {"nohistory", "", "no .history in the directory of a status file"},
    {"cacert", "FILE", "etcd: who signs the members' certificates (PEM); makes the connection TLS", true},
    {"cert", "FILE", "etcd: our certificate (PEM)", true},
    {"key", "FILE", "etcd: the key of our certificate (PEM)", true},
    {"user", "NAME", "etcd: the user to log in as; password in STATUSFS_ETCD_PASSWORD or passwordfile", true},
    {"passwordfile", "FILE", "etcd: the file (mode 0600) whose first line is the password", true},
    {"host", "NAME", "etcd: the name of this host; default is the machine's", true},
}};

// Those of fstab (user, nofail, ...) are mount(8)'s business and are dropped.
constexpr std::array<std::string_view, 12> kernel_names{"rw",   "nosuid",  "suid",  "nodev", "dev",   "noexec",
                                                        "exec", "noatime", "atime", "sync",  "async", "dirsync"};
constexpr std::array dropped_names = std::to_array<std::string_view>(
    {"defaults",   "auto",        "noauto",        "user",     "nouser",     "users",    "nousers",
     "owner",      "noowner",     "group",         "nogroup",  "nofail",     "_netdev",  "relatime",
     "norelatime", "strictatime", "nostrictatime", "diratime", "nodiratime", "lazytime", "nolazytime",
     "iversion",   "noiversion",  "silent",        "loud",     "mand",       "nomand"});
// The same with a value.
constexpr std::array dropped_keys = std::to_array<std::string_view>({"comment", "uhelper", "helper"});

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

mode_t octal(const std::string& text) {
  const bool is_octal = !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
  const unsigned long value = is_octal ? std::stoul(text, nullptr, 8) : 01000;
  if (value > 0777) throw OptionError("-o umask takes an octal number from 0 to 777, not '" + text + "'");
  return static_cast<mode_t>(value);
}

unsigned thread_count(const std::string& text) {
  const bool is_number = !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == std::string::npos;
  const unsigned long count = is_number ? std::stoul(text) : 0;
  if (count < 1 || count > 100) throw OptionError("-o max_threads takes a number from 1 to 100, not '" + text + "'");
  return static_cast<unsigned>(count);
}

std::uint64_t size_in_bytes(const std::string& text) {
  constexpr std::string_view units = "KMG";
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(rest, text.data() + text.size());
  const std::size_t power = unit.size() == 1 ? units.find(unit) + 1 : 0;  // npos + 1 is 0
  const std::uint64_t largest = std::numeric_limits<std::int64_t>::max() >> (10 * power);
  const bool is_size = error == std::errc() && value > 0 && value <= largest && (unit.empty() || power > 0);
  if (!is_size)
    throw OptionError("-o cache takes a number of bytes, or a size such as 500K, 64M or 1G, not '" + text + "'");
  return value << (10 * power);
}

enum class Names { all, of_etcd };

std::string names(Names which) {
  std::string text;
  for (const MountOption& option : options)
    if (which == Names::all || option.is_of_etcd)
      text += (text.empty() ? "" : ", ") + std::string(option.name) + (option.value.empty() ? "" : "=");
  return text;
}

const MountOption& own_option(const std::string& name, bool has_value) {
  const auto found = std::ranges::find(options, name, &MountOption::name);
  if (found == options.end())
    throw OptionError("-o " + name + " is not an option of statusfs; there are " + names(Names::all));
  if (found->value.empty() && has_value) throw OptionError("-o " + name + " takes no value");
  if (!found->value.empty() && !has_value)
    throw OptionError("-o " + name + " takes a value: " + name + "=" + std::string(found->value));
  return *found;
}

void set_flag(MountSettings& settings, std::string_view name) {
  if (name == "ro") settings.read_only = true;
  if (name == "allow_other") settings.allow_other = true;
  if (name == "default_permissions") settings.default_permissions = true;
  if (name == "adopt") settings.adopt = true;
  if (name == "nohistory") settings.history = false;
  if (name != "adopt" && name != "nohistory") settings.kernel_options.emplace_back(name);
}

void set_value(MountSettings& settings, std::string_view name, const std::string& value) {
  if (value.empty()) throw OptionError("-o " + std::string(name) + " takes a value that is not empty");
  if (name == "umask") settings.umask = octal(value);
  if (name == "mapping") settings.mapping = value;
  if (name == "config") settings.config = value;
  if (name == "state") settings.state = value;
  if (name == "signing_key") settings.signing_key = value;
  if (name == "anchor_log") settings.anchor_log = value;
  if (name == "max_threads") settings.max_threads = thread_count(value);
  if (name == "cache") settings.cache = size_in_bytes(value);
  if (name == "cacert") settings.etcd.cacert = value;
  if (name == "cert") settings.etcd.cert = value;
  if (name == "key") settings.etcd.key = value;
  if (name == "user") settings.etcd.user = value;
  if (name == "passwordfile") settings.etcd.password_file = value;
  if (name == "host") settings.etcd.host = value;
}

void read_one(MountSettings& settings, const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const bool has_value = equals != std::string::npos;
  if (text == "rw") settings.read_only = false;  // as for mount(8), the last of ro and rw counts
  if (is_one_of(kernel_names, text)) return settings.kernel_options.push_back(text);
  const bool is_of_user_space = name.starts_with("x-") || name.starts_with("X-");  // x-systemd.automount, X-mount.mkdir
  if (is_one_of(dropped_names, text) || (has_value && is_one_of(dropped_keys, name)) || is_of_user_space) return;
  const MountOption& option = own_option(name, has_value);
  if (has_value)
    set_value(settings, option.name, text.substr(equals + 1));
  else
    set_flag(settings, option.name);
}

// Every option of all lists.
void visit_all(const std::vector<std::string>& lists, const std::function<void(const std::string&)>& visit) {
  for (const std::string& list : lists) {
    std::size_t start = 0;
    while (start <= list.size()) {
      const std::size_t comma = std::min(list.find(',', start), list.size());
      if (comma > start) visit(list.substr(start, comma - start));
      start = comma + 1;
    }
  }
}

}  // namespace

std::span<const MountOption> mount_options() { return options; }

EtcdSettings read_etcd_options(const std::vector<std::string>& lists) {
  MountSettings settings;
  visit_all(lists, [&](const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto found = std::ranges::find(options, name, &MountOption::name);
    if (found == options.end() || !found->is_of_etcd)
      throw OptionError("-o " + name + " means nothing here; there are " + names(Names::of_etcd));
    own_option(name, equals != std::string::npos);
    set_value(settings, name, text.substr(equals + 1));
  });
  return settings.etcd;
}

MountSettings read_mount_options(const std::vector<std::string>& lists) {
  MountSettings settings;
  visit_all(lists, [&](const std::string& text) { read_one(settings, text); });
  if (settings.allow_other && !settings.default_permissions)
    throw OptionError("-o allow_other is accepted only together with default_permissions");
  return settings;
}

}  // namespace statusfs
