// Server reflection: what tools like grpcurl ask to learn the contract. Under its two names, v1 and v1alpha.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"
#include "server/rpc/stream_call.h"

namespace tokenbroker::rpc {

class ReflectionCall : public StreamCall {
 public:
  // `services`: full names, as listed.
  ReflectionCall(Parts parts, const std::vector<std::string>& services)
      : StreamCall(std::move(parts)), services_(services) {}

 private:
  void OnBegan() override { Read(); }
  void OnRead(bool ok) override;
  void OnWritten(bool ok) override;

  const std::vector<std::string>& services_;
  // Files that the caller has.
  std::unordered_set<std::string> sent_;
};

// The answer to one question; `sent` are the names of the files sent before, to which it adds.
void AnswerReflection(const grpc::reflection::v1::ServerReflectionRequest& request,
                      const std::vector<std::string>& services, std::unordered_set<std::string>& sent,
                      grpc::reflection::v1::ServerReflectionResponse& response);

}  // namespace tokenbroker::rpc
