"""Dockerfile and compose file, as far as they can be checked without an engine."""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from gridhedge.cli.run_command import command as run_command
from gridhedge.cli.serve_command import command as serve_command
from gridhedge.domain.errors import UsageError
from gridhedge.server.serve import Options, Secrets, check_exposure

COMMANDS = {"serve": serve_command, "run": run_command}
SERVICES = ("server", "bot", "dev")


def instructions(root: Path) -> list[tuple[str, str]]:
    """Name and arguments of each line of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n", " ", (root / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def last(root: Path, name: str) -> str:
    """The instruction of this name that the image ends with."""
    return [arguments for found, arguments in instructions(root) if found == name][-1]


@pytest.fixture
def compose(root: Path) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((root / "compose.yaml").read_text())["services"]
    return services


def test_the_image_runs_as_nobody_in_particular(root: Path) -> None:
    """A number, so that an engine can see that it is not root; the last stage sets it before anything runs."""
    names = [name for name, _ in instructions(root)]
    assert last(root, "USER") == "10001:10001"
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_everything_copied_exists_and_is_let_through(root: Path) -> None:
    """.dockerignore keeps everything out but what is named in it."""
    ignored = (root / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for _, arguments in [found for found in instructions(root) if found[0] == "COPY"]:
        words = [word for word in shlex.split(arguments) if not word.startswith("--")]
        if "--from" in arguments:
            continue
        for source in words[:-1]:
            assert (root / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignored


def test_only_locked_wheels_get_into_the_image(root: Path) -> None:
    """Exact versions with hashes, no code that runs while installing."""
    installs = [arguments for name, arguments in instructions(root) if name == "RUN" and "pip install" in arguments]
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all: --requirement requirements/image.txt" in installs[0]
    assert "--no-deps" in installs[1]
    lock = (root / "requirements" / "image.txt").read_text()
    for wanted in ("fastapi", "uvicorn", "cryptography", "pybit", "click", "setuptools"):
        assert re.search(rf"^{wanted}==", lock, re.MULTILINE), wanted
    assert re.search(r"://|index-url|find-links|trusted-host", lock) is None


def test_the_image_knows_whether_it_is_well(root: Path) -> None:
    """The check is Python that parses, and asks the port that the server listens on."""
    check = json.loads(last(root, "HEALTHCHECK").split("CMD ")[1])
    assert check[:2] == ["python", "-c"]
    ast.parse(check[2])
    assert f"127.0.0.1:{last(root, 'EXPOSE')}/health" in check[2]


def test_nothing_secret_is_written_into_the_image(root: Path) -> None:
    """Keys come from outside when it runs."""
    text = (root / "Dockerfile").read_text()
    assert re.search(r"(?i)secret|api_?key|token|password", text) is None


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_hardened(compose: dict[str, Any], service: str) -> None:
    """Read-only root, no capabilities, no new privileges, bounded; only its data can be written."""
    found = compose[service]
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in found["security_opt"]
    assert found["pids_limit"] <= 512
    assert "privileged" not in found
    writable = [volume for volume in found["volumes"] if not volume.endswith(":ro")]
    assert [volume.split(":")[1] for volume in writable] == ["/data"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_says_what_the_command_line_understands(compose: dict[str, Any], service: str) -> None:
    """Each option exists; profile files are not opened here."""
    name, *options = compose[service]["command"]
    command = COMMANDS[name]
    known = {flag for option in command.params if isinstance(option, click.Option) for flag in option.opts}
    assert {option for option in options if option.startswith("--")} <= known


def test_the_bot_is_not_started_again_and_again_by_an_emergency_stop(compose: dict[str, Any]) -> None:
    """Docker starts whatever ends, with whatever code: it waits instead of ending with 4."""
    assert compose["bot"]["restart"] == "unless-stopped"
    assert "--await-resume" in compose["bot"]["command"]


def test_ports_are_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    """A proxy with TLS stands in front of it."""
    ports = [port for service in compose.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_service_needs_the_settings_of_another(root: Path) -> None:
    """Compose reads the whole file before it looks at profiles: one ``${NAME:?}`` would keep everything from starting
    (docker/compose issue 11977). The server refuses by itself, and says why."""
    text = re.sub(r"#.*", "", (root / "compose.yaml").read_text())
    assert re.search(r"\$\{\w+:?\?", text) is None
    with pytest.raises(UsageError, match="set BOT_SECRET"):
        check_exposure(Options("0.0.0.0", 8082, root / "data"), Secrets())


def test_no_secret_has_a_default_outside_development(compose: dict[str, Any]) -> None:
    """What is not given is empty."""
    for name in ("BOT_SECRET", "ADMIN_KEY", "ENCRYPTION_KEY"):
        assert compose["server"]["environment"][name] == f"${{{name}-}}"


def test_all_services_fit_beside_each_other(compose: dict[str, Any]) -> None:
    """``docker compose --profile dev up`` starts the server as well: no port of this machine is asked for twice."""
    ports = [port.rpartition(":")[0] for service in compose.values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports)) == 2


def test_the_bot_comes_back_after_the_machine_does(compose: dict[str, Any]) -> None:
    """on-failure would leave it down: an engine that starts anew starts only what was not stopped by a person."""
    assert {compose[name]["restart"] for name in ("server", "bot")} == {"unless-stopped"}


def test_the_base_is_an_exact_version(root: Path) -> None:
    """Both stages have the same one: the environment that is copied belongs to its Python."""
    base = re.search(r"^ARG BASE=(\S+)$", (root / "Dockerfile").read_text(), re.MULTILINE)
    assert base is not None
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base[1])
    assert [arguments.split()[0] for name, arguments in instructions(root) if name == "FROM"] == ["${BASE}"] * 2


def test_signals_reach_the_bot(root: Path, compose: dict[str, Any]) -> None:
    """The program itself is started, not a shell that would keep SIGTERM to itself; an init reaps and passes on."""
    assert json.loads(last(root, "ENTRYPOINT")) == ["gridhedge"]
    assert last(root, "STOPSIGNAL") == "SIGTERM"
    assert all(compose[service]["init"] is True for service in SERVICES)


def test_developers_have_a_profile_of_their_own(compose: dict[str, Any]) -> None:
    """``docker compose --profile dev up dev`` reloads; nothing of it starts otherwise."""
    assert compose["dev"]["profiles"] == ["dev"]
    assert {"--reload", "--debug"} <= set(compose["dev"]["command"])
    assert "profiles" not in compose["server"]


def test_the_bots_health_check_parses(compose: dict[str, Any]) -> None:
    """It looks at the age of what a running bot writes."""
    ast.parse(compose["bot"]["healthcheck"]["test"][3])
