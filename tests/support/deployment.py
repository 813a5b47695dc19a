"""What stands in deploy/, as Docker and Helm would see it."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

import typer.main
import yaml

from artel.cli import cli
from artel.settings import Settings

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"

Object = Mapping[str, Any]

_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")

BUNDLED: Final[Object] = {}
EXTERNAL: Final[Object] = {
    "secrets": {"existingSecret": "mine"},
    "postgresql": {"enabled": False},
    "database": {
        "existingSecret": "urls",
        "urlKeys": ["one", "two"],
        "migrationUrlKeys": ["root-one", "root-two"],
    },
    "valkey": {"enabled": False, "existingSecret": "redis"},
    "qdrant": {"enabled": False, "url": "https://qdrant.example.org:6333", "existingSecret": "qdrant"},
}
OWN_ROLES: Final[Object] = {**EXTERNAL, "database": {**EXTERNAL["database"], "rolesExist": True}}
EVERYTHING: Final[Object] = {
    "image": {"digest": f"sha256:{'0' * 64}", "pullSecrets": [{"name": "registry"}]},
    "config": {"ARTEL_REGISTRATION": "open", "ARTEL_UPLOAD_MB": 50, "ARTEL_READ_CHATS": False},
    "models": {"existingSecret": "models"},
    "api": {"podAnnotations": {"a": "b"}, "nodeSelector": {"disk": "fast"}, "tolerations": [{"operator": "Exists"}]},
    "worker": {"env": [{"name": "ARTEL_LOG_LEVEL", "value": "debug"}], "affinity": {"nodeAffinity": {}}},
    "autoscaling": {"customMetrics": True},
    "ingress": {"enabled": True, "host": "artel.example.org", "tls": {"secretName": "tls"}, "annotations": {"c": "d"}},
    "networkPolicy": {
        "apiFrom": [{"namespaceSelector": {}}],
        "egress": {"extra": [{"ports": [{"protocol": "TCP", "port": 11434}]}]},
    },
    "service": {"annotations": {"e": "f"}},
    "metrics": {
        "serviceMonitor": {"enabled": True, "labels": {"g": "h"}},
        "prometheusRule": {"enabled": True},
        "existingSecret": "figures",
        "grafana": {"existingSecret": "figures"},
    },
}
NOTHING: Final[Object] = {
    **EXTERNAL,
    "qdrant": {"enabled": False},
    "autoscaling": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
    "serviceAccount": {"create": False},
    "migration": {"after": False},
}
VALUES: Final[Mapping[str, Object]] = {
    "bundled": BUNDLED,
    "external": EXTERNAL,
    "own roles": OWN_ROLES,
    "everything": EVERYTHING,
    "nothing": NOTHING,
}


def script(path: Path) -> ModuleType:
    """A program of this repository that belongs to no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compose(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The Compose file with its variables filled in from this environment, without what only repeats itself in it."""
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    filled = _filled({name: value for name, value in document.items() if not name.startswith("x-")}, environment or {})
    return cast("dict[str, Any]", filled)


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: environment.get(found[1]) or found[2] or "", value)
    if isinstance(value, list):
        return [_filled(item, environment) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _filled(item, environment) for name, item in cast("dict[str, Any]", value).items()}
    return value


def known_variables() -> set[str]:
    """Every variable that Artel reads, also by the name of a file."""
    names = {str(field.validation_alias) for field in Settings.model_fields.values()}
    return names | {f"{name}_FILE" for name in names}


def is_command(arguments: Sequence[str]) -> bool:
    """Whether `artel` has this command with these options."""
    command: Any = typer.main.get_command(cli)
    options: set[str] = set()
    for argument in arguments:
        if argument.startswith("--"):
            options.add(argument)
        elif hasattr(command, "commands") and argument in command.commands:
            command = command.commands[argument]
        else:
            return False
    known = {name for parameter in command.params for name in parameter.opts}
    return not hasattr(command, "commands") and options <= known


def pods(objects: Sequence[Object]) -> Iterator[tuple[Object, Object]]:
    """Each object that starts pods, with the pods' template."""
    for item in objects:
        if item["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield item, item["spec"]["template"]


def containers(template: Object) -> list[Object]:
    """All containers of a pod, those of its beginning too."""
    return [*template["spec"].get("initContainers", ()), *template["spec"]["containers"]]


def environment(container: Object) -> dict[str, Any]:
    """A container's variables: what stands there, or where it comes from."""
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container.get("env", ())}


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a selector of labels chooses a pod."""
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(wanted["key"]) in wanted["values"] for wanted in selector.get("matchExpressions", ())
    )
