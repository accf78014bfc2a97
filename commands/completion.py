"""`mledger completion`: the script that teaches a shell our nouns, verbs, options and ids."""

from __future__ import annotations

import click


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

    from commands.main import COMPLETE_VARIABLE, PROGRAM, root

    kind = get_completion_class(shell)
    assert kind is not None, "click knows every shell of the choice"
    # The base class's source(): bash's own starts a bash, which may not be here, for its version.
    click.echo(ShellComplete.source(kind(root, {}, PROGRAM, COMPLETE_VARIABLE)), nl=False)
