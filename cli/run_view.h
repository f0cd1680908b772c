// What `run` shows: a line for each verdict, and on a terminal below them what runs now and the
// best so far. For .cc files only: it includes Cap'n Proto.
#pragma once

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
  void verdict(schema::ExperimentView::Reader experiment);
  void draw(schema::LabView::Reader lab, const std::vector<schema::ExperimentView::Reader>& running,
            const std::vector<std::string>& idle);
  void erase();
  /// At the end: how it went and what to try next.
  void summary(schema::LabView::Reader lab, const std::string& command_lab);

 private:
  void line(std::string text);

  const Context& context_;
  bool live_;
  std::size_t drawn_ = 0;  // lines below the cursor's first
};

}  // namespace swarmlab::cli
