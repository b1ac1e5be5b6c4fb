"""The entry point: builds the command asked for, runs it, and turns whatever happens into an exit code.

0 answered, yes or accepted; 1 the answer is no; 2 bad usage or input; 3 undecided or incomplete; 4 under-covered or
vacuous; 5 infrastructure; 70 internal error; 130 Ctrl-C; 141 the reader of stdout went away.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from varproof import __version__
from varproof.base.errors import InputError
from varproof.cli.commands import COMMANDS, GROUPS, Command, split_docstring
from varproof.cli.failures import InfrastructureError, report_failure

_SETTINGS = {"help_option_names": ["--help", "-h"]}
_EARLY = ("--version", "--help", "-h")  # the options that may stand before the command
ABOUT = "Do complexity theorems about attention hold at my parameters, and what do they buy me?"


class _PlainHelp:
    """Shows `--help` without the type of its value, which it does not take."""

    def get_help_option(self, ctx: Any) -> Any:
        option: Any = super().get_help_option(ctx)  # type: ignore[misc]  # of the class beside it below
        if option is not None:
            option.metavar = ""
        return option


class _Command(_PlainHelp, TyperCommand):
    """A command of ours."""


class _Group(_PlainHelp, TyperGroup):
    """The commands of one word, or all of them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `varproof` on `argv` (default: the arguments of this process) and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if sys.stdout is None:
            raise InfrastructureError("stdout is closed, there is nowhere to write the answer")
        command = typer.main.get_command(build(arguments))
        try:
            with command.make_context("varproof", list(arguments)) as context:
                code = command.invoke(context)
        except typer.Exit as done:
            code = done.exit_code
        sys.stdout.flush()
        return int(code or 0)
    except BaseException as error:
        return report_failure(error, arguments)


def build(arguments: Sequence[str]) -> typer.Typer:
    """The typer application in which only the commands that `arguments` names have their module imported.

    Raises `InputError` for an unknown command, with the nearest known one as the hint.
    """
    asked = _command_words(arguments)
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode="rich",
        no_args_is_help=False,
        help=ABOUT,
        context_settings=_SETTINGS,
        cls=_Group,
    )
    app.callback(invoke_without_command=True)(_top_level)
    groups: dict[str, typer.Typer] = {}
    for command in COMMANDS:
        parent = app
        if len(command.words) == 2:
            name = command.words[0]
            if name not in groups:
                groups[name] = typer.Typer(
                    add_completion=False, rich_markup_mode="rich", no_args_is_help=False, cls=_Group
                )
                app.add_typer(
                    groups[name], name=name, help=GROUPS[name], callback=_group_level, invoke_without_command=True
                )
            parent = groups[name]
        _register(parent, command, wanted=asked[: len(command.words)] == command.words)
    return app


def _command_words(arguments: Sequence[str]) -> tuple[str, ...]:
    """The one or two words that name the command; () when only options were given."""
    first = next((i for i, word in enumerate(arguments) if not word.startswith("-")), None)
    if first is None:
        return ()
    name = arguments[first]
    names = list(dict.fromkeys(command.words[0] for command in COMMANDS))
    early = next((word for word in arguments[:first] if word not in _EARLY), None)
    if early is not None:
        asked = next((word for word in arguments[first:] if word in names), "COMMAND")
        hint = f"put it after the command: varproof {asked} {early}"
        raise InputError("an option stands before the command", got=early, allowed=", ".join(_EARLY), hint=hint)
    _known(name, names, "command")
    rest = arguments[first + 1 :]
    if name in GROUPS and rest and not rest[0].startswith("-"):
        _known(rest[0], [c.words[1] for c in COMMANDS if c.words[0] == name], f"command of `varproof {name}`")
        return name, rest[0]
    return (name,)


def _known(word: str, names: Sequence[str], what: str) -> None:
    if word in names:
        return
    near = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean {near[0]}?" if near else "varproof --help lists the commands"
    raise InputError(f"unknown {what}", got=word, allowed=", ".join(names), hint=hint)


def _register(parent: typer.Typer, command: Command, *, wanted: bool) -> None:
    name = command.words[-1]
    if not wanted:  # listed by its summary, nothing imported; never called because another command was asked for
        parent.command(name, help=command.summary)(_unloaded)
        return
    function = command.load()
    text, examples = split_docstring(function.__doc__ or "")
    text = "\n\n".join(
        " ".join(paragraph.split()) for paragraph in text.split("\n\n")
    )  # folded to the terminal's width
    epilog = "\n\n".join(["Example:", *examples])
    parent.command(name, help=text, short_help=command.summary, epilog=epilog, cls=_Command)(function)


def _unloaded() -> None:
    """A command that was not asked for."""


def _show_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"varproof {__version__}\n")
        raise typer.Exit(0)


def _top_level(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    _help_when_alone(context)


def _group_level(context: typer.Context) -> None:
    _help_when_alone(context)


def _help_when_alone(context: Any) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit(0)
