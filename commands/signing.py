"""`--sign`: what is to be recorded is shown, signed by the stock `ssh-keygen`, and recorded with its signature.

Private keys stay where they are: in the agent, or in their file behind the passphrase that ssh-keygen asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from commands.terminal import say
from ledger.errors import Failure, InputInvalid, NotFound

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.events import Signature
    from ledger.statements import AnyStatement, Statement
    from ledger.store.request_digest import Request

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_KEY = "~/.ssh/id_ed25519"


@dataclass(frozen=True, slots=True)
class Pen:
    """The key to sign with: a private key's file, or a public one whose private half the agent has."""

    key: Path

    def sign(self, statement: AnyStatement) -> Signature:
        """The signature over a statement.

        Raises Failure where ssh-keygen is missing or does not sign, InputInvalid where what it signs with is
        of a type that is not taken.
        """
        import subprocess

        from ledger.events import Signature
        from ledger.proof.sshsig import parse_signature

        words = ["-Y", "sign", "-f", str(self.key), "-n", statement.namespace]
        done = subprocess.run(
            [_ssh_keygen(), *words], input=statement.text, capture_output=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="backslashreplace").strip().splitlines()
            raise Failure(
                "signing-failed",
                f"ssh-keygen did not sign with {self.key}: {said[-1] if said else 'no reason given'}",
                hint="nothing was recorded; try: ssh-add, or --key FILE",
            )
        armored = done.stdout.decode("ascii")
        key = parse_signature(armored).key.fingerprint
        return Signature(nonce=statement.nonce, key=key, armored=armored)


def _ssh_keygen() -> str:
    import shutil

    found = shutil.which("ssh-keygen")
    if found is None:
        raise Failure(
            "ssh-keygen-missing",
            "ssh-keygen is not installed, and signs nothing",
            hint="install OpenSSH's client (Debian: apt-get install openssh-client)",
        )
    return found


def sign_options(function: F) -> F:
    """The options --sign and --key; the command gets a `pen`, or None."""

    @wraps(function)
    def call(*args: Any, sign: bool, key_file: str | None, **kwargs: Any) -> Any:
        return function(*args, pen=_pen(sign, key_file), **kwargs)

    keyed = click.option(
        "--key",
        "key_file",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help=f"The key to sign with.  [default: {DEFAULT_KEY}]",
    )
    flagged = click.option("--sign", is_flag=True, help="Sign it with your SSH key.")
    return cast("F", flagged(keyed(call)))


def _pen(sign: bool, key_file: str | None) -> Pen | None:
    if not sign:
        if key_file is not None:
            raise InputInvalid("usage", "--key says with what to sign", hint="add --sign")
        return None
    key = Path(key_file or DEFAULT_KEY).expanduser()
    if not key.exists() and not key.with_name(f"{key.name}.pub").exists():
        raise InputInvalid(
            "signing-key-missing",
            f"there is no key {key}",
            hint="give --key FILE, or make one: ssh-keygen -t ed25519",
        )
    return Pen(key)


def signed(session: Session, requests: Sequence[Request], pen: Pen | None) -> Sequence[Request]:
    """The requests with their signatures; as they are without a pen, or where their outcome is recorded already."""
    import secrets

    from msgspec import structs

    from ledger.statements import Statement
    from ledger.store.perform import to_sign

    if pen is None or session.first_position() is not None:
        return requests
    nonces = [secrets.token_hex(16) for _ in requests]
    try:
        statements = to_sign(session.ledger, requests, session.context(), nonces)
    except NotFound as problem:
        raise session.with_suggestion(problem, requests) from None
    for statement in statements:
        assert isinstance(statement, Statement)
        say(f"to sign: {in_words(statement)}")
        say(f"  {statement.text.decode()}")
    return [
        (contract, structs.replace(intent, signature=pen.sign(statement)))
        for (contract, intent), statement in zip(requests, statements, strict=True)
    ]


def in_words(statement: Statement) -> str:
    """A statement as a person reads it."""
    from ledger.money import display_minor

    subject, amount = statement.subject, statement.amount
    name = f"{statement.contract}/{subject.milestone}" if subject.milestone else statement.contract
    money = f"{display_minor(amount.minor, amount.currency)} {amount.currency}"
    return (
        f"{statement.act} by {statement.by} as {statement.role}: {name}"
        f" {subject.kind} #{subject.version}, {money}, on {statement.on}"
    )
