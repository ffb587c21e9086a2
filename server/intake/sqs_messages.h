// SQS's words: requests of its JSON protocol, and what its answers say. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tokenbroker::intake {

inline constexpr int kMaxMessages = 10;

struct SqsMessage {
  std::string id;
  std::string receipt_handle;
  std::string body;
};

// Waits for 20 seconds, SQS's limit, until there is one; they are hidden from others for `visibility`.
std::string ReceiveRequest(const std::string& queue_url, int max_messages, DurationMs visibility);
// Nothing if that is no answer of SQS's.
std::optional<std::vector<SqsMessage>> ReadReceived(std::string_view body);

// Both for at most kMaxMessages.
std::string DeleteRequest(const std::string& queue_url, const std::vector<std::string>& receipt_handles);
std::string HideRequest(const std::string& queue_url, const std::vector<std::string>& receipt_handles,
                        DurationMs visibility);
// Of either batch, how many entries were not done.
int CountFailed(std::string_view body);

// The message again, with the reason, the intake and its former id as attributes.
std::string DeadLetterRequest(const std::string& queue_url, const SqsMessage& message, const std::string& intake,
                              const std::string& why);

}  // namespace tokenbroker::intake
