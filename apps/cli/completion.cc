// SPDX-License-Identifier: MIT OR Apache-2.0
// Completion for bash, zsh and fish. The scripts know nothing: they ask `0k __complete WORDS...`,
// which answers from the same description that parses, so they never grow stale.
#include "cli/arguments.h"

namespace zerok::apps {
namespace {

constexpr const char* kBash = R"(# bash completion of 0k: source <(0k completion bash)
_0k_complete() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") && compopt -o filenames 2>/dev/null ;;
      :folders) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "${COMP_WORDS[COMP_CWORD]}") && compopt -o filenames 2>/dev/null ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _0k_complete 0k
)";

constexpr const char* kZsh = R"(#compdef 0k
# zsh completion of 0k: put it into a folder of $fpath as _0k
_0k() {
  local -a answers
  answers=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case "${answers[1]}" in
    :files) _files ;;
    :folders) _files -/ ;;
    *) compadd -- "${answers[@]}" ;;
  esac
}
if [ "$funcstack[1]" = "_0k" ]; then _0k "$@"; else compdef _0k 0k; fi
)";

constexpr const char* kFish = R"(# fish completion of 0k: 0k completion fish | source
function __0k_complete
  for answer in (0k __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
    switch $answer
      case ':files'
        __fish_complete_path (commandline -ct)
      case ':folders'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $answer
    end
  end
end
complete -c 0k -f -a '(__0k_complete)'
)";

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// The option of this name ("--file", "-f") of a command.
const CLI::Option* find_option(const CLI::App& app, const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return nullptr;
  return app.get_option_no_throw(word);
}

const CLI::App* find_command(const CLI::App& app, const std::string& word) {
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == word) return command;
  }
  return nullptr;
}

// An option's value, by what its description says it is: FILE, DIR or {one,of,these}.
void add_values(const CLI::Option& option, Completion& out) {
  const std::string type = option.get_type_name();
  if (type.find("FILE") != std::string::npos) out.names = Completion::Names::kFiles;
  if (type.find("DIR") != std::string::npos) out.names = Completion::Names::kFolders;
  const auto open = type.find('{');
  const auto close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return;
  std::size_t at = open + 1;
  while (at < close) {
    const auto comma = std::min(type.find(',', at), close);
    out.words.push_back(type.substr(at, comma - at));
    at = comma + 1;
  }
}

void add_option_names(const CLI::App& app, Completion& out) {
  for (const CLI::Option* option : app.get_options({})) {
    for (const auto& name : option->get_lnames()) out.words.push_back("--" + name);
  }
}

}  // namespace

Completion complete(const CLI::App& top, const std::vector<std::string>& words) {
  const CLI::App* app = &top;
  const CLI::Option* wants_value = nullptr;
  std::size_t positionals = 0;
  const std::string last = words.empty() ? "" : words.back();
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "=") continue;  // bash makes a word of it
    if (wants_value != nullptr && word[0] != '-') {
      // An option that takes several keeps taking.
      if (wants_value->get_items_expected_max() == 1) wants_value = nullptr;
      continue;
    }
    wants_value = nullptr;
    if (const CLI::Option* option = find_option(*app, word)) {
      if (takes_value(*option)) wants_value = option;
    } else if (const CLI::App* next = find_command(*app, word)) {
      app = next;
    } else if (!word.empty() && word[0] != '-') {
      ++positionals;
    }
  }

  Completion out;
  if (last.starts_with("-")) {
    add_option_names(*app, out);
  } else if (wants_value != nullptr) {
    add_values(*wants_value, out);
  } else {
    for (const CLI::App* command : app->get_subcommands({})) {
      out.words.push_back(command->get_name());
    }
    std::size_t skip = positionals;
    for (const CLI::Option* option : app->get_options({})) {
      if (!option->get_positional() || skip-- > 0) continue;
      add_values(*option, out);
      break;
    }
  }
  const std::string prefix = last == "=" ? "" : last;
  std::erase_if(out.words, [&](const std::string& word) { return !word.starts_with(prefix); });
  return out;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

}  // namespace zerok::apps
