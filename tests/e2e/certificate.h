// Certificates for tests, each signed by itself.
#pragma once

#include <string>

namespace tokenbroker::testing {

struct Certificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

// For "localhost" and 127.0.0.1, good for a day; another one each time.
Certificate MakeCertificate();

// Replaces the file by renaming, as its readers are promised; nobody else may read it.
void ReplaceFile(const std::string& path, const std::string& text);

}  // namespace tokenbroker::testing
