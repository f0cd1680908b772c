#include "cli/tree_lines.h"

#include <fmt/format.h>

#include <map>

#include "cli/text.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

struct Node {
  std::optional<schema::LabView::Reader> lab;
  std::map<std::string, Node> below;
};

std::string suffix_of(const Node& node) {
  if (!node.lab) return "/";
  const auto from = count_of(node.lab->getBranchedFrom());
  return from ? fmt::format(" (from #{})", *from) : "";
}

// A folder with one thing in it is no line of its own.
void write(const std::string& label, const Node& node, std::size_t depth,
           std::vector<TreeLine>& lines) {
  if (!node.lab && node.below.size() == 1) {
    const auto& [name, only] = *node.below.begin();
    return write(label + "/" + name, only, depth, lines);
  }
  lines.push_back(
      {.label = std::string(2 * depth, ' ') + one_line(label) + suffix_of(node), .lab = node.lab});
  for (const auto& [name, below] : node.below) write(name, below, depth + 1, lines);
}

}  // namespace

std::vector<TreeLine> as_tree(capnp::List<schema::LabView>::Reader labs) {
  Node root;
  for (const auto lab : labs) {
    Node* at = &root;
    for (const auto part : lab.getPath()) at = &at->below[text_of(part)];
    if (lab.getPath().size() == 0) at = &at->below[text_of(lab.getName())];  // of an older release
    at->lab = lab;
  }
  std::vector<TreeLine> lines;
  for (const auto& [name, node] : root.below) write(name, node, 0, lines);
  return lines;
}

}  // namespace swarmlab::cli
