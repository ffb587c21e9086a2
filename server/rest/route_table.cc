#include "server/rest/route_table.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "base/status_macros.h"
#include "google/api/annotations.pb.h"
#include "json/fault.h"
#include "json/names.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::rest {
namespace {

using google::protobuf::MethodDescriptor;
using Segments = absl::InlinedVector<std::string_view, kMaxSegments>;

// Hints are for slips of the pen, and cost time that grows with the path.
constexpr size_t kFurthestHint = 3;
constexpr size_t kLongestHinted = 256;

// False if it is no path of at most kMaxSegments segments, none of them empty.
bool Split(std::string_view path, Segments& segments) {
  if (path.empty() || path.front() != '/') return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t slash = std::min(path.find('/'), path.size());
    if (slash == 0 || segments.size() == kMaxSegments) return false;
    segments.push_back(path.substr(0, slash));
    path = path.substr(slash);
  }
  return true;
}

bool Fits(const Route& route, std::string_view verb, std::string_view http_method) {
  return route.verb == verb && (http_method.empty() || route.http_method == http_method);
}

absl::Status Collision(const Route& route, const Route& other) {
  return absl::InvalidArgumentError(json::Concat({route.method->full_name(), " and ", other.method->full_name(),
                                                  " both claim ", route.http_method, " ", route.path}));
}

// Looks closer only at what may be near.
size_t Distance(std::string_view text, std::string_view expected) {
  const size_t longer = std::max(text.size(), expected.size()) - std::min(text.size(), expected.size());
  return longer > kFurthestHint ? longer : json::EditDistance(text, expected);
}

// How far the segments of a path are from a route's; a variable is near to everything.
size_t Distance(const Segments& segments, const Route& route) {
  if (segments.size() != route.segments.size()) return kFurthestHint + 1;
  const std::string_view last = segments.back();
  const size_t colon = std::min(last.rfind(':'), last.size());
  size_t distance = Distance(last.substr(std::min(colon + 1, last.size())), route.verb);
  for (size_t i = 0; i < segments.size() && distance <= kFurthestHint; ++i) {
    if (route.segments[i].is_variable()) continue;
    distance += Distance(i + 1 == segments.size() ? last.substr(0, colon) : segments[i], route.segments[i].literal);
  }
  return distance;
}

}  // namespace

struct RouteTable::Place {
  const Node* node = nullptr;
  std::string_view verb;
  const Route* route = nullptr;
  std::array<std::string_view, kMaxVariables> values;
};

absl::StatusOr<RouteTable> RouteTable::Make(absl::Span<const google::protobuf::ServiceDescriptor* const> services) {
  RouteTable table;
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) TB_RETURN_IF_ERROR(table.AddRules(*service->method(i)));
  }
  return table;
}

absl::Status RouteTable::AddRules(const MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return absl::OkStatus();
  const google::api::HttpRule& rule = method.options().GetExtension(google::api::http);
  TB_ASSIGN_OR_RETURN(Route route, MakeRoute(method, rule));
  TB_RETURN_IF_ERROR(Add(std::move(route)));
  for (const google::api::HttpRule& binding : rule.additional_bindings()) {
    TB_ASSIGN_OR_RETURN(Route additional, MakeRoute(method, binding));
    TB_RETURN_IF_ERROR(Add(std::move(additional)));
  }
  return absl::OkStatus();
}

absl::Status RouteTable::Add(Route route) {
  const auto is_variable = [](const Segment& segment) { return segment.is_variable(); };
  const size_t variables = std::count_if(route.segments.begin(), route.segments.end(), is_variable);
  if (route.segments.size() > kMaxSegments || variables > kMaxVariables) {
    return absl::InvalidArgumentError(route.path + ": too many segments");
  }
  size_t node = 0;
  for (const Segment& segment : route.segments) {
    TB_ASSIGN_OR_RETURN(node, Grow(node, segment, route));
  }
  for (const Route* other : nodes_[node].routes) {
    if (other->verb == route.verb && other->http_method == route.http_method) return Collision(route, *other);
  }
  routes_.push_back(std::make_unique<const Route>(std::move(route)));
  nodes_[node].routes.push_back(routes_.back().get());
  return absl::OkStatus();
}

