// From the messages that protoc makes of etcd.proto to ours. For the sources that include these.
#pragma once

#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "fs/store/etcd/etcd.pb.h"
#include "fs/store/etcd/etcd_messages.hpp"

namespace statusfs {

/// Throws std::runtime_error for what is none.
template <typename Message>
Message parsed(std::string_view text) {
  Message message;
  if (text.size() > std::numeric_limits<int>::max() ||
      !message.ParseFromArray(text.data(), static_cast<int>(text.size())))
    throw std::runtime_error("a message that is not one of etcd's");
  return message;
}

/// Takes the bytes out of `entry`.
inline EtcdKeyValue key_value(protocol::KeyValue& entry) {
  return {std::move(*entry.mutable_key()), std::move(*entry.mutable_value()), entry.mod_revision(), entry.lease()};
}

}  // namespace statusfs
