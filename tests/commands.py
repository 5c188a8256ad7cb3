"""The command line in this process, for tests of verbs."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from registry.cli import app
from registry.errors import RegistryError


def command_on(registry: Path, columns: int = 80) -> Callable[..., Result]:
    """The command on a registry, or on another one by ``path``; a foreseen error is raised, as `main` gets it."""

    def run(*words: object, code: int = 0, path: Path = registry) -> Result:
        given = ["--registry", str(path), *map(str, words)]
        result = CliRunner().invoke(app, given, env={"COLUMNS": str(columns)})
        if isinstance(result.exception, RegistryError):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return run
