// What a call brings: the members of one JSON object. Pure.
//
// As at AWS: a member that is null is not there, and members that no operation knows are skipped. Stricter than AWS in
// that a name may not come twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/cursor.h"
#include "server/aws/error.h"

namespace tokenbroker::aws {

class Input {
 public:
  // Views `body`, which must outlive this. An empty body is {}. SerializationException if it is not one JSON object.
  Error Parse(std::string_view body);

  // Sets `out` if the member is there. SerializationException if it is no string.
  Error Text(std::string_view name, std::optional<std::string>& out) const;

 private:
  struct Member {
    std::string name;
    json::Kind kind;
    // Stands before the value.
    json::Cursor value;
  };

  // nullptr if it is not there, or null.
  const Member* Find(std::string_view name) const;
  Error Add(json::Cursor& cursor);

  std::vector<Member> members_;
};

}  // namespace tokenbroker::aws
