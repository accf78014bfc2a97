"""`mledger completion`: the script that teaches a shell our nouns, verbs, options and ids."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# click's own script splits and globs what is offered. Each line here is one word, whatever is in it.
_BASH = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            dir,*) compopt -o dirnames ;;
            file,*) compopt -o default ;;
            plain,*) COMPREPLY+=("${line#plain,}") ;;
        esac
    done < <(IFS=$'\\n'; env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        %(complete_var)s=bash_complete "$1")
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_MEANS_SOMETHING = re.compile(r"([^\w@%+:,./#=~-]|^[#~])")


def known_to_click() -> None:
    """Lets click answer bash in our words: each offered name as bash must be given it, spaces and all."""
    from click.shell_completion import BashComplete, add_completion_class

    class Bash(BashComplete):
        source_template = _BASH

        def format_completion(self, item: CompletionItem[Any]) -> str:
            return f"{item.type},{_as_typed(item.value, _word_under_the_cursor())}"

    add_completion_class(Bash)


def _word_under_the_cursor() -> str:
    words, at = os.environ.get("COMP_WORDS", "").split("\n"), int(os.environ.get("COMP_CWORD", "0"))
    return words[at] if at < len(words) else ""


def _as_typed(value: str, begun: str) -> str:
    """A value as it stands in the command line: as it is within a quote that was opened, else escaped."""
    if begun[:1] == "'":
        return value.replace("'", "'\\''")
    if begun[:1] == '"':
        return re.sub(r'(["$`\\])', r"\\\1", value)
    return _MEANS_SOMETHING.sub(r"\\\1", value)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  mledger completion bash > ~/.local/share/bash-completion/completions/mledger
    zsh:   mledger completion zsh > "${fpath[1]}/_mledger"
    fish:  mledger completion fish > ~/.config/fish/completions/mledger.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    root = click.get_current_context().find_root()
    program = root.info_name or ""
    known_to_click()
    kind = get_completion_class(shell)
    assert kind is not None, "click knows every shell of the choice"
    # The base class's source(): bash's own starts a bash, which may not be here, for its version.
    click.echo(
        ShellComplete.source(kind(root.command, {}, program, f"_{program.upper()}_COMPLETE")),
        nl=False,
    )