absl::StatusOr<size_t> RouteTable::Grow(size_t node, const Segment& segment, const Route& route) {
  const size_t next = nodes_.size();
  auto& literals = nodes_[node].literals;
  if (segment.is_variable() ? !literals.empty() : nodes_[node].variable != 0) {
    return absl::InvalidArgumentError(route.path + ": a literal and a variable stand at the same place");
  }
  if (segment.is_variable()) {
    if (nodes_[node].variable != 0) return nodes_[node].variable;
    nodes_[node].variable = next;
  } else {
    for (const auto& [literal, child] : literals) {
      if (literal == segment.literal) return child;
    }
    literals.emplace_back(segment.literal, next);
  }
  nodes_.emplace_back();
  return next;
}

bool RouteTable::Walk(absl::Span<const std::string_view> segments, Place& place) const {
  place.node = &nodes_[0];
  size_t variables = 0;
  for (const std::string_view segment : segments) {
    size_t next = segment.empty() ? 0 : place.node->variable;
    if (next != 0) place.values[variables++] = segment;
    for (const auto& [literal, child] : place.node->literals) {
      if (literal == segment) next = child;
    }
    if (next == 0) return false;
    place.node = &nodes_[next];
  }
  return true;
}

bool RouteTable::Reach(absl::Span<const std::string_view> segments, std::string_view verb, std::string_view http_method,
                       Place& place) const {
  if (!Walk(segments, place)) return false;
  place.verb = verb;
  place.route = nullptr;
  for (const Route* route : place.node->routes) {
    if (Fits(*route, verb, http_method)) place.route = route;
  }
  return place.route != nullptr;
}

// The readings of a path, best first. That there is such a verb settles it, whatever the method.
bool RouteTable::Locate(std::string_view http_method, std::string_view path, Place& place) const {
  Segments segments;
  if (!Split(path, segments)) return false;
  const std::string_view last = segments.back();
  const size_t colon = last.rfind(':');
  if (colon != std::string_view::npos) {
    segments.back() = last.substr(0, colon);
    const std::string_view verb = last.substr(colon + 1);
    if (Reach(segments, verb, http_method, place) || Reach(segments, verb, "", place)) return true;
    segments.back() = last;
  }
  const auto parent = absl::MakeConstSpan(segments).first(segments.size() - 1);
  if (Reach(segments, "", http_method, place) || Reach(parent, last, http_method, place)) return true;
  return colon == std::string_view::npos && (Reach(segments, "", "", place) || Reach(parent, last, "", place));
}

Found RouteTable::Find(std::string_view http_method, std::string_view path) const {
  Found found;
  Place place;
  if (!Locate(http_method, path, place)) {
    found.hint = Hint(http_method, path);
    return found;
  }
  if (place.route->http_method == http_method) {
    found.route = place.route;
    found.values = place.values;
    return found;
  }
  for (const Route* route : place.node->routes) {
    if (route->verb != place.verb) continue;
    found.allow += json::Concat({found.allow.empty() ? "" : ", ", route->http_method});
  }
  return found;
}

std::string RouteTable::Hint(std::string_view http_method, std::string_view path) const {
  Segments segments;
  if (path.size() > kLongestHinted) return "";
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (!Split(path, segments)) return "";
  const Route* nearest = nullptr;
  size_t least = 2 * (kFurthestHint + 1);
  for (const auto& route : routes_) {
    // Of equally near ones, that of the request's own method.
    const size_t distance = 2 * Distance(segments, *route) + (route->http_method != http_method);
    if (distance >= least) continue;
    least = distance;
    nearest = route.get();
  }
  return nearest == nullptr ? "" : json::Concat({nearest->http_method, " ", DocumentedPath(*nearest)});
}

absl::StatusOr<RouteTable> ContractRoutes() {
  const auto* const task = v1::IssueTaskRequest::descriptor()->file()->FindServiceByName("TaskService");
  const auto* const resolver = v1::SucceedRequest::descriptor()->file()->FindServiceByName("ResolverService");
  const auto* const delivery = v1::GetDeliveryRequest::descriptor()->file()->FindServiceByName("DeliveryService");
  const auto* const admin = v1::GetStatusRequest::descriptor()->file()->FindServiceByName("AdminService");
  return RouteTable::Make({task, resolver, delivery, admin});
}

}  // namespace tokenbroker::rest
