// Asking the swarm: over the wire where a coordinator runs, else straight from the store on disk.
// Both ways end in the same views. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>

#include "cli/context.h"
#include "common/result.h"
#include "common/wire/message_codec.h"

namespace swarmlab::cli {

using FillBody = std::function<void(schema::Envelope::Body::Builder)>;
using FillQuery = std::function<void(schema::Query::Builder)>;

/// Who answers. Tests answer from views that they made.
class Answerer {
 public:
  Answerer() = default;
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;
  Answerer(Answerer&&) = delete;
  Answerer& operator=(Answerer&&) = delete;
  virtual ~Answerer() = default;

  /// The bytes of the reply envelope to the request that `fill` makes.
  [[nodiscard]] virtual Result<std::string> answer(const FillBody& fill, Milliseconds timeout) = 0;
  /// Sends the request, and gives what answer() will say. As a default waits for it.
  [[nodiscard]] virtual std::future<Result<std::string>> begin(const FillBody& fill,
                                                               Milliseconds timeout);
  /// Whether a coordinator answers, which can be steered and waited for.
  [[nodiscard]] virtual bool is_live() const = 0;
};

class Swarm {
 public:
  /// With --connect (or SWARMLAB_CONNECT) that coordinator; else the repository's own, if one runs;
  /// else the store that it left. not_found if there is neither.
  [[nodiscard]] static Result<std::unique_ptr<Swarm>> open(const Context& context);
  explicit Swarm(std::unique_ptr<Answerer> answerer) : answerer_(std::move(answerer)) {}

  /// Asks a query. What the coordinator refuses comes back as its error.
  [[nodiscard]] Result<wire::Incoming> ask(const FillQuery& fill,
                                           Milliseconds timeout = std::chrono::seconds(20));
  /// Any other request; unavailable if no coordinator runs.
  [[nodiscard]] Result<wire::Incoming> request(const FillBody& fill,
                                               Milliseconds timeout = std::chrono::seconds(20));
  /// A request whose answer is looked at later, by reply_of(): several may be on their way.
  [[nodiscard]] std::future<Result<std::string>> begin(const FillBody& fill, Milliseconds timeout) {
    return answerer_->begin(fill, timeout);
  }
  [[nodiscard]] static Result<wire::Incoming> reply_of(Result<std::string> bytes);
  [[nodiscard]] bool is_live() const { return answerer_->is_live(); }

  /// The lab that a query means: LAB, the nearest lab.toml's, or the only lab of the swarm.
  [[nodiscard]] Result<std::string> lab_of(const Context& context);
  /// The same, or a part of the tree of labs: "" is all of it.
  [[nodiscard]] Result<std::string> place_of(const Context& context);

 private:
  [[nodiscard]] Result<std::string> only_lab();
  [[nodiscard]] Result<wire::Incoming> exchange(const FillBody& fill, Milliseconds timeout);

  std::unique_ptr<Answerer> answerer_;
};

}  // namespace swarmlab::cli
