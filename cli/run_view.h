// What `run` shows: a line for each verdict, and on a terminal below them what runs now and the
// best so far. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/views.h"

namespace swarmlab::cli {

class RunView {
 public:
  explicit RunView(const Context& context) : context_(context), live_(context.width > 0) {}
  RunView(const RunView&) = delete;
  RunView& operator=(const RunView&) = delete;
  RunView(RunView&&) = delete;
  RunView& operator=(RunView&&) = delete;
  ~RunView() { erase(); }

  /// Whether there is a terminal to draw on.
  [[nodiscard]] bool live() const { return live_ && !context_.quiet && !context_.json; }
  /// \param names_lab  there are several
  void verdict(schema::ExperimentView::Reader experiment, bool names_lab);
  // A lab, and what of it runs now.
  struct Now {
    schema::LabView::Reader lab;
    Experiments running;
  };
  void draw(const std::deque<Now>& labs);
  void erase();
  /// At the end: how each went and what to try next.
  void summary(const std::vector<schema::LabView::Reader>& labs, const std::string& command_lab);

 private:
  void line(std::string text);
  void outcome(schema::LabView::Reader lab);

  const Context& context_;
  bool live_;
  std::size_t drawn_ = 0;  // lines below the cursor's first
};

}  // namespace swarmlab::cli
