"""`awaken new`: make a project whose tests pass at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.failures import CommandError, UsageError, explain_failures
from awaken.cli.settings import JsonOutputOption  # noqa: TC001 -- typer reads the annotations
from awaken.scaffold.template_name import Template

if TYPE_CHECKING:
    from awaken.scaffold.project import Project

__all__ = ["new"]


@explain_failures
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the project, such as my-orders.")],
    template: Annotated[
        Template,
        typer.Option(
            "--template",
            case_sensitive=False,
            help=(
                "What to begin with. minimal: a handler that waits for an answer; approvals: people are asked, "
                "reminded, and answer a form; fastapi: HTTP routes start and answer handlers."
            ),
        ),
    ] = Template.MINIMAL,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--directory",
            metavar="DIR",
            help="Where to write it: a folder that is empty or not there yet.  [default: NAME]",
        ),
    ] = None,
    json_output: JsonOutputOption = False,
) -> None:
    """Make a project whose tests pass at once.

    It has a module with an application, tests of it, and a README with the first commands.
    """
    from awaken.scaffold.project import create_project

    try:
        project = create_project(name, template, Path(name) if directory is None else directory)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except FileExistsError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"cannot write {error.filename}: {error.strerror}") from error
    _print(project, json_output=json_output)


def _print(project: Project, *, json_output: bool) -> None:
    import shlex

    from awaken.cli.output import print_json, print_text

    steps = [
        f"cd {shlex.quote(str(project.directory))}",
        "pip install -e '.[test]'",
        "pytest",
        f"awaken dev {project.module}:app",
    ]
    if json_output:
        print_json(
            {
                "name": project.name,
                "module": project.module,
                "template": project.template.value,
                "directory": str(project.directory),
                "files": list(project.files),
                "next": steps,
            }
        )
        return
    print_text(f"made {project.directory} with {', '.join(project.files)}")
    print_text("\n".join(["next:", *steps]))
