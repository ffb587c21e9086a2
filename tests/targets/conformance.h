// What every target must do whatever the network does: one suite for all kinds. A kind brings a Subject; see
// step_functions_conformance.cc for one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/forward/outcome_target.h"
#include "server/outbound/curl_client.h"

namespace tokenbroker::targets {

// A target that delivers to a given URL, and the right words for it.
class Subject {
 public:
  virtual ~Subject() = default;

  virtual std::unique_ptr<forward::OutcomeTarget> Make(const std::string& url, outbound::CurlClient& http,
                                                       DurationMs timeout) = 0;
  // How the other side takes an outcome.
  virtual std::string AcceptedBody() const = 0;
  // "The task, or the event, is over": an error of the kind that may be our own doing.
  virtual int GoneStatus() const = 0;
  virtual std::string GoneBody() const = 0;
  // What of a delivery must stand in what was sent.
  virtual std::string PayloadOf(const forward::Delivery& delivery) const = 0;
  // These must not stand in any answer.
  virtual std::vector<std::string> Secrets() const = 0;
  // What a success with another body means: not everybody looks at it.
  virtual bool LooksAtSuccessBody() const = 0;
};

struct SubjectKind {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
};

SubjectKind StepFunctionsSubject();
SubjectKind WebhookSubject();

}  // namespace tokenbroker::targets
