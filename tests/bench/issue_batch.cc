#include "tests/bench/issue_batch.h"

#include "storage/wire.h"
#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

// The fields of a message that have bytes for a value, one after the other; the others are passed over.
class Fields {
 public:
  explicit Fields(std::string_view message) : in_(message) {}

  // False at the end, and where the bytes are no message.
  bool Next() {
    while (in_.ok() && !in_.at_end()) {
      const uint64_t tag = in_.Varint();
      number_ = static_cast<int>(tag >> 3);
      switch (tag & 7) {
        case 0:
          in_.Varint();
          break;
        case 2:
          value_ = in_.Bytes(in_.Varint());
          return in_.ok();
        default:
          in_.Fail();
      }
    }
    return false;
  }
  int number() const { return number_; }
  std::string_view value() const { return value_; }
  bool ok() const { return in_.ok(); }

 private:
  storage::WireReader in_;
  int number_ = 0;
  std::string_view value_;
};

// Empty if there is none.
std::string_view FieldOf(std::string_view message, int number) {
  for (Fields fields(message); fields.Next();) {
    if (fields.number() == number) return fields.value();
  }
  return {};
}

}  // namespace

void IssueBatch::Build(int items, const std::function<void(v1::IssueTaskRequest&)>& adapt) {
  v1::BatchIssueTasksRequest request;
  for (int i = 0; i < items; ++i) {
    FillIssue(*request.add_items());
    if (adapt) adapt(*request.mutable_items(i));
  }
  request.SerializeToString(&bytes_);
  id_ends_.clear();
  size_t end = 0;
  for (const auto& item : request.items()) {
    end = bytes_.find(item.request_id(), end) + item.request_id().size();
    id_ends_.push_back(end);
  }
}

void IssueBatch::Renew() {
  for (size_t end : id_ends_) WriteRequestNumber(NextRequestNumber(), &bytes_[end]);
}

size_t VisitTokens(std::string_view response, const std::function<bool(std::string_view)>& visit) {
  size_t tokens = 0;
  Fields items(response);
  while (items.Next()) {
    const std::string_view issued = FieldOf(items.value(), v1::BatchIssueTasksResponse::Item::kIssuedFieldNumber);
    const std::string_view token = FieldOf(issued, v1::IssueTaskResponse::kTokenFieldNumber);
    if (token.empty() || !visit(token)) return 0;
    ++tokens;
  }
  return items.ok() ? tokens : 0;
}

}  // namespace tokenbroker::benchmarks
