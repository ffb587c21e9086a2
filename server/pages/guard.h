// Whether a POST comes from where it seems to.
//
// The token in the URL is the whole right to act, there are no cookies: who can make a browser send a request here
// knows the token, and could act without the browser. What is kept off all the same is a foreign page, or something
// that follows forms by itself, pressing a button that nobody has seen:
//
//   * a request of a browser (it has Origin or Sec-Fetch-Site) must be a form of our page, with the proof that
//     is in it;
//   * Sec-Fetch-Site, if it is there, must be same-origin;
//   * Origin, if it is there, must be the host that was asked, or "null": that is what browsers send from a page with
//     Referrer-Policy: no-referrer, such as ours.
//
// Programs send neither field and need no proof.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/pages/message.h"

namespace tokenbroker::pages {

// The form field that holds the proof.
inline constexpr char kProofField[] = "_form";

// Bound to the token; says nothing about it. 32 characters.
std::string ProofOf(std::string_view token);

// Why the request may not act, for people; empty if it may. `proof` is what the form holds, empty without one;
// `origins` are those that count as our own, besides the host that was asked.
std::string RefusePost(const Request& request, std::string_view proof, const std::vector<std::string>& origins);

}  // namespace tokenbroker::pages
