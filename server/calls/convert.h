// Between the broker's values and the contract's messages.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/broker/catalog.h"
#include "server/broker/operation.h"
#include "server/broker/task_record.h"
#include "tokenbroker/v1/errors.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

namespace pb = tokenbroker::v1;

void SetTimestamp(TimeMs time, google::protobuf::Timestamp* out);
void SetDuration(DurationMs duration, google::protobuf::Duration* out);

// Milliseconds, fractions rounded away from zero: nothing but zero becomes zero. Nothing if it is no valid
// google.protobuf.Duration (range, or signs that differ).
std::optional<DurationMs> ParseDuration(const google::protobuf::Duration& duration);

inline pb::TaskState ToProto(broker::TaskState state) { return static_cast<pb::TaskState>(state); }
inline pb::Verdict ToProto(broker::Verdict verdict) { return static_cast<pb::Verdict>(verdict); }
pb::WatchTasksResponse::Kind ToProto(broker::Change::Kind kind);

// Everything but the upstream token, which is never returned.
void FillTask(const broker::TaskRecord& record, pb::TaskView view, pb::Task* out);

// `filter` must be valid.
broker::TaskFilter FilterOf(const pb::TaskFilter& filter);

}  // namespace tokenbroker::calls
