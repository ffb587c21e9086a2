#include "server/pages/callback_door.h"

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/contract_limits.h"
#include "json/json_writer.h"
#include "server/broker/broker.h"
#include "server/calls/judged.h"
#include "server/calls/read_calls.h"
#include "server/calls/resolver_calls.h"
#include "server/pages/accept.h"
#include "server/pages/answers.h"
#include "server/pages/body.h"
#include "server/pages/guard.h"
#include "server/pages/page.h"

namespace tokenbroker::pages {
namespace {

namespace pb = calls::pb;

// Its text is a sentence that names the body, or the field of the form.
broker::Refusal BadBody(const absl::Status& fault) {
  return {broker::Reason::kInvalidField, std::string(fault.message()), "body"};
}

broker::Refusal RefuseMethod() {
  return broker::InvalidField("path", "must end in /succeed, /fail or /heartbeat to act");
}

}  // namespace

// One request on its way. Deletes itself once it is answered.
//
//   GET    Look ─▶ Load ─▶ a page
//   POST   Read ─▶ Act ─▶ refused? and a page is wanted: Look ─▶ Load ─▶ the page, with the problem
//          a form for an output: Look ─▶ Load (its fields) ─▶ home ─▶ Act
class CallbackDoor::Errand final : public broker::Submission, private Visit, private calls::Reply {
 public:
  Errand(const CallbackDoor& door, Request request, const broker::Principal& principal, Home& home,
         CallbackDoor::Done done)
      : Submission(1),
        door_(door),
        request_(std::move(request)),
        principal_(principal),
        home_(home),
        done_(std::move(done)),
        page_(WantsPage(request_.accept, request_.post)) {}

  void Begin() {
    if (request_.token.size() > kMaxToken) {
      return Refuse(broker::InvalidField("token", absl::StrCat("must be at most ", kMaxToken, " bytes")));
    }
    if (!request_.post) return Look();
    if (request_.action == Action::kPage) return Refuse(RefuseMethod(), 405);
    Read();
  }

 private:
  broker::Broker& broker() const { return door_.door_.broker; }

  // --- Looking ---

  // The page is shown to whoever has the URL, while the URL is good: only the token's time counts.
  void Look() {
    located_.emplace();
    located_->submission = this;
    located_->principal = &principal_;
    located_->address = broker().AddressOfToken(request_.token);
    limits_ = std::exchange(located_->address.limits, {});
    const int64_t now = broker().clock().Now() / 1000;
    if (now >= limits_.before()) {
      return RefuseLook({broker::Reason::kPermissionDenied, limits_.Refusal(token::kRead, {}, now)});
    }
    Reset(1);
    broker().Ask(*located_);
  }

  void Done() override {
    if (!broker().TryRead([this] { Load(); })) RefuseLook(calls::TooManyReads());
  }

  void Load() {
    if (located_->refusal) return RefuseLook(located_->refusal);
    absl::StatusOr<broker::TaskRecordPtr> record = broker().Load(located_->located);
    if (!record.ok()) return RefuseLook(calls::ReadRefusal(record.status()));
    if (for_fields_) {
      for_fields_ = false;
      form_ = FormOf((*record)->issued.output_schema);
      return home_.Post(*this);
    }
    Show(**record);
  }

  void Show(const broker::TaskRecord& record) {
    const Sight sight = SightOf(record, limits_, door_.options_.input_namespaces, broker().clock().Now());
    if (!page_) return Finish(JsonAnswer(200, SightJson(sight)));
    const std::string problem = InWordsOf(form_, problem_.field, problem_.message);
    const PageContext context{request_.token, request_.action, problem, body_.form};
    Finish(PageAnswer(PageStatus(record.state), TaskPage(sight, context)));
  }

  int PageStatus(broker::TaskState state) const {
    if (problem_status_ != 0) return problem_status_;
    const bool open = state == broker::TaskState::kWaiting || state == broker::TaskState::kSucceeded ||
                      state == broker::TaskState::kFailed;
    return open ? 200 : 410;
  }

  // What kept an action from being done goes before why its page cannot be shown.
  void RefuseLook(const broker::Refusal& refusal) {
    const broker::Refusal& first = problem_ ? problem_ : refusal;
    page_ ? Finish(PageRefusal(first)) : Finish(JsonRefusal({first}));
  }

  // --- Acting ---

