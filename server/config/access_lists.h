// The lists auth.keys, auth.certificates and auth.aws_keys, which only the file can hold.
#pragma once

#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/config/yaml_tree.h"

namespace tokenbroker {

// Each adds to `errors` what is wrong, one line each, with the place in `source`.
std::vector<ApiKey> ReadApiKeys(const YamlNode& node, const std::string& source, std::vector<std::string>& errors);
std::vector<CertificateHolder> ReadCertificates(const YamlNode& node, const std::string& source,
                                                std::vector<std::string>& errors);
// Reads no secret, only where it is.
std::vector<AwsKey> ReadAwsKeys(const YamlNode& node, const std::string& source, std::vector<std::string>& errors);

// "issue", "resolve", "read", "administer" for the rights in the set, in this order.
std::vector<std::string> RightNames(Rights rights);

}  // namespace tokenbroker
