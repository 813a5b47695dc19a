"""The Helm chart, rendered with several sets of values: Kubernetes' schemas, and what no schema asks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import kubernetes_validate
import pytest
import yaml

from tests.support.deployment import (
    BUNDLED,
    DEPLOY,
    EVERYTHING,
    EXTERNAL,
    NOTHING,
    OWN_ROLES,
    ROOT,
    VALUES,
    Object,
    containers,
    environment,
    is_command,
    known_variables,
    matches,
    pods,
    script,
)

KUBERNETES: Final = "1.34"
OTHER_WORDS: Final = re.compile(r"(SHARD|MIGRATOR)_\d$|(POSTGRES|VALKEY)_PASSWORD$")
"""Variables that only others are made of."""
OF_KUBERNETES_ITSELF: Final = re.compile(r"^[\w.]*k8s\.io/|^v1$|^apps/|^batch/|^policy/|^autoscaling/")
helm_python: Final = pytest.importorskip("helm_python", reason="Helm's library is not packed for this machine")
manifests: Final = script(ROOT / "scripts/manifests.py")


def rendered(values: Object, *, upgrade: bool = False) -> list[dict[str, Any]]:
    """All objects of a release."""
    return [item for found in manifests.rendered(values, upgrade=upgrade).values() for item in found]


RELEASES: Final[Mapping[str, Sequence[Object]]] = {
    f"{name}, {'upgrade' if upgrade else 'install'}": rendered(values, upgrade=upgrade)
    for name, values in VALUES.items()
    for upgrade in (False, True)
}
each = pytest.mark.parametrize("objects", RELEASES.values(), ids=RELEASES.keys())


def of(objects: Sequence[Object], kind: str, name: str = "") -> Object:
    (found,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"].endswith(name)]
    return found


def variables(objects: Sequence[Object], kind: str, name: str) -> dict[str, Any]:
    return environment(of(objects, kind, name)["spec"]["template"]["spec"]["containers"][0])


def test_the_linter_finds_nothing() -> None:
    found = helm_python.lint(str(manifests.CHART))

    assert found["errors"] == []
    # An icon would be fetched from somewhere by whoever shows the chart.
    assert [message["error"] for message in found["messages"]] == ["icon is recommended"]


def test_kubernetes_takes_it() -> None:
    # Many releases have the same objects, and a schema is slow.
    different = {json.dumps(item) for objects in RELEASES.values() for item in objects}
    for item in map(json.loads, sorted(different)):
        if OF_KUBERNETES_ITSELF.match(item["apiVersion"]):
            kubernetes_validate.validate(item, KUBERNETES, strict=True)
        else:
            assert item["apiVersion"] == "monitoring.coreos.com/v1"


def test_kubernetes_is_asked_indeed() -> None:
    wrong = json.loads(json.dumps(of(rendered(BUNDLED), "Deployment", "-api")))
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnlyFilesystem"] = True

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


@each
def test_every_name_is_there_once(objects: Sequence[Object]) -> None:
    names = [(item["kind"], item["metadata"]["name"]) for item in objects]

    assert len(names) == len(set(names))


@each
def test_pods_meet_the_restricted_profile(objects: Sequence[Object]) -> None:
    for item, template in pods(objects):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, item["metadata"]["name"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert all(set(volume) <= {"name", "emptyDir"} for volume in spec.get("volumes", ()))
        for container in containers(template):
            walls = container["securityContext"]
            assert walls["allowPrivilegeEscalation"] is False
            assert walls["readOnlyRootFilesystem"] is True
            assert walls["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["requests"]
            assert container["resources"]["limits"]["memory"]


@each
def test_images_have_a_version(objects: Sequence[Object]) -> None:
    for _, template in pods(objects):
        for container in containers(template):
            assert re.search(r":v?\d+\.\d+|@sha256:", container["image"]), container["image"]


@each
def test_variables_and_commands_exist(objects: Sequence[Object]) -> None:
    of_artel = [
        container
        for _, template in pods(objects)
        for container in containers(template)
        if container["image"].startswith("artel")
    ]

    assert len(of_artel) >= 2
    for container in of_artel:
        own = {
            name
            for name in environment(container)
            if not re.match(r"(SHARD|MIGRATOR)_\d$|(POSTGRES|VALKEY)_PASS", name)
        }
        assert own <= known_variables()
        if container["name"] != "wait-for-schema":
            assert is_command(container["args"])
    assert is_command(["user", "list"])


@each
def test_variables_that_others_are_made_of_stand_before_them(objects: Sequence[Object]) -> None:
    for _, template in pods(objects):
        for container in containers(template):
            names: list[str] = []
            for item in container.get("env", ()):
                assert set(re.findall(r"\$\((\w+)\)", item.get("value", ""))) <= set(names), item
                names.append(item["name"])
            assert len(names) == len(set(names))


@each
def test_secrets_are_references(objects: Sequence[Object]) -> None:
    for _, template in pods(objects):
        for container in containers(template):
            for name, value in environment(container).items():
                if re.search(r"KEY$|PASSWORD$|TOKEN$|^SHARD|^MIGRATOR", name):
                    assert set(value) == {"secretKeyRef"}, name
                elif isinstance(value, str) and "@" in value:
                    assert re.search(r":\$\(\w+\)@", value), name


@each
def test_only_jobs_migrate_and_only_they_have_an_administrator(objects: Sequence[Object]) -> None:
    for item, template in pods(objects):
        job = item["kind"] == "Job"
        for container in containers(template):
            assert ("migrate" in container.get("args", ())) == job
            if item["kind"] != "StatefulSet":
                assert job or not {"POSTGRES_PASSWORD", "MIGRATOR_1"} & set(environment(container))
                assert job or "root-one" not in json.dumps(container)


@each
def test_pods_are_found_by_what_asks_for_them(objects: Sequence[Object]) -> None:
    labels = [template["metadata"]["labels"] for _, template in pods(objects)]
    for item, template in pods(objects):
        if item["kind"] != "Job":
            assert matches(item["spec"]["selector"], template["metadata"]["labels"])
    for item in objects:
        if item["kind"] in ("Service", "PodDisruptionBudget"):
            selector = item["spec"]["selector"]
            wanted = selector if item["kind"] == "PodDisruptionBudget" else {"matchLabels": selector}
            assert sum(matches(wanted, found) for found in labels) == 1, item["metadata"]["name"]


@each
def test_ports_of_services_probes_and_policies_are_those_of_containers(objects: Sequence[Object]) -> None:
    ports = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]: {
            port["name"] for port in template["spec"]["containers"][0].get("ports", ())
        }
        for _, template in pods(objects)
    }
    for item, template in pods(objects):
        container = template["spec"]["containers"][0]
        probes = [container[name] for name in ("startupProbe", "livenessProbe", "readinessProbe") if name in container]
        assert len(probes) == (0 if item["kind"] == "Job" else 3)
        for probe in probes:
            asked = probe.get("httpGet") or probe.get("tcpSocket")
            assert asked is None or asked["port"] in {port["name"] for port in container["ports"]}
    for item in objects:
        if item["kind"] == "Service":
            component = item["spec"]["selector"]["app.kubernetes.io/component"]
            assert {port["targetPort"] for port in item["spec"]["ports"]} == ports[component]


def test_probed_paths_exist() -> None:
    paths = json.loads((ROOT / "web/openapi.json").read_text())["paths"]
    container = of(rendered(BUNDLED), "Deployment", "-api")["spec"]["template"]["spec"]["containers"][0]

    assert container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert {"/healthz", "/readyz"} <= set(paths)


@each
def test_pods_have_the_time_to_drain(objects: Sequence[Object]) -> None:
    for name in ("-api", "-worker"):
        spec = of(objects, "Deployment", name)["spec"]["template"]["spec"]
        container = spec["containers"][0]
        before = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
        drain = int(environment(container)["ARTEL_DRAIN_SECONDS"])
        assert spec["terminationGracePeriodSeconds"] >= before + drain + 20


def policies(objects: Sequence[Object], labels: Mapping[str, str]) -> list[Object]:
    return [
        item["spec"]
        for item in objects
        if item["kind"] == "NetworkPolicy" and matches(item["spec"]["podSelector"], labels)
    ]


@pytest.mark.parametrize("name", [name for name in RELEASES if not name.startswith("nothing")])
def test_a_policy_denies_and_another_allows_each_pod_what_it_needs(name: str) -> None:
    objects = RELEASES[name]
    for _, template in pods(objects):
        own = policies(objects, template["metadata"]["labels"])
        assert len(own) == 2
        assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in own)
        assert any("ingress" not in policy and "egress" not in policy for policy in own)


def may_reach(objects: Sequence[Object], source: str, target: str) -> bool:
    """Whether both sides' policies let a component's pods reach those of another on the port that it listens on."""
    templates = {t["metadata"]["labels"]["app.kubernetes.io/component"]: t for _, t in pods(objects)}
    labels = {name: template["metadata"]["labels"] for name, template in templates.items()}
    port = templates[target]["spec"]["containers"][0]["ports"][0]["name"]

    def lets(policy: Object, direction: str, peer: str, other: Mapping[str, str]) -> bool:
        return any(
            any("podSelector" in one and matches(one["podSelector"], other) for one in rule.get(peer, ()))
            and any(item["port"] == port for item in rule["ports"])
            for rule in policy.get(direction, ())
        )

    return any(lets(p, "egress", "to", labels[target]) for p in policies(objects, labels[source])) and any(
        lets(p, "ingress", "from", labels[source]) for p in policies(objects, labels[target])
    )


def test_who_may_reach_the_stores() -> None:
    objects = RELEASES["bundled, install"]
    stores = ("postgresql", "valkey", "qdrant")

    for source in ("api", "worker"):
        assert all(may_reach(objects, source, store) for store in stores)
    assert [may_reach(objects, "migration", store) for store in stores] == [True, True, False]
    assert not any(may_reach(objects, source, target) for source in stores for target in stores)


def test_agents_reach_the_internet_and_nothing_private() -> None:
    (policy,) = [
        p
        for p in policies(
            rendered(BUNDLED),
            {
                "app.kubernetes.io/name": "artel",
                "app.kubernetes.io/instance": "artel",
                "app.kubernetes.io/component": "api",
            },
        )
        if "egress" in p
    ]
    blocks = [to["ipBlock"] for rule in policy["egress"] for to in rule.get("to", ()) if "ipBlock" in to]

    assert [block["cidr"] for block in blocks] == ["0.0.0.0/0", "::/0"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(blocks[0]["except"])


def test_replicas_are_left_to_the_autoscaler() -> None:
    scaled, fixed = rendered(BUNDLED), rendered(NOTHING)

    for name in ("-api", "-worker"):
        assert "replicas" not in of(scaled, "Deployment", name)["spec"]
        assert of(scaled, "HorizontalPodAutoscaler", name)["spec"]["scaleTargetRef"]["name"] == f"artel{name}"
        assert of(fixed, "Deployment", name)["spec"]["replicas"] == 2
    assert not any(item["kind"] == "HorizontalPodAutoscaler" for item in fixed)


def test_scaling_needs_no_more_than_metrics_server_unless_told() -> None:
    def kinds(values: Object) -> list[str]:
        return [m["type"] for m in of(rendered(values), "HorizontalPodAutoscaler", "-worker")["spec"]["metrics"]]

    assert kinds(BUNDLED) == ["Resource"]
    assert kinds(EVERYTHING) == ["Resource", "Pods", "External"]


def test_shards_are_one_variable_made_of_several_keys() -> None:
    found = variables(rendered(EXTERNAL), "Deployment", "-api")

    assert found["DATABASE_URL"] == "$(SHARD_1),$(SHARD_2)"
    assert found["SHARD_2"] == {"secretKeyRef": {"name": "urls", "key": "two"}}
    assert "ARTEL_MIGRATION_URL" not in found
    assert variables(rendered(EXTERNAL), "Job", "")["SHARD_2"]["secretKeyRef"]["key"] == "root-two"


def test_roles_of_ones_own_are_used_as_they_are() -> None:
    job = variables(rendered(OWN_ROLES), "Job", "")

    assert variables(rendered(OWN_ROLES), "Deployment", "-worker")["ARTEL_MIGRATION_URL"] == "$(DATABASE_URL)"
    assert (job["DATABASE_URL"], job["ARTEL_MIGRATION_URL"]) == ("$(SHARD_1),$(SHARD_2)", "$(MIGRATOR_1),$(MIGRATOR_2)")
    assert job["MIGRATOR_1"]["secretKeyRef"]["key"] == "root-one"


def hooks(values: Object, *, upgrade: bool) -> dict[str, tuple[str | None, list[str]]]:
    return {
        item["metadata"]["name"].removeprefix("artel-migrate-"): (
            item["metadata"].get("annotations", {}).get("helm.sh/hook"),
            item["spec"]["template"]["spec"]["containers"][0]["args"],
        )
        for item in rendered(values, upgrade=upgrade)
        if item["kind"] == "Job"
    }


def test_the_schema_is_changed_before_and_after_the_pods() -> None:
    before = ("pre-upgrade", ["migrate", "--before"])

    assert hooks(BUNDLED, upgrade=True) == {"before": before, "after": ("post-upgrade", ["migrate", "--after"])}
    assert hooks(NOTHING, upgrade=True) == {"before": before}


def test_at_the_first_install_the_job_waits_for_what_the_chart_makes() -> None:
    assert hooks(BUNDLED, upgrade=False) == {"install": (None, ["migrate"])}
    assert hooks(EXTERNAL, upgrade=False) == {"install": ("pre-install", ["migrate"])}


def test_secrets_are_made_and_kept_or_yours() -> None:
    made = of(rendered(BUNDLED), "Secret")

    assert made["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert set(made["data"]) == {"secret-key", "postgres-password", "valkey-password", "qdrant-api-key"}
    assert len(set(made["data"].values())) == 4
    assert made["data"] != of(rendered(BUNDLED), "Secret")["data"]
    assert not any(item["kind"] == "Secret" for item in rendered(EXTERNAL))


def test_event_streams_pass_the_ingress() -> None:
    ingress = of(rendered(EVERYTHING), "Ingress")
    told = ingress["metadata"]["annotations"]

    assert told["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert int(told["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 60
    assert told["nginx.ingress.kubernetes.io/proxy-body-size"] == "26m"
    assert told["c"] == "d"
    assert variables(rendered(EVERYTHING), "Deployment", "-api")["ARTEL_PUBLIC_URL"] == "https://artel.example.org"


def test_rules_of_prometheus_are_those_of_the_repository() -> None:
    groups: list[dict[str, Any]] = of(rendered(EVERYTHING), "PrometheusRule")["spec"]["groups"] or []
    files = sorted((DEPLOY / "prometheus/rules").glob("*.yml"))

    assert groups == [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"secrets": {"generate": False}}, "secrets.existingSecret"),
        ({"postgresql": {"enabled": False}}, "database.existingSecret"),
        ({"valkey": {"enabled": False}}, "valkey.existingSecret"),
        ({"ingress": {"enabled": True}}, "ingress.host"),
        ({"database": {"rolesExist": True}}, "migrationUrlKeys"),
        ({"image": {"tag": "latest"}}, "tag"),
        ({"valkey": {"image": "valkey/valkey:latest"}}, "image"),
        ({"config": {"OPENAI_API_KEY": "mine"}}, "OPENAI_API_KEY"),
        ({"config": {"DATABASE_URL": "postgresql://a:b@c/d"}}, "DATABASE_URL"),
        ({"replicas": 3}, "replicas"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_that_cannot_work_are_refused(values: Object, reason: str) -> None:
    with pytest.raises(helm_python.HelmError, match=reason):
        rendered(values)


def test_every_value_is_described_by_the_schema() -> None:
    schema = json.loads((manifests.CHART / "values.schema.json").read_text())

    def undescribed(values: Mapping[str, Any], described: Mapping[str, Any], path: str) -> list[str]:
        if "$ref" in described:
            described = schema["definitions"][described["$ref"].rpartition("/")[2]]
        names = described.get("properties")
        if names is None:
            return []
        missing = [f"{path}.{name}" for name in values if name not in names]
        for name, value in values.items():
            if isinstance(value, dict) and name in names:
                missing += undescribed(cast("dict[str, Any]", value), names[name], f"{path}.{name}")
        return missing

    with helm_python.Chart.load(str(manifests.CHART)) as chart:
        assert undescribed(chart.values, schema, "") == []