  void Read() {
    absl::StatusOr<Body> body = ReadBody(request_.content_type, request_.body);
    if (!body.ok()) return Reject(body.status());
    body_ = *std::move(body);
    const std::string why = RefusePost(request_, ValueOf(body_.form, kProofField), door_.options_.origins);
    if (!why.empty()) return Refuse({broker::Reason::kPermissionDenied, why});
    for_fields_ = request_.action == Action::kSucceed && body_.kind == Body::Kind::kForm;
    for_fields_ ? Look() : Act();
  }

  void Resume() override { Act(); }

  void Act() {
    switch (request_.action) {
      case Action::kSucceed:
        return Succeed();
      case Action::kFail:
        return Fail();
      case Action::kHeartbeat:
      case Action::kPage:
        return Beat();
    }
  }

  void Succeed() {
    absl::StatusOr<std::string> output = OutputOf(body_, form_);
    if (!output.ok()) return Reject(output.status());
    Make<calls::SucceedCall>().set_output(*std::move(output));
    call_->Begin();
  }

  void Fail() {
    absl::StatusOr<Failing> failing = FailingOf(body_);
    if (!failing.ok()) return Reject(failing.status());
    if (failing->error.empty()) failing->error = OnlyError();
    pb::FailRequest& request = Make<calls::FailCall>();
    request.set_error(failing->error);
    request.set_cause(failing->cause);
    call_->Begin();
  }

  // The one error that the token allows, so that a URL alone says which; empty if there is none or a choice.
  std::string OnlyError() const {
    const auto errors = broker().AddressOfToken(request_.token).limits.errors();
    return errors.has_value() && errors->size() == 1 ? std::string(errors->front()) : "";
  }

  void Beat() {
    absl::StatusOr<std::string> progress = ProgressOf(body_);
    if (!progress.ok()) return Reject(progress.status());
    Make<calls::HeartbeatCall>().set_progress(*std::move(progress));
    call_->Begin();
  }

  // Makes the call for this token; the rest of its request is the caller's to fill.
  template <typename TheCall>
  typename TheCall::Request& Make() {
    call_ = std::make_unique<TheCall>(calls::Call::Parts{door_.door_, principal_, home_, *this, arena_});
    auto& request = static_cast<typename TheCall::Request&>(call_->request_message());
    request.mutable_task()->set_token(request_.token);
    return request;
  }

  void OnAnswered() override {
    if (page_) return Finish(SeeOther(PagePath(request_.token, request_.action)));
    std::string json;
    json::WriteJson(call_->response_message(), json);
    Finish(JsonAnswer(200, std::move(json)));
  }

  void OnRefused(const calls::Refused& refused) override {
    page_ ? Refuse(refused.refusal) : Finish(JsonRefusal(refused));
  }

  // Never: nothing cancels the call.
  void OnAbandoned() override { Finish(JsonAnswer(499, "{}")); }

  // The body is none that says what was done.
  void Reject(const absl::Status& fault) {
    calls::Rejected(door_.door_, principal_, NameOf(request_.action));
    Refuse(BadBody(fault), absl::IsUnimplemented(fault) ? 415 : 0);
  }

  // `status` 0: what the reason stands for.
  void Refuse(broker::Refusal refusal, int status = 0) {
    if (!page_) return Finish(JsonRefusal({refusal}, status));
    if (refusal.reason == broker::Reason::kTaskUnknown) return Finish(PageRefusal(refusal));
    problem_ = std::move(refusal);
    problem_status_ = status != 0 ? status : PageStatusOf(problem_.reason);
    Look();
  }

  void Finish(Answer answer) {
    const std::unique_ptr<Errand> self(this);
    done_(std::move(answer));
  }

  const CallbackDoor& door_;
  const Request request_;
  const broker::Principal& principal_;
  Home& home_;
  const CallbackDoor::Done done_;
  const bool page_;

  token::Limits limits_;
  std::optional<broker::LocateOperation> located_;
  // The task is looked at for the fields of its form.
  bool for_fields_ = false;

  Body body_;
  Form form_;
  google::protobuf::Arena arena_;
  std::unique_ptr<calls::Call> call_;

  broker::Refusal problem_;
  int problem_status_ = 0;
};

void CallbackDoor::Handle(Request request, const broker::Principal& principal, Home& home, Done done) const {
  (new Errand(*this, std::move(request), principal, home, std::move(done)))->Begin();
}

}  // namespace tokenbroker::pages
