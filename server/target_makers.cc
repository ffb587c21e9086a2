#include "server/target_makers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/config/targets.h"
#include "server/forward/none_target.h"

namespace tokenbroker {
namespace {

using TargetPtr = std::unique_ptr<forward::OutcomeTarget>;

absl::Status Wrong(const TargetConfig& target, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("targets.", target.name, ": ", absl::string_view(what.data(), what.size())));
}

absl::StatusOr<TargetPtr> MakeNone(const TargetConfig& target) {
  if (target.options.empty()) return std::make_unique<forward::NoneTarget>();
  return Wrong(target, absl::StrCat("unknown setting '", target.options.begin()->first, "'"));
}

absl::StatusOr<TargetPtr> MakeTarget(const TargetConfig& target) {
  switch (target.kind) {
    case TargetKind::kNone:
      return MakeNone(target);
    case TargetKind::kWebhook:
    case TargetKind::kStepFunctions:
    case TargetKind::kSubscriber:
      break;
  }
  const std::string_view kind = TargetKindName(target.kind);
  return Wrong(target, absl::StrCat("this build has no targets of kind ", absl::string_view(kind.data(), kind.size())));
}

}  // namespace

absl::StatusOr<std::vector<forward::NamedTarget>> MakeTargets(const Config& config) {
  std::vector<forward::NamedTarget> targets;
  for (const TargetConfig& target : config.targets) {
    TB_ASSIGN_OR_RETURN(TargetPtr made, MakeTarget(target));
    targets.push_back({target.name, std::move(made)});
  }
  return targets;
}

}  // namespace tokenbroker
