#include "tests/etcd/link.hpp"

#include <signal.h>

#include <algorithm>
#include <stdexcept>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

std::string endpoint_of(const std::string& url) {
  const std::size_t begin = url.find("//") + 2;
  return url.substr(begin, url.find('/', begin) - begin);
}

}  // namespace

Link::Link(const std::string& member_url, std::chrono::milliseconds delay, const std::filesystem::path& log)
    : process_({"setpriv", "--pdeathsig", "KILL", "--", "/usr/bin/python3", STATUSFS_TEST_LINK, endpoint_of(member_url),
                std::to_string(delay.count())},
               {}, log) {
  if (!eventually([&] { return process_.log().find('\n') != std::string::npos; }))
    throw std::runtime_error("the link does not listen:\n" + process_.log());
  url_ = member_url;
  url_.replace(url_.find(endpoint_of(member_url)), endpoint_of(member_url).size(), lines_of(process_.log()).front());
}

std::size_t Link::count_of(const std::string& line) const {
  return static_cast<std::size_t>(std::ranges::count(lines_of(process_.log()), line));
}

void Link::set(int signal, const std::string& what) {
  const std::string line = "loses " + what;
  const std::size_t before = count_of(line);
  process_.send(signal);
  if (!eventually([&] { return count_of(line) > before; }))
    throw std::runtime_error("the link does not listen to its signals:\n" + process_.log());
}

void Link::lose_answers() { set(SIGUSR1, "answers"); }

void Link::lose_requests() { set(SIGHUP, "requests"); }

void Link::deny_space() { set(SIGALRM, "space"); }

void Link::lose_nothing() { set(SIGUSR2, "nothing"); }

std::size_t Link::losses() const { return count_of("lost"); }

}  // namespace statusfs::test
