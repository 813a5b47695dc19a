"""Writes what follows from the Helm chart; with `--check` it only says what is not up to date.

deploy/manifests/           the chart with its usual values, for kubectl and kustomize
deploy/helm/artel/rules/    copies of Prometheus' rules: a chart reads only its own folder
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "deploy/helm/artel"
MANIFESTS = ROOT / "deploy/manifests"
RULES = ROOT / "deploy/prometheus/rules"
VALUES: dict[str, Any] = {"secrets": {"existingSecret": "artel-secrets", "generate": False}}

_MADE = "# Made from deploy/helm/artel by scripts/manifests.py: change the chart, not this.\n"
_NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "artel", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}
_HEADER = """\
# Artel with stores of its own, without Helm. First, once:
#
#   kubectl apply -f deploy/manifests/namespace.yaml
#   random() { head -c 32 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9'; }
#   kubectl --namespace artel create secret generic artel-secrets --from-literal=secret-key="$(random)" \\
#     --from-literal=postgres-password="$(random)" --from-literal=valkey-password="$(random)" \\
#     --from-literal=qdrant-api-key="$(random)"
#   kubectl apply -k deploy/manifests
#   kubectl --namespace artel apply -f deploy/manifests/jobs/install.yaml
#
# An upgrade: jobs/before.yaml (delete the job of the last time), wait for it, apply -k, wait for the rollouts, then
# jobs/after.yaml. Your image: an `images` entry in a kustomization of your own, with this folder as its base; in the
# jobs it is named once more.
"""


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The objects of a rendered template."""
    yield from (document for document in yaml.safe_load_all(text) if document)


def rendered(values: Mapping[str, Any], *, upgrade: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The chart's objects, by the name of their template without its ending."""
    with helm_python.Chart.load(str(CHART)) as chart:
        texts = chart.render(dict(values), name="artel", namespace="artel", is_install=not upgrade, is_upgrade=upgrade)
    objects = {Path(path).stem: list(documents(text)) for path, text in texts.items() if path.endswith(".yaml")}
    return {name: found for name, found in objects.items() if found}


def plain(document: Any) -> Any:
    """The same without what only means something to Helm."""
    if isinstance(document, list):
        return [plain(item) for item in document]
    if not isinstance(document, dict):
        return document
    kept = {name: plain(value) for name, value in document.items() if not str(name).startswith("helm.sh/")}
    if kept.get("app.kubernetes.io/managed-by") == "Helm":
        del kept["app.kubernetes.io/managed-by"]
    if document.get("annotations") and not kept["annotations"]:
        del kept["annotations"]
    return kept


def dumped(objects: Iterable[Mapping[str, Any]]) -> str:
    """One file of these objects."""
    return _MADE + "---\n".join(yaml.safe_dump(plain(dict(item)), sort_keys=False, width=120) for item in objects)


def files() -> dict[Path, str]:
    """Every file that this script writes, with its content."""
    objects = rendered(VALUES)
    jobs = {"install": objects.pop("migration")[0]}
    jobs |= dict(zip(("before", "after"), rendered(VALUES, upgrade=True)["migration"], strict=True))
    names = sorted(objects)
    made = {MANIFESTS / f"{name}.yaml": dumped(objects[name]) for name in names}
    made |= {MANIFESTS / "jobs" / f"{name}.yaml": dumped([job]) for name, job in jobs.items()}
    made[MANIFESTS / "namespace.yaml"] = dumped([_NAMESPACE])
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "artel",
        "resources": ["namespace.yaml", *(f"{name}.yaml" for name in names)],
    }
    made[MANIFESTS / "kustomization.yaml"] = _MADE + _HEADER + yaml.safe_dump(kustomization, sort_keys=False)
    made |= {CHART / "rules" / path.name: path.read_text() for path in sorted(RULES.glob("*.yml"))}
    return made


def existing() -> set[Path]:
    """Every file that stands where this script writes."""
    return {*MANIFESTS.rglob("*.yaml"), *(CHART / "rules").glob("*.yml")}


def main(arguments: list[str]) -> int:
    """The exit status."""
    made = files()
    wrong = sorted(path for path, content in made.items() if not path.exists() or path.read_text() != content)
    wrong += sorted(existing() - made.keys())
    if "--check" in arguments:
        for path in wrong:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not up to date: .venv/bin/python scripts/manifests.py\n")
        return 1 if wrong else 0
    for path in wrong:
        if path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
