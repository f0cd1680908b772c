// The session of an agent that one slot keeps over several experiments ([agent]
// experiments_per_session): its name, and the home that its program remembers it in.
//
// Nothing but that goes from one experiment to the next. Each has a workspace, a sandbox, a bridge
// and a lease of its own, and no process of the agent lives between them; but where a command does
// the handshake ([agent] session), which lives on, held still, with its sandbox and workspace.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/model/report.h"
#include "common/os/file.h"
#include "common/result.h"
#include "worker/server/janitor.h"
#include "worker/server/link.h"
#include "worker/server/living_agent.h"

namespace swarmlab::worker {

/// Of one slot, so of one thread.
class AgentSession {
 public:
  AgentSession(std::string work_folder, Janitor& janitor)
      : work_folder_(std::move(work_folder)), janitor_(janitor) {}
  AgentSession(const AgentSession&) = delete;
  AgentSession& operator=(const AgentSession&) = delete;
  AgentSession(AgentSession&&) = delete;
  AgentSession& operator=(AgentSession&&) = delete;
  ~AgentSession() { end(); }

  /// Whether the agent of this lab is to be kept at all. \param sandbox  by its name: a program
  /// that sees where its workspace is on the host does not find its session in another.
  [[nodiscard]] static bool is_wanted(const LabSettings& settings, std::string_view sandbox);

  /// Ends what this task is not to go on with: the lab, its commit or its agent differ.
  void make_way(const Assignment& assignment);

  /// The session for an experiment: what is kept, or a new one.
  Result<void> begin(const Assignment& assignment);
  /// From here on a new one in its place: the program did not find the one that was kept.
  void begin_anew();

  /// A round of the agent ended well.
  void went(const std::string& id, const Cost& told);
  /// Nothing goes on with it.
  void end();
  /// What became of an experiment, which the next one is told.
  void judged(const Report& report, const ReportAnswer& answer);

  // Between begin() and end().
  [[nodiscard]] std::string home() const { return home_ ? home_->path() : std::string(); }
  [[nodiscard]] const std::string& id() const { return id_; }  // empty: a new one begins
  [[nodiscard]] std::uint32_t experiment() const { return experiments_; }  // from 1
  /// What the experiment before came to, in words; empty: this is the first.
  [[nodiscard]] const std::string& news() const { return news_; }
  /// What the program said that the session cost so far, where it counts sessions.
  [[nodiscard]] const Cost& told() const { return told_; }

  // Of the handshake, between begin() and end().

  /// A folder that stays as long as the session: an agent that lives on has its workspace in it.
  [[nodiscard]] const std::string& desk() const { return desk_->path(); }
  /// The agent that was held after its last turn; null: there is none.
  [[nodiscard]] const LivingAgent* living() const { return living_.get(); }
  std::unique_ptr<LivingAgent> take_living() { return std::move(living_); }
  /// \param tree  that its workspace was laid out with
  void keep_living(std::unique_ptr<LivingAgent> agent, const ObjectId& tree);
  [[nodiscard]] const ObjectId& laid_out() const { return laid_out_; }
  /// What it is to be told before it goes on. None: nothing came of its last experiment.
  [[nodiscard]] const std::optional<Told>& verdict() const { return verdict_; }

 private:
  // What a session is one with.
  struct Of {
    LabId lab;
    ObjectId lab_commit;
    swarmlab::Agent agent;
    decltype(LabSettings::sandbox) sandbox;
    bool operator==(const Of&) const = default;
  };
  [[nodiscard]] static Of of(const Assignment& assignment);

  std::string work_folder_;
  Janitor& janitor_;
  std::optional<Of> of_;
  std::optional<TempFolder> home_;
  std::string id_;
  std::uint32_t experiments_ = 0;
  ExperimentNumber last_;
  std::string news_;
  Cost told_;
  std::optional<TempFolder> desk_;
  std::unique_ptr<LivingAgent> living_;
  ObjectId laid_out_;
  std::optional<Told> verdict_;
  std::uint32_t most_ = 1;
};

}  // namespace swarmlab::worker
