// What a message in protobuf's encoding would take in memory, found out before it is parsed: two bytes can be an
// element of hundreds.
//
// Safe to call from any thread.
#pragma once

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace tokenbroker::wire {

struct Verdict {
  enum Kind {
    kFits,
    // No parser would take it.
    kMalformed,
    kTooMany,
    // Of CheckTexts: a text is not UTF-8, which a parser looks at, too.
    kNoText,
  };
  Kind kind = kFits;
  // Of kTooMany and kNoText: the field, as google.rpc.BadRequest names it, or empty if it is the request as a whole;
  // and the rule that it breaks: "must hold at most 1000 elements".
  std::string field;
  std::string rule;
};

// Of the `size` bytes in `in`, which are to be a message of `type`. Too many are more than kMaxElements in one list or
// map, or more than kMaxElementsInAll of them, unknown fields, and fields beyond one of each that their message has,
// all together (a oneof whose members take turns leaves them all in an arena). Reads the tags and lengths only, up to
// the first that is one too many; deeper than a parser goes, it does not go either.
Verdict Check(google::protobuf::io::ZeroCopyInputStream& in, int size, const google::protobuf::Descriptor& type);

// The same, and reads the texts as well: for what a parser has refused.
Verdict CheckTexts(google::protobuf::io::ZeroCopyInputStream& in, int size, const google::protobuf::Descriptor& type);

}  // namespace tokenbroker::wire
