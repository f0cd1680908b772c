// The part of a workshop that is for agents which do the handshake: a turn of theirs instead of a
// run, in a workspace that is renewed around them.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/lab/paths.h"
#include "common/os/file.h"
#include "worker/server/redaction.h"
#include "worker/server/workshop.h"
#include "worker/workspace/renew.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {
namespace {

// Into the same file: a sandbox that shows it sees the new text. \pre  nobody reads meanwhile
Result<void> write_over(const std::string& path, const std::string& text) {
  constexpr int kOver = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::open(path.c_str(), kOver, 0644));
  if (!file) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t put = ::write(file.get(), text.data() + at, text.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
    at += static_cast<std::size_t>(put);
  }
  return {};
}

}  // namespace

Result<void> Workshop::write_for_agent(const char* name, const std::string& text) const {
  return shakes_hands() ? write_over(in_folder(name), text) : write_file(in_folder(name), text);
}

// Mount points: nothing of them is part of a candidate.
std::vector<std::string> Workshop::hands_in_workspace() const {
  const std::string& lab = parts_.assignment.settings.folder;
  std::vector<std::string> paths{kHandshakeFolder};
  if (!lab.empty()) paths.push_back(join(lab, kHandshakeFolder));
  return paths;
}

// The same workspace for an agent that lives on, else a new one.
Result<void> Workshop::lay_out_for_hands(const Scope& scope) {
  AgentSession* session = parts_.session;
  SWARMLAB_CHECK(remove_tree(in_folder("conflicts")));
  if (session != nullptr && session->living() != nullptr) {
    if (renew_for_hands(scope)) return {};
    session->take_living();  // and with it what may have been in the way
  }
  for (const char* name : {"workspace", "renewed", "out", kHandshakeFolder}) {
    SWARMLAB_CHECK(remove_tree(in_folder(name)));
  }
  const std::string workspace = in_folder("workspace");
  SWARMLAB_CHECK(prepare(parts_.repository, start_tree(), workspace, parts_.data_in_checkout));
  for (const std::string& path : hands_in_workspace()) {
    SWARMLAB_CHECK(make_folders(join(workspace, path)));
  }
  return make_folders(in_folder(kHandshakeFolder));
}

Result<void> Workshop::renew_for_hands(const Scope& scope) {
  if (!parts_.session->verdict()) return fail(ErrorCode::invalid_input, "there is nothing to tell");
  Renewal renewal{.folder = in_folder("workspace"),
                  .before = parts_.session->laid_out(),
                  .tree = start_tree(),
                  .keep = hands_in_workspace(),
                  .leave_out = parts_.data_in_checkout,
                  .scratch = in_folder("renewed")};
  if (!parts_.data_in_checkout.empty()) renewal.keep.push_back(parts_.data_in_checkout);
  SWARMLAB_CHECK(renew(parts_.repository, scope, renewal));
  for (const char* name : {kOutcomeFile, kHypothesisFile}) {
    SWARMLAB_CHECK(remove_tree(in_folder("out") + "/" + name));
  }
  return {};
}

// It hears of it when it is let go.
Result<void> Workshop::tell_verdict() const {
  const Assignment& assignment = parts_.assignment;
  const NextOne next{.experiment = assignment.experiment,
                     .parent = assignment.parent_commit.hex(),
                     .of_session = parts_.session->experiment()};
  return answer_signal(in_folder(kHandshakeFolder), told_text(*parts_.session->verdict(), next));
}

// The one that lives on where its sandbox is what this experiment needs, else a new one.
Result<std::unique_ptr<LivingAgent>> Workshop::living_for(const sandbox::SandboxRequest& request) {
  const std::string folder = in_folder(kHandshakeFolder);
  if (parts_.session != nullptr) {
    auto living = parts_.session->take_living();
    const bool may_go_on = living && parts_.session->verdict() && living->fits(request);
    if (may_go_on && tell_verdict()) return living;
  }
  told_ = {};
  SWARMLAB_CHECK(remove_tree(folder));  // whatever the one before left there
  SWARMLAB_CHECK(make_folders(folder));
  return LivingAgent::make(
      {.sandbox = parts_.bench.sandbox, .folder = folder, .held = parts_.data.held}, request);
}

Result<sandbox::SandboxResult> Workshop::take_turn(sandbox::SandboxRequest request,
                                                   Milliseconds time) {
  parts_.dress(request);
  SWARMLAB_TRY(agent, living_for(request));
  // What holds a GPU's memory is in the way of who measures there.
  const bool keep = parts_.session != nullptr && parts_.assignment.takes.gpus == 0;
  SWARMLAB_TRY(
      done, agent->work({.request = request, .time = time, .cancel = parts_.cancel, .keep = keep}));
  signal_ = std::move(done.signal);
  if (agent->is_held()) parts_.session->keep_living(std::move(agent), start_tree());
  redact(done.result, parts_.secrets);
  return std::move(done.result);
}

// What it says with its signal is a note beside what it wrote of its outcome.
void Workshop::note_signal() {
  if (!signal_) return;
  AgentNotes& notes = parts_.result.report.notes;
  if (notes.hypothesis.empty()) notes.hypothesis = signal_->notes;
  if (!signal_->action.empty()) {
    const std::string says = "its agent says " + signal_->action;
    if (notes.notes.find(says) == std::string::npos) {
      notes.notes += (notes.notes.empty() ? "" : "\n") + says;
    }
  }
  signal_.reset();
}

}  // namespace swarmlab::worker
