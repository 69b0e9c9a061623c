// Keys for signatures, as a user makes them.
#pragma once

namespace statusfs::test {

/// A script for MountedTest::bash: two Ed25519 pairs in root(), key.pem with public.pem, and other.pem with wrong.pem.
inline constexpr const char* make_key_pairs =
    "cd $S/.. && umask 077 && openssl genpkey -algorithm ed25519 -out key.pem && "
    "openssl pkey -in key.pem -pubout -out public.pem && "
    "openssl genpkey -algorithm ed25519 -out other.pem && openssl pkey -in other.pem -pubout -out wrong.pem";

}  // namespace statusfs::test
