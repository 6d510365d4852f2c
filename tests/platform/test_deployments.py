"""nginx, docker compose and Kubernetes know the same services as the code, and give each what it needs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from chassis import config, errors
from chassis.installed import installed
from deploy.local.checkout import ROOT
from tests.conftest import SERVICES
from tests.platform.edge import NGINX

KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def manifests(*path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(KUBERNETES.joinpath(*path).read_text(encoding="utf-8")))


def upstreams(file: str) -> dict[str, str]:
    block = re.search(r"map \$service \$upstream \{(.*?)\}", (NGINX / file).read_text(), re.DOTALL)
    assert block
    return dict(re.findall(r"(\w+) ([\w.\-]+:\d+);", block[1]))


def problems() -> dict[int, dict[str, Any]]:
    text = (NGINX / "problems.conf").read_text(encoding="utf-8")
    found = re.findall(r"^    (\d{3}|default) '(\{.*\})';$", text, re.MULTILINE)
    documents = [json.loads(document.replace(r"\'", "'")) for _, document in found]
    assert [status for status, _ in found[1:]] == [str(document["status"]) for document in documents[1:]]
    return {document["status"]: document for document in documents}


def kinds() -> dict[str, type[errors.ProblemError]]:
    return {kind.name: kind for kind in (errors.ProblemError, *errors.ProblemError.__subclasses__())}


def test_nginx_knows_every_service_in_compose_and_in_kubernetes() -> None:
    assert sorted(installed()) == sorted(SERVICES)
    assert upstreams("where.conf") == {service: f"{service}:8000" for service in SERVICES}
    inside = "kedja.svc.cluster.local:8000"
    assert upstreams("where.kubernetes.conf") == {
        service: f"kedja-{service}.{inside}" for service in SERVICES
    }


def test_every_refusal_of_nginx_has_a_document_and_the_services_words_for_it() -> None:
    config_text = (NGINX / "kedja.conf").read_text(encoding="utf-8")
    declared = re.findall(r"^error_page ([\d ]+?)(?: =(\d+))? /_problem;$", config_text, re.MULTILINE)
    statuses = {int(status) for codes, given in declared for status in ([given] if given else codes.split())}
    assert set(problems()) == statuses
    for status, document in problems().items():
        kind = kinds().get(document["type"].removeprefix("urn:kedja:problem:"))
        if kind:
            assert (kind.title, kind.status) == (document["title"], status)


def test_every_refusal_of_nginx_is_explained_in_the_documentation() -> None:
    pages = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("api.md", "operations.md")]
    names = {document["type"].removeprefix("urn:kedja:problem:") for document in problems().values()}
    assert {name for name in names if not any(name in page for page in pages)} == set()


def test_compose_runs_every_service_and_publishes_nginx_alone_and_on_loopback() -> None:
    services = COMPOSE["services"]
    run = {name: each["command"] for name, each in services.items() if each.get("command", [])[:1] == ["run"]}
    assert run == {service: ["run", service] for service in SERVICES}
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    assert published == {"nginx": ["127.0.0.1:${HTTP_PORT:-8100}:8080"]}


@pytest.mark.parametrize("service", SERVICES)
def test_compose_gives_a_service_every_setting_that_it_demands(service: str) -> None:
    given = set(COMPOSE["services"][service]["environment"]) | {"HTTP_ADDRESS", "OPS_ADDRESS"}  # Dockerfile
    assert demanded(service) <= given


def demanded(service: str) -> set[str]:
    fields = installed()[service].load().settings.schema().fields
    return {name for name, field in fields.items() if field.required}


@pytest.mark.parametrize("service", SERVICES)
def test_kubernetes_gives_a_service_its_name_its_secret_and_every_setting(service: str) -> None:
    (own,) = manifests("services", service, "kustomization.yaml")
    assert own["nameSuffix"] == f"-{service}"
    assert own["labels"] == [{"pairs": {"app.kubernetes.io/name": service}, "includeSelectors": True}]
    assert own["images"] == [{"name": "kedja-service", "newName": f"kedja-{service}"}]
    named = [step["value"] for step in yaml.safe_load(own["patches"][0]["patch"])]
    assert named == [service, f"kedja-{service}"]
    config.load(installed()[service].load().settings.schema, environment(service))


def environment(service: str) -> dict[str, str]:
    """Return what a service's container gets: its own, the ConfigMap's, and the example of its secret."""
    (deployment,) = manifests("service", "deployment.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (whole,) = manifests("kustomization.yaml")
    example = (KUBERNETES / "secrets.example" / f"{service}.env").read_text(encoding="utf-8").splitlines()
    lines = [*whole["configMapGenerator"][0]["literals"], *(line for line in example if line[:1] != "#")]
    assert [line for line in lines if "=" not in line] == []
    own = {each["name"]: each["value"] for each in container["env"]}
    return own | dict(line.split("=", 1) for line in lines)


def test_kubernetes_holds_every_service_and_an_example_of_every_secret() -> None:
    (whole,) = manifests("kustomization.yaml")
    assert {f"services/{service}" for service in SERVICES} <= set(whole["resources"])
    assert {f"kedja-{service}" for service in SERVICES} <= {image["name"] for image in whole["images"]}
    examples = {file.stem for file in (KUBERNETES / "secrets.example").iterdir()}
    assert examples == {*SERVICES, "topology"}


def test_the_ingress_leads_every_services_paths_to_the_edge() -> None:
    paths = {
        path["path"]: path["backend"]["service"]["name"]
        for ingress in manifests("ingress.yaml")
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    prefixes = {f"/api/v1/{service}" for service in SERVICES}
    assert paths == dict.fromkeys({*prefixes, "/api/v1/suppliers/imports", "/docs", "/"}, "kedja-edge")


def test_bodies_are_bounded_alike_on_the_whole_way() -> None:
    sizes = [
        ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
        for ingress in manifests("ingress.yaml")
    ]
    text = "".join((NGINX / file).read_text(encoding="utf-8") for file in ("nginx.conf", "kedja.conf"))
    assert sizes == re.findall(r"client_max_body_size (\w+);", text) == ["1m", "200m"]


def test_nginx_in_kubernetes_gets_every_file_that_its_configuration_names() -> None:
    (files,) = yaml.safe_load_all((NGINX / "kustomization.yaml").read_text(encoding="utf-8"))
    held = {name.partition("=")[0] for name in files["configMapGenerator"][0]["files"]}
    text = "".join(file.read_text(encoding="utf-8") for file in NGINX.glob("*.conf"))
    named = set(re.findall(r"(?:include|alias) ([\w.]+);", text))
    assert held == {"nginx.conf", *named}


def test_no_pod_has_more_rights_than_the_containers_of_compose() -> None:
    files = [
        ("service", "deployment.yaml"),
        ("service", "migrate.yaml"),
        ("edge", "edge.yaml"),
        ("topology.yaml",),
    ]
    found = [document["spec"]["template"]["spec"] for file in files for document in manifests(*file)[:1]]
    for pod in found:
        user = {name: pod["securityContext"][name] for name in ("runAsNonRoot", "runAsUser", "runAsGroup")}
        assert user == {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001}
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        rights = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
        assert container["securityContext"] == {**rights, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["limits"]["memory"]
