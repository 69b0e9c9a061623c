#include "tests/etcd/link.hpp"

#include <signal.h>

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
    : process_({"/usr/bin/python3", STATUSFS_TEST_LINK, endpoint_of(member_url), std::to_string(delay.count())}, {},
               log) {
  if (!eventually([&] { return process_.log().find('\n') != std::string::npos; }))
    throw std::runtime_error("the link does not listen:\n" + process_.log());
  url_ = member_url;
  url_.replace(url_.find(endpoint_of(member_url)), endpoint_of(member_url).size(), lines_of(process_.log()).front());
}

void Link::lose_answers() { process_.send(SIGUSR1); }

void Link::lose_requests() { process_.send(SIGHUP); }

void Link::deny_space() { process_.send(SIGALRM); }

void Link::lose_nothing() { process_.send(SIGUSR2); }

}  // namespace statusfs::test
