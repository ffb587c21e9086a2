#include "server/http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/http/nearest.h"
#include "server/http/path.h"
#include "server/http/path_template.h"

namespace tokenbroker::http {
namespace {

constexpr size_t kMaxSegments = 32;

uint32_t Bit(Method method) { return uint32_t{1} << static_cast<int>(method); }

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

struct RawSegment {
  std::string_view encoded;
  std::string_view decoded;
};

}  // namespace

// A node per prefix of templates; `routes` are those that end here.
struct Router::Node {
  struct VariableChild {
    // Empty for a plain variable, which stands last.
    std::string verb;
    Node* node;
  };
  std::map<std::string, Node*, std::less<>> literals;
  std::vector<VariableChild> variables;
  std::array<const Route*, kMethods> routes{};
  // Of each route, in the order of the path.
  std::array<std::vector<std::string>, kMethods> names;
};

Router::Router() { nodes_.push_back(std::make_unique<Node>()); }
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

absl::Status Router::Add(Route route) {
  TB_ASSIGN_OR_RETURN(const std::vector<TemplateSegment> segments, ParseTemplate(route.path));
  if (segments.size() > kMaxSegments) return absl::InvalidArgumentError(absl::StrCat(route.path, ": too long"));
  Node* node = nodes_.front().get();
  std::vector<std::string> names;
  const auto child = [this] { return nodes_.emplace_back(std::make_unique<Node>()).get(); };
  for (const TemplateSegment& segment : segments) {
    if (!segment.is_variable) {
      Node*& next = node->literals[segment.text];
      if (next == nullptr) next = child();
      node = next;
      continue;
    }
    names.push_back(segment.text);
    auto& variables = node->variables;
    auto found = std::find_if(variables.begin(), variables.end(),
                              [&](const Node::VariableChild& each) { return each.verb == segment.verb; });
    if (found == variables.end()) {
      found = variables.insert(segment.verb.empty() ? variables.end() : variables.begin(), {segment.verb, child()});
    }
    node = found->node;
  }
  const auto index = static_cast<size_t>(route.method);
  if (node->routes[index] != nullptr) return absl::AlreadyExistsError(absl::StrCat(route.path, " is there already"));
  if (route.name.empty()) route.name = absl::StrCat(Absl(NameOf(route.method)), " ", route.path);
  methods_ |= Bit(route.method);
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  node->routes[index] = routes_.back().get();
  node->names[index] = std::move(names);
  return absl::OkStatus();
}

void Router::SetErrorForm(std::string_view prefix, ErrorForm form) {
  forms_.emplace_back(prefix, std::move(form));
  std::stable_sort(forms_.begin(), forms_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

const ErrorForm& Router::ErrorFormOf(std::string_view path) const {
  static const ErrorForm plain = PlainErrorForm;
  for (const auto& [prefix, form] : forms_) {
    if (prefix == "/" ? path == "/" : path.substr(0, prefix.size()) == prefix) return form;
  }
  return plain;
}

// One look-up: depth first, better alternatives first.
class Router::Search {
 public:
  Search(Request& request, std::string& scratch) : request_(request), scratch_(scratch) {}

  Match Run(const Node& root) {
    if (!Split()) return {.kind = Match::Kind::kBadPath};
    if (count_ > kMaxSegments) return {.kind = Match::Kind::kUnknown};
    const Route* route = Visit(root, 0);
    if (route != nullptr) return {Match::Kind::kFound, route, methods_};
    return {methods_ == 0 ? Match::Kind::kUnknown : Match::Kind::kOtherMethod, nullptr, methods_};
  }

 private:
  // All segments are decoded, also beyond the bound: what is malformed is refused, whether or not it leads somewhere.
  bool Split() {
    // Views of it are handed out, so it must not grow: each segment is decoded at most twice.
    scratch_.clear();
    scratch_.reserve(2 * request_.path.size());
    std::string_view rest = request_.path;
    if (rest.empty() || rest.front() != '/') return false;
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const size_t end = std::min(rest.find('/'), rest.size());
      const std::string_view encoded = rest.substr(0, end);
      const std::optional<std::string_view> decoded = Decoded(encoded);
      if (!decoded.has_value()) return false;
      if (count_ < kMaxSegments) segments_[count_] = {encoded, *decoded};
      ++count_;
      rest.remove_prefix(end);
    }
    return true;
  }

  std::optional<std::string_view> Decoded(std::string_view encoded) {
    if (encoded.find('%') == std::string_view::npos) return encoded;
    const size_t begin = scratch_.size();
    if (!AppendDecoded(encoded, scratch_)) return std::nullopt;
    return std::string_view(scratch_).substr(begin);
  }

  const Route* Visit(const Node& node, size_t depth) {
    if (depth == count_) return End(node);
    const RawSegment& segment = segments_[depth];
    if (const auto literal = node.literals.find(segment.decoded); literal != node.literals.end()) {
      if (const Route* route = Visit(*literal->second, depth + 1)) return route;
    }
    for (const Node::VariableChild& child : node.variables) {
      const std::optional<std::string_view> value = ValueFor(segment, child.verb);
      if (!value.has_value() || value->empty()) continue;
      values_[used_++] = *value;
      if (const Route* route = Visit(*child.node, depth + 1)) return route;
      --used_;
    }
    return nullptr;
  }

  // What is in front of the verb. The colon counts only as it is: an encoded one belongs to the value.
  std::optional<std::string_view> ValueFor(const RawSegment& segment, std::string_view verb) {
    if (verb.empty()) return segment.decoded;
    const std::string_view encoded = segment.encoded;
    if (encoded.size() <= verb.size() || encoded[encoded.size() - verb.size() - 1] != ':') return std::nullopt;
    if (encoded.substr(encoded.size() - verb.size()) != verb) return std::nullopt;
    // Verbs have no escapes, so the decoded value ends the same way.
    return segment.decoded.substr(0, segment.decoded.size() - verb.size() - 1);
  }

  const Route* End(const Node& node) {
    for (int i = 0; i < kMethods; ++i) methods_ |= node.routes[i] == nullptr ? 0 : uint32_t{1} << i;
    auto index = static_cast<size_t>(request_.method);
    if (node.routes[index] == nullptr && request_.method == Method::kHead) index = static_cast<size_t>(Method::kGet);
    const Route* route = node.routes[index];
    if (route == nullptr) return nullptr;
    request_.variables.clear();
    for (size_t i = 0; i < used_; ++i) request_.variables.push_back({node.names[index][i], values_[i]});
    return route;
  }

  Request& request_;
  std::string& scratch_;
  std::array<RawSegment, kMaxSegments> segments_;
  size_t count_ = 0;
  std::array<std::string_view, kMaxSegments> values_;
  size_t used_ = 0;
  uint32_t methods_ = 0;
};

Router::Match Router::Find(Request& request, std::string& scratch) const {
  request.variables.clear();
  return Search(request, scratch).Run(*nodes_.front());
}

std::string Router::Nearest(Method method, std::string_view path) const {
  if (method == Method::kHead) method = Method::kGet;
  const Route* nearest = nullptr;
  int least = 2 * (kNearEnough + 1);
  for (const std::unique_ptr<Route>& route : routes_) {
    const int distance = 2 * DistanceToTemplate(path, route->path) + (route->method != method ? 1 : 0);
    if (distance >= least) continue;
    least = distance;
    nearest = route.get();
  }
  return nearest == nullptr ? "" : absl::StrCat(Absl(NameOf(nearest->method)), " ", nearest->path);
}

std::string Router::AllowOf(uint32_t methods) {
  if ((methods & Bit(Method::kGet)) != 0) methods |= Bit(Method::kHead);
  methods |= Bit(Method::kOptions);
  std::string allow;
  for (int i = 0; i < kMethods; ++i) {
    if ((methods >> i & 1) != 0) absl::StrAppend(&allow, allow.empty() ? "" : ", ", Absl(NameOf(Method(i))));
  }
  return allow;
}

}  // namespace tokenbroker::http
