"""deploy/compose.yaml: what its specification does not ask."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from compose_spec import PyCompose

from artel.store.roles import role_urls
from tests.support.deployment import DEPLOY, compose, is_command, known_variables

SERVICES: Final[Mapping[str, Mapping[str, Any]]] = compose()["services"]
ONCE: Final = {"secrets", "migrate", "finish"}
OURS: Final = {*ONCE, "api", "worker"}
OF_OTHERS: Final = re.compile(r"POSTGRES_|QDRANT__|QDRANT_INIT_FILE_PATH$|GF_|ARTEL_(PROMETHEUS|POSTGRES)_")

each = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", sorted(OURS))


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def test_it_meets_the_specification() -> None:
    document = compose()
    for service in document["services"].values():
        service.pop("extra_hosts", None)  # `host-gateway` is the specification's, and unknown to the library

    read = PyCompose.from_yaml(yaml.safe_dump(document))

    assert set(read.service_names()) == set(SERVICES)


@pytest.mark.parametrize(
    ("part", "wrong"), [("api", {"depends_on": 7}), ("api", {"restart": ["always"]}), ("worker", {"ports": "x"})]
)
def test_the_specification_is_asked_indeed(part: str, wrong: Mapping[str, Any]) -> None:
    document = compose()
    document["services"][part] |= wrong

    with pytest.raises(ValueError, match="services"):
        PyCompose.from_yaml(yaml.safe_dump(document))


@each
def test_every_container_is_behind_the_same_walls(name: str) -> None:
    service = SERVICES[name]

    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & set(service)


@each
def test_images_have_a_version(name: str) -> None:
    assert re.search(r":v?\d+\.\d+\.?\d*(-[\w.]+)?$", SERVICES[name]["image"])


@each
def test_who_stays_is_looked_after(name: str) -> None:
    service = SERVICES[name]

    if name in ONCE:
        assert service["healthcheck"] == {"disable": True}
        assert service["restart"] == "no"
    else:
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
        assert service["restart"] == "unless-stopped"
        assert seconds(service["stop_grace_period"]) >= 15


def test_only_the_page_and_the_dashboards_are_published_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"api": ["127.0.0.1:8000:8000"], "grafana": ["127.0.0.1:3000:3000"]}


def test_stores_are_in_a_network_that_leads_nowhere() -> None:
    networks = compose()["networks"]
    reachable = {name for name, network in networks.items() if not network.get("internal")}

    assert reachable == {"outside"}
    for name in ("postgres", "valkey", "qdrant", "prometheus", "migrate", "finish"):
        assert not reachable & set(SERVICES[name]["networks"]), name
    assert SERVICES["secrets"]["network_mode"] == "none"


@each
def test_every_variable_exists(name: str) -> None:
    for variable in SERVICES[name].get("environment", {}):
        assert variable in known_variables() or (name not in OURS and OF_OTHERS.match(variable)), variable


def test_every_variable_of_the_environment_is_one_of_ours_too() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))

    assert asked - known_variables() == {"ARTEL_BIND", "ARTEL_PORT", "GRAFANA_PORT"}


@each_of_ours
def test_commands_exist(name: str) -> None:
    if name != "secrets":
        assert is_command(SERVICES[name]["command"])


def test_only_the_migration_migrates_and_is_an_administrator() -> None:
    commands = {name: service.get("command", []) for name, service in SERVICES.items()}
    migrating = {name: command for name, command in commands.items() if "migrate" in command}
    mounting = {name for name, service in SERVICES.items() if any("secrets-migrate" in v for v in service["volumes"])}

    assert migrating == {"migrate": ["migrate", "--before"], "finish": ["migrate", "--after"]}
    assert mounting == {"secrets", "migrate", "finish"}
    assert SERVICES["api"]["environment"]["DATABASE_URL"] == "postgresql://postgres:5432/artel"


def test_who_does_not_migrate_needs_no_login() -> None:
    administrator = role_urls("postgresql://postgres:secret@postgres:5432/artel", "a key")

    assert role_urls("postgresql://postgres:5432/artel", "a key") == administrator


def test_the_order_is_secrets_stores_migration_artel_and_the_rest_of_the_migration() -> None:
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    finished, healthy = "service_completed_successfully", "service_healthy"

    assert waits["postgres"]["secrets"]["condition"] == finished
    assert waits["migrate"]["postgres"]["condition"] == healthy
    for name in ("api", "worker"):
        assert waits[name]["migrate"]["condition"] == finished
        assert waits["finish"][name]["condition"] == healthy


def test_they_are_given_the_time_to_drain() -> None:
    for name in ("api", "worker"):
        drain = int(SERVICES[name]["environment"]["ARTEL_DRAIN_SECONDS"])
        assert seconds(SERVICES[name]["stop_grace_period"]) >= drain + 20


@each
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"KEY|PASSWORD|TOKEN|SECRET", variable):
            assert value == "" or (value.startswith(("/secrets/", "/admin/")) and variable.endswith("_FILE")), variable
        assert "@" not in value


@each
def test_nobody_is_given_a_secret_of_another(name: str) -> None:
    given = {volume.split(":")[0] for volume in SERVICES[name]["volumes"] if volume.startswith("secrets-")}
    allowed = {"migrate": {"secrets-artel", "secrets-migrate"}, "worker": {"secrets-artel"}, "api": {"secrets-artel"}}
    allowed["finish"] = allowed["migrate"]

    assert name == "secrets" or given <= allowed.get(name, {f"secrets-{name}"})


def secret_volumes(name: str) -> dict[str, str]:
    """The folder of each volume of secrets that a service has, by its place in the container."""
    volumes = [volume.split(":") for volume in SERVICES[name]["volumes"] if volume.startswith("secrets-")]
    return {place: volume.removeprefix("secrets-") for volume, place, *_ in volumes}


def test_every_secret_that_is_asked_for_is_made(tmp_path: Path) -> None:
    for part in secret_volumes("secrets").values():
        (tmp_path / part).mkdir()
    make(tmp_path)

    asked = [
        (name, place, file)
        for name, service in SERVICES.items()
        for place, file in re.findall(r"(/(?:secrets|admin))/([\w.-]+)", str({**service, "volumes": None}))
        if name != "secrets"
    ]
    assert len(asked) > 10
    for name, place, file in asked:
        assert (tmp_path / secret_volumes(name)[place] / file).read_text().strip(), (name, place, file)


def make(directory: Path) -> None:
    command = [sys.executable, DEPLOY / "make_secrets.py"]
    subprocess.run(command, env={**os.environ, "SECRETS_DIR": str(directory)}, check=True)


def contents(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_secrets_are_made_once_and_never_alike(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        for part in ("artel", "migrate", "postgres", "valkey", "qdrant", "grafana"):
            (directory / part).mkdir(parents=True)
    make(first)
    before = contents(first)
    (first / "migrate/database-url").unlink()

    make(first)
    make(second)

    assert contents(first) == before
    assert all(value != contents(second)[name] for name, value in before.items())
    assert all((first / name).stat().st_mode & 0o777 == 0o444 for name in before)
    assert before["postgres/password"] in before["migrate/database-url"]
    assert before["artel/valkey-password"] in before["valkey/valkey.conf"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, DEPLOY / "make_secrets.py"],
        env={**os.environ, "SECRETS_DIR": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The secrets cannot be written")


def test_what_is_mounted_from_here_exists() -> None:
    sources = {
        volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"] if volume[0] == "."
    }

    assert "./make_secrets.py" in sources
    for source in sources:
        if source.startswith(("./prometheus", "./grafana")) and not (DEPLOY / "prometheus").exists():
            continue  # they come with docs/watching.md
        assert (DEPLOY / source).exists(), source


def test_settings_of_the_environment_reach_artel() -> None:
    services = compose({"OPENAI_API_KEY": "mine", "ARTEL_PORT": "9000"})["services"]

    assert services["worker"]["environment"]["OPENAI_API_KEY"] == "mine"
    assert services["api"]["ports"] == ["127.0.0.1:9000:8000"]
