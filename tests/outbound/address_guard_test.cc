#include "server/outbound/address_guard.h"

#include <gtest/gtest.h>

namespace tokenbroker::outbound {
namespace {

TEST(AddressGuard, RefusesWhatIsNotOfThePublicInternet) {
  const AddressGuard guard;
  for (const char* address :
       {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1",
        "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        // IPv6
        "::", "::1", "::2", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd12:3456::1", "ff02::1",
        "ff0e::1", "100::1", "2001::1", "2001:0:53aa:64c::1", "2001:db8::1", "2001:20::1",
        "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "64:ff9b:1::1", "4000::1",
        // IPv4 in IPv6's clothes
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::169.254.169.254",
        // no addresses
        "", "localhost", "127.1", "0x7f000001", "2130706433", "fe80::1%eth0", "1.2.3.4.5", "1.2.3.4 ", "[::1]"}) {
    EXPECT_FALSE(guard.Allows(address)) << address;
  }
}

TEST(AddressGuard, AllowsThePublicInternet) {
  const AddressGuard guard;
  for (const char* address : {"1.1.1.1",           "8.8.8.8",
                              "9.255.255.255",     "11.0.0.0",
                              "100.63.255.255",    "100.128.0.0",
                              "126.255.255.255",   "128.0.0.1",
                              "168.63.129.15",     "169.253.255.255",
                              "169.255.0.0",       "172.15.255.255",
                              "172.32.0.0",        "192.0.1.0",
                              "192.167.255.255",   "192.169.0.0",
                              "198.17.255.255",    "198.20.0.0",
                              "223.255.255.255",   "2606:4700::1111",
                              "2a00:1450:4001::1", "2001:4860:4860::8888",
                              "2003::1",           "::ffff:8.8.8.8",
                              "64:ff9b::8.8.8.8"}) {
    EXPECT_TRUE(guard.Allows(address)) << address;
  }
}

TEST(AddressGuard, AllowsWhatItIsToldToAndNotMore) {
  const std::string allowed[] = {"10.1.0.0/16", "192.168.7.5", "fd00:12::/32", "127.0.0.0/30"};
  const AddressGuard guard = AddressGuard::Make(allowed).value();
  for (const char* address :
       {"10.1.0.0", "10.1.255.255", "192.168.7.5", "fd00:12:ffff::1", "127.0.0.3", "::ffff:10.1.2.3", "8.8.8.8"}) {
    EXPECT_TRUE(guard.Allows(address)) << address;
  }
  for (const char* address : {"10.0.255.255", "10.2.0.0", "192.168.7.4", "192.168.7.6", "fd00:13::1", "127.0.0.4"}) {
    EXPECT_FALSE(guard.Allows(address)) << address;
  }
}

TEST(AddressGuard, NamesTheRangeThatIsNone) {
  for (const std::string text :
       {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "internal", "", "/8"}) {
    const auto guard = AddressGuard::Make({&text, 1});
    EXPECT_EQ(guard.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(guard.status().message().find("'" + text + "'"), std::string::npos) << guard.status();
  }
}

TEST(AddressGuard, EverythingIsAlsoSomething) {
  const std::string all[] = {"0.0.0.0/0", "::/0"};
  EXPECT_TRUE(AddressGuard::Make(all)->Allows("127.0.0.1"));
  EXPECT_TRUE(AddressGuard::Make(all)->Allows("::1"));
}

}  // namespace
}  // namespace tokenbroker::outbound
